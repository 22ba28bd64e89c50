"""What the documents show is what the program does."""

from __future__ import annotations

import re

import pytest

from tests.repository import PROJECT, VLLM, Repository

DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "benchmarks/README.md",
    *sorted(f"docs/{file.name}" for file in (PROJECT / "docs").glob("*.md")),
)


def text(name: str) -> str:
    return (PROJECT / name).read_text("utf-8")


EXAMPLES = {"build": ("build", VLLM), "compare": ("compare", VLLM, f"{VLLM}:vision=off")}
"""What is run for each example of the README."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_of_the_readme_are_what_is_printed(repository: Repository, name: str) -> None:
    shown = re.search(rf"<!-- example:{name} -->\n```\n(.*?)```", text("README.md"), re.DOTALL)
    assert shown
    assert shown[1]
    printed = repository.run(*EXAMPLES[name]).stdout
    assert [line for line in shown[1].splitlines() if line not in printed.splitlines()] == []


def test_the_spec_of_the_readme_is_the_file() -> None:
    shown = re.search(r"<!-- file:(\S+) -->\n```python\n(.*?)```", text("README.md"), re.DOTALL)
    assert shown
    assert shown[2] == text(shown[1])


def test_every_document_is_linked_from_the_readme() -> None:
    assert [name for name in DOCUMENTS[1:] if f"]({name})" not in text("README.md")] == []


def test_every_option_of_fit_is_described(repository: Repository) -> None:
    options = set(re.findall(r"^  (--[a-z-]+)", repository.run("fit", "--help").stdout, re.M))
    described = set(re.findall(r"--[a-z-]+", text("docs/memory.md")))
    assert options - described == {"--help"}


def test_every_option_of_lint_is_described(repository: Repository) -> None:
    options = set(re.findall(r"^  (--[a-z-]+)", repository.run("lint", "--help").stdout, re.M))
    described = set(re.findall(r"--[a-z-]+", text("docs/lint.md")))
    assert options - described == {"--help"}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name: str) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]+)", text(name))
    missing = [link for link in links if not (PROJECT / name).parent.joinpath(link).exists()]
    assert missing == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_make_target_that_is_named_exists(name: str) -> None:
    named = set(re.findall(r"(?:`|^    )make ([a-z][a-z-]+)", text(name), re.MULTILINE))
    targets = set(re.findall(r"^([a-z][a-z-]*):", text("Makefile"), re.MULTILINE))
    assert named - targets == set()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_file_that_is_named_exists(name: str) -> None:
    """Paths in backquotes that start in a folder of the project."""
    roots = ("charts_src/", "generator/", "tests/", "docs/", "benchmarks/", "tools/")
    named = [path for path in re.findall(r"`([\w./-]+)`", text(name)) if path.startswith(roots)]
    assert [path for path in named if not (PROJECT / path).exists()] == []
