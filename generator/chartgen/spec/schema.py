"""The spec's JSON Schema, for editors and for programs in other languages."""

from __future__ import annotations

import json

from chartgen.spec.app import App
from chartgen.spec.check import adapter


def spec_schema() -> str:
    """The schema of one app as JSON text (draft 2020-12)."""
    schema = adapter(App).json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True)
