"""What an author may write about one app, as typed, frozen data.

A file `charts_src/<app>.py` holds `app = App(...)`. The classes are plain
dataclasses, so that an editor's type checker checks a spec while it is written;
their values are checked as a whole when the file is loaded, and every fault is
reported at once (`chartgen.spec.load`).
"""

from chartgen.spec.app import App, License, Resources, Suspended
from chartgen.spec.common import EnvVar
from chartgen.spec.image import Image
from chartgen.spec.llamacpp import LlamaCpp, LlamaSpeculation
from chartgen.spec.market import Category, Market, Topic
from chartgen.spec.model import Model
from chartgen.spec.sglang import Sglang
from chartgen.spec.texts import Text, Unknown
from chartgen.spec.transformers import Transformers
from chartgen.spec.vllm import Speculation, Vllm

__all__ = [
    "App",
    "Category",
    "EnvVar",
    "Image",
    "License",
    "LlamaCpp",
    "LlamaSpeculation",
    "Market",
    "Model",
    "Resources",
    "Sglang",
    "Speculation",
    "Suspended",
    "Text",
    "Topic",
    "Transformers",
    "Unknown",
    "Vllm",
]
