"""An object that differs from one already read in its replicas alone need not be read again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from chartgen.lint.go.nodes import Node
from chartgen.lint.rendered.objects import REPLICATED, Rendered, child

_COUNT = re.compile(r"(?P<before>[ ]*replicas:[ ]+)(?P<count>0|[1-9][0-9]{0,8})", re.ASCII)


def recounted(one: Rendered, part: str) -> Rendered | None:
    """The object of another rendering of the same part, or None where more has changed.

    Only the line of spec.replicas may differ, and only in a plain number: such a change
    leaves the rest of the YAML what it was.
    """
    node = child(one.node, "spec", "replicas")
    if one.kind not in REPLICATED or one.fault is not None or node is None:
        return None
    before, after = one.part.split("\n"), part.split("\n")
    line = node.line - 1
    if len(before) != len(after) or not 0 <= line < len(after):
        return None
    old, new = _COUNT.fullmatch(before[line]), _COUNT.fullmatch(after[line])
    if old is None or new is None or old["before"] != new["before"]:
        return None
    if before[:line] != after[:line] or before[line + 1 :] != after[line + 1 :]:
        return None
    count = Node(int(new["count"]), node.line)
    return replace(
        one, node=_with(one.node, "spec", _with(child(one.node, "spec"), "replicas", count))
    )


def _with(node: Node | None, key: str, value: Node) -> Node:
    assert node is not None  # noqa: S101 - the value that is replaced lies below it
    members = node.value
    assert isinstance(members, Mapping)  # noqa: S101
    return Node({**members, key: value}, node.line)
