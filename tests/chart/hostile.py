"""Texts that trip a careless generator, and Kubernetes' own way to read some of them."""

from __future__ import annotations

TEXTS = (
    "\"double\" and 'single'",
    "back\\slash \\n \\u0041 C:\\",
    "two\nlines\n",
    "\r\n\ttabs\t",
    "{{ .Values.x }}",
    "{{",
    "}}",
    "{{{{ }}}}",
    "{{- /* no */ -}}",
    '{{ "{{" }}',
    "{{`raw`}}",
    "[[ x ]]",
    "[% if %]",
    "[# no #]",
    "$(HOME)",
    "$$",
    "$$(HOME)",
    "${HOME} $HOME $",
    "on",
    "no",
    "y",
    "null",
    "~",
    "1.0",
    "012",
    "0o14",
    "0x1F",
    "1e3",
    ".inf",
    "12:30",
    "2026-11-21",
    "<script>alert('&amp;')</script>",
    "a\u2028b\u2029c",
    "a\u0085b\u00a0c",
    "\ufeffmark",
    "🦙 \U0001fae0 漢字 é",
    "\x07\x1b[31m\x7f",
    "&anchor *alias !!str tag",
    "---",
    "--- \n...\n",
    "# no comment",
    "key: value",
    "- item",
    "? complex",
    "| block",
    "> folded",
    "%YAML 1.1",
    "@at `tick`",
    " leading and trailing ",
    "",
)


def passed_on(text: str) -> str:
    """An argument or variable as the container gets it, where HOME is a variable of its own.

    After Kubernetes' `expansion.Expand`: `$$` is a dollar, `$(NAME)` a variable.
    """
    parts: list[str] = []
    while text:
        head, dollar, text = text.partition("$")
        parts.append(head)
        if dollar:
            found, text = _after_dollar(text)
            parts.append(found)
    return "".join(parts)


def _after_dollar(text: str) -> tuple[str, str]:
    if text.startswith("$"):
        return "$", text[1:]
    if text.startswith("(HOME)"):
        return "/root", text.removeprefix("(HOME)")
    return "$", text
