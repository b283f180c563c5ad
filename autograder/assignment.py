"""Load what grading needs to know of one assignment: its profiles, its dataset and files, its probes and hidden tests.

Points, items and answer cells are not here: they live in the notebook's nbgrader metadata.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .course import Course, CourseError, nearest

ProfileName = Literal["full", "quick", "proof"]
MOST_FILES = 20
MOST_BYTES = 20 << 20  # of all files together: each box gets them, and on a cluster each job carries them


class Profile(BaseModel):
    """How long and on what an assignment trains. Times in seconds of wall clock.

    ``test_images`` cuts the sandbox's test set to its first images; None leaves all 10,000. ``expected_seconds`` is what one
    run of the solution took when somebody measured it: `autograder validate` and `autograder calibrate` say it.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    parameters: dict[str, int | float | str] = {}
    cell_seconds: float = Field(60.0, gt=0, allow_inf_nan=False)
    training_seconds: float = Field(600.0, gt=0, allow_inf_nan=False)
    test_images: int | None = Field(None, gt=0)
    expected_seconds: float | None = Field(None, gt=0, allow_inf_nan=False)

    def number(self, name: str, published: int) -> int:
        """A parameter that counts something; as published where this profile does not replace it."""
        return int(self.parameters.get(name, published))


class Settings(BaseModel):
    """The content of ``assignment.toml``.

    ``dataset`` is what torchvision gives the notebook, ``files`` are names of data files beside the source notebook. They
    reach students with the release, and the working folder of a box, where they can be read and not changed.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    title: str
    dataset: Literal["mnist", "fashion_mnist", "none"]
    files: list[str] = Field([], max_length=MOST_FILES)
    memory_gib: float = Field(6.0, gt=0, allow_inf_nan=False)
    profiles: dict[ProfileName, Profile]


@dataclass(frozen=True)
class Assignment:
    """One assignment's folder and settings."""

    name: str
    folder: Path
    settings: Settings

    @property
    def files(self) -> list[Path]:
        """The declared data files, beside the source notebook of the course."""
        return [self.folder.parents[2] / "source" / self.name / name for name in self.settings.files]

    @property
    def probes(self) -> Path:
        """The file that is visible in the box."""
        return self.folder / "probes.py"

    def profile(self, name: str, shortened: Mapping[str, int | float | str] | None = None) -> Profile:
        """``full``, ``quick`` or ``proof``; with ``shortened`` in place of some of its parameters.

        Raises:
            CourseError: its ``assignment.toml`` has no such profile.
        """
        profile = {str(known): profile for known, profile in self.settings.profiles.items()}.get(name)
        if profile is None:
            path, has = self.folder / "assignment.toml", ", ".join(self.settings.profiles)
            raise CourseError(f"{path}: has no profile {name!r}, only {has}; add [profiles.{name}]")
        return profile.model_copy(update={"parameters": {**profile.parameters, **shortened}}) if shortened else profile

    def shortened(self, name: str) -> dict[str, int | float | str]:
        """The parameters with which a training that changes nothing runs to its end soon; none where it does so anyway."""
        few = (
            self.settings.profiles["proof"].parameters.get("num_train_images") if "proof" in self.settings.profiles else None
        )
        usual = self.profile(name).parameters.get("num_train_images")
        short = isinstance(few, int) and (not isinstance(usual, int) or usual > few)
        return {"num_train_images": few} if few is not None and short else {}


def load(folder: Path) -> Assignment:
    """The assignment whose settings, probes and hidden tests are in ``folder``; its name is the folder's.

    Raises:
        CourseError: there is no ``assignment.toml`` for it, or one with a mistake: then the message names file and key, what
            stands there and what is allowed.
    """
    name, path = folder.name, folder / "assignment.toml"
    if not path.is_file():
        raise CourseError(
            f"{name} has no hidden tests here ({path} is missing); grade it with nbgrader's own command, "
            f"`nbgrader autograde {name}`"
        )
    try:
        settings = Settings.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except ValidationError as error:
        raise CourseError(f"{path}: {_mistakes(error)}") from None
    except UnicodeDecodeError as error:
        raise CourseError(f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise CourseError(f"{path}: is not valid TOML: {str(error) or 'nested too deeply'}") from None
    except OSError as error:
        raise CourseError(f"{path}: cannot be read ({error.strerror}); check its permissions") from None
    if "full" not in settings.profiles:
        raise CourseError(f"{path}: the key profiles.full is missing; add [profiles.full], the assignment as published")
    loaded = Assignment(name, folder, settings)
    if wrong := _wrong_files(loaded):
        raise CourseError(f"{path}: {wrong}")
    return loaded


def _wrong_files(assignment: Assignment) -> str:
    """What is wrong with the declared files, or nothing."""
    total = 0
    for name, path in zip(assignment.settings.files, assignment.files, strict=True):
        if Path(name).name != name or not name.isprintable() or name[:1] in ("", "."):
            return f"files has {name!r}; allowed: names of files beside the source notebook, without folders"
        if path.suffix in (".ipynb", ".py"):
            return f"files has {name!r}; allowed: data that every student may read, no notebook and no Python code"
        if path.is_symlink() or not path.is_file():
            return f"files has {name!r}, but {path} is no file; put it there or take it out of files"
        total += path.stat().st_size
    if total > MOST_BYTES:
        return f"files are {total / 2**20:.0f} MiB together; allowed: {MOST_BYTES >> 20} MiB"
    return ""


def require(course: Course, name: str) -> Assignment:
    """The assignment of a course, if it has a notebook there and hidden tests here. Takes no time that a person notices.

    Raises:
        CourseError: it has not, or its ``assignment.toml`` has a mistake.
    """
    if has_hidden_tests(course, name) or Path(name).name != name or not (course.source / name).is_dir():
        course.source_notebook(name)
    return load(course.hidden_tests(name))


def has_hidden_tests(course: Course, name: str) -> bool:
    """Whether an assignment is graded here; the others are nbgrader's alone."""
    return (course.hidden_tests(name) / "assignment.toml").is_file()


def graded_here(course: Course) -> list[str]:
    """Names of the course's assignments that have hidden tests here."""
    return [name for name in course.assignments() if has_hidden_tests(course, name)]


_WANTED = {
    "string": "a text in quotes",
    "int": "a whole number",
    "float": "a number",
    "finite": "a finite number",
    "greater": "a number above 0",
    "dict": "a table",
    "model": "a table",
    "list": "a list",
    "too": f"at most {MOST_FILES} names",
}
"""What is allowed, by how pydantic's name of the error begins."""


def _mistakes(error: ValidationError) -> str:
    """What is wrong with each key: the key, what stands there, what is allowed."""
    return "; ".join(dict.fromkeys(_mistake(found) for found in error.errors()))


def _mistake(found: Any) -> str:
    place, kind = [str(part) for part in found["loc"] if part != "[key]"], str(found["type"])
    if kind == "missing":
        return f"the key {'.'.join(place)} is missing"
    if kind == "extra_forbidden" or "[key]" in found["loc"]:
        known = get_args(ProfileName) if place[:-1] == ["profiles"] else (Profile if place[1:] else Settings).model_fields
        meant = f"did you mean {near[0]}? " if (near := nearest(place[-1], known)) else ""
        return f"unknown key {'.'.join(place)}; {meant}allowed: {', '.join(known)}"
    if place[2:3] == ["parameters"] and len(place) > 4:  # pydantic names each type that a parameter may have
        place, wanted = place[:4], "a number or a text in quotes"
    else:
        wanted = found.get("ctx", {}).get("expected") or _WANTED.get(kind.partition("_")[0]) or found["msg"]
    return f"{'.'.join(place)} is {repr(found['input'])[:60]}; allowed: {wanted}"
