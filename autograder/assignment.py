"""Load what grading needs to know of one assignment: its profiles, its data, its probes and hidden tests.

Points, items and answer cells are not here: they live in the notebook's nbgrader metadata.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

ProfileName = Literal["full", "quick", "proof"]
ASSIGNMENTS = Path(__file__).parent / "assignments"


class Profile(BaseModel):
    """How long and on what an assignment trains. Times in seconds of wall clock.

    ``test_images`` cuts the sandbox's test set to its first images; None leaves all 10,000.
    """

    model_config = ConfigDict(extra="forbid")

    parameters: dict[str, int | float | str] = {}
    cell_seconds: float = 60.0
    training_seconds: float = 600.0
    test_images: int | None = None

    def number(self, name: str, published: int) -> int:
        """A parameter that counts something; as published where this profile does not replace it."""
        return int(self.parameters.get(name, published))


class Settings(BaseModel):
    """The content of ``assignment.toml``."""

    model_config = ConfigDict(extra="forbid")

    title: str
    dataset: Literal["mnist", "fashion_mnist"]
    memory_gib: float = 6.0
    profiles: dict[ProfileName, Profile]


@dataclass(frozen=True)
class Assignment:
    """One assignment's folder and settings."""

    name: str
    folder: Path
    settings: Settings

    @property
    def probes(self) -> Path:
        """The file that is visible in the box."""
        return self.folder / "probes.py"

    def profile(self, name: str, shortened: Mapping[str, int | float | str] | None = None) -> Profile:
        """``full``, ``quick`` or ``proof``; with ``shortened`` in place of some of its parameters."""
        profile = self.settings.profiles[name]  # type: ignore[index]
        return profile.model_copy(update={"parameters": {**profile.parameters, **shortened}}) if shortened else profile

    def shortened(self, name: str) -> dict[str, int | float | str]:
        """The parameters with which a training that changes nothing runs to its end soon; none where it does so anyway."""
        few = (
            self.settings.profiles["proof"].parameters.get("num_train_images") if "proof" in self.settings.profiles else None
        )
        usual = self.profile(name).parameters.get("num_train_images")
        short = isinstance(few, int) and (not isinstance(usual, int) or usual > few)
        return {"num_train_images": few} if few is not None and short else {}


def load(name: str, folder: Path = ASSIGNMENTS) -> Assignment:
    """The assignment ``name``.

    Raises:
        FileNotFoundError: there is no ``assignment.toml`` for it.
    """
    path = folder / name / "assignment.toml"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: the assignment {name!r} has no hidden tests; see docs/architecture.md")
    settings: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return Assignment(name, folder / name, Settings.model_validate(settings))
