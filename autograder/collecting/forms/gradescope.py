"""Gradescope, "Export Submissions": folders ``submission_123456/`` and a ``submission_metadata.yml`` that says whose they
are.

Its keys are Ruby symbols: ``:submitters:`` (``:name:``, ``:sid:``, ``:email:``), ``:created_at:``; a group has several
submitters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import yaml

from ...notebooks.submission import Unreadable
from ..files import File
from ..record import Person
from ..times import parse, utc
from .claim import Claim, Context, Form, inside

NAME = "submission_metadata.yml"
_MOST = 50_000_000
_FOLDER = re.compile(r"submission_\d+(?:\.\w+)?")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # libyaml's own, where it is there
    """Reads data alone; what Ruby tags as its own classes is read as the data below the tag."""


def _untagged(loader: Any, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node)
    return loader.construct_sequence(node) if isinstance(node, yaml.SequenceNode) else loader.construct_scalar(node)


_Loader.add_multi_constructor("!", _untagged)


def _read(files: Sequence[File], context: Context) -> list[Claim]:
    beside = {file.parts[:place] for file in files for place, part in enumerate(file.parts) if _FOLDER.fullmatch(part)}
    lists = [file for file in files if file.name == NAME and file.parts[:-1] in beside]
    if not lists:
        return []
    metadata = min(lists, key=lambda file: len(file.parts))
    submissions = _submissions(metadata)
    place = len(metadata.parts) - 1
    claims = [Claim(metadata, (), "", NAME, note=True)]
    for file in files:
        if file.parts[:place] != metadata.parts[:-1] or file.parts[place] not in submissions:
            continue
        folder = file.parts[place]
        said = submissions[folder]
        listed = said.get(":submitters")
        persons = tuple(_person(one) for one in listed if isinstance(one, dict)) if isinstance(listed, list) else ()
        claims.append(
            Claim(
                file,
                persons,
                folder,
                inside(file, place) or folder,
                submission=folder.removeprefix("submission_").split(".")[0],
                submitted=_moment(said.get(":created_at"), context),
                group=folder if len(persons) > 1 else "",
            )
        )
    return claims


def _submissions(file: File) -> dict[str, dict[str, Any]]:
    """What is said of each submission, by its folder."""
    try:
        found = yaml.load(file.read(_MOST), Loader=_Loader)  # noqa: S506  a safe loader
    except (yaml.YAMLError, ValueError, RecursionError, UnicodeError) as error:
        raise Unreadable(f"{file.path}: is not valid YAML ({str(error).splitlines()[0]}); export it again") from None
    if not isinstance(found, dict):
        raise Unreadable(f"{file.path}: lists no submissions; export them again")
    named = {str(folder): said for folder, said in found.items() if isinstance(said, dict)}
    return {folder: said for folder, said in named.items() if _FOLDER.fullmatch(folder)}


def _person(said: dict[Any, Any]) -> Person:
    name, sid, email = (str(said.get(key) or "").strip() for key in (":name", ":sid", ":email"))
    return Person(name=name, id=sid, email=email)


def _moment(said: object, context: Context) -> datetime | None:
    return utc(said, context.zone) if isinstance(said, datetime) else parse(str(said or ""), context.zone)


FORM = Form("gradescope", "Gradescope", 1.0, _read)
