"""The pages for people: links lead somewhere, and commands, options and targets that they name exist."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from conftest import ROOT

from autograder.cli import app

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
every_page = pytest.mark.parametrize(
    "page", PAGES, ids=lambda page: page.name if page.parent == ROOT else f"docs/{page.name}"
)


@cache
def commands() -> dict[str, set[str]]:
    """The options of each command; a command of a group is called by both names."""
    return dict(below(typer.main.get_command(app), ""))


def below(command: Any, name: str) -> Iterator[tuple[str, set[str]]]:
    if name:
        yield name, {"--help", *(option for parameter in command.params for option in parameter.opts)}
    for child, found in getattr(command, "commands", {}).items():
        yield from below(found, f"{name} {child}".strip())


def anchors(page: Path) -> set[str]:
    """What GitHub makes of the page's headings."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{page.name}: {target}"
        assert not anchor or anchor in anchors(there), f"{page.name}: {target}"


@every_page
def test_commands_and_options_exist(page: Path) -> None:
    # What stands in code, alone or in a block; a line goes on after a backslash.
    blocks = re.findall(r"```\w*\n(.*?)```|`([^`\n]+)`", page.read_text(encoding="utf-8").replace("\\\n", " "), re.DOTALL)
    lines = [line.partition("  #")[0] for block in blocks for part in block for line in part.splitlines()]
    for line in lines:
        found = re.match(r"(?:\$ )?(?:\.venv/bin/)?autograder ((?:[a-z]+\b ?)+)(.*)", line.strip())
        if found:
            words = found[1].split()
            name = next((name for n in (2, 1) if (name := " ".join(words[:n])) in commands()), None)
            assert name, line
            unknown = set(re.findall(r"(?<=\s)--[a-z-]+", re.split(r"[|&;]", f" {found[2]}")[0])) - commands()[name]
            assert not unknown, line


@every_page
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert named <= targets


def test_the_index_lists_the_pages() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| \[(?:\.\./)?\w+\.md\]\(([^)]+)\)", index, re.MULTILINE))
    missing = {page.name for page in (ROOT / "docs").glob("*.md")} - listed - {"README.md"}
    assert not missing, "add a row to docs/README.md"
