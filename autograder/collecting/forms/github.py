"""GitHub Classroom: a checkout for each student, ``assignment-username/name.ipynb``; the time is that of its last commit.

Git says when the student's own machine made the commit. The repository's own settings and hooks are not used.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from ..files import File
from ..record import Person
from .claim import Claim, Context, Form

_BRANCH = re.compile(r"-(?:main|master)$")
_SAFE = ("core.fsmonitor=false", "core.hooksPath=/dev/null", "protocol.allow=never", "log.showSignature=false")


def _read(files: Sequence[File], context: Context) -> list[Claim]:
    below = [file for file in files if len(file.parts) > 1]
    level = _level(below)
    names = {file.parts[level] for file in below if len(file.parts) > level + 1}
    plain = {name: _BRANCH.sub("", name) for name in names}
    prefix = _prefix(list(plain.values()), context.assignment)
    if not prefix:
        return []
    claims = []
    for file in below:
        name = file.parts[level]
        if len(file.parts) <= level + 1 or not plain[name].startswith(prefix):
            continue
        checkout = (
            Path(*file.on_disk.parts[: len(file.on_disk.parts) - len(file.parts) + level + 1]) if file.on_disk else None
        )
        claims.append(
            Claim(
                file,
                (Person(id=plain[name].removeprefix(prefix)),),
                name,
                "/".join(file.parts[level + 1 :]),
                submitted=_committed(checkout) if checkout else None,
            )
        )
    return claims


def _level(files: Sequence[File]) -> int:
    """How many folders all files share, which are not the students'."""
    level = 0
    while files and all(len(file.parts) > level + 2 for file in files) and len({file.parts[level] for file in files}) == 1:
        level += 1
    return level


def _prefix(names: list[str], assignment: str) -> str:
    """What all checkouts' names begin with, up to a hyphen: the assignment's name if that is it."""
    slug = re.sub(r"[^a-z0-9]+", "-", assignment.casefold()).strip("-") + "-"
    if names and all(name.casefold().startswith(slug) for name in names):
        return names[0][: len(slug)]
    common = os.path.commonprefix(names) if len(names) > 1 else ""  # noqa: RUF071  letters, not folders
    return common[: common.rfind("-") + 1]


@lru_cache(maxsize=4096)
def _committed(checkout: Path) -> datetime | None:
    """When the last commit of a checkout was made; None where there is none to be read."""
    repository = checkout / ".git"
    if not repository.is_dir() or repository.is_symlink():
        return None
    settings = [part for setting in _SAFE for part in ("-c", setting)]
    nothing = {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }
    environment = {"PATH": os.environ.get("PATH", os.defpath), **nothing}
    command = ["git", *settings, f"--git-dir={repository}", "rev-list", "-1", "--format=%ct", "HEAD"]
    with suppress(OSError, subprocess.SubprocessError, ValueError):
        done = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, timeout=10, check=True)
        return datetime.fromtimestamp(int(done.stdout.split()[-1]), UTC)
    return None


FORM = Form("github", "GitHub Classroom", 0.6, _read)
