"""Two whole specs that stay as they are, for tests to spoil."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
VLLM = "samplevllm"
LLAMACPP = "samplellamacpp"
