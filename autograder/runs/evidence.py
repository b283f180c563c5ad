"""What came out of the box, validated: cells that ran, documents and tensors of probes, and how each run ended.

Everything here was written by a process that also ran the student's code, so nothing in it is believed: it comes in frames
(:mod:`.frames`), outputs are reduced to text and PNG pictures, and all of them together are bounded.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import safetensors
from pydantic import AfterValidator, BaseModel, Field

from ..inside.errors import CELL
from ..inside.reports import ALT, MOST_PASSES
from ..notebooks.notebook import write_text
from ..outcomes import Place
from .cells import named
from .notes import Notes

if TYPE_CHECKING:
    from torch import Tensor

# The box keeps its reports shorter than this; what student code wrote into the pipe itself is cut here.
MOST_OUTPUTS, TEXT, PICTURE, SHORT = 200, 200_000, 6_000_000, 5_000
SHOWN = 20_000_000
"""Characters of all outputs of a submission: as much as a notebook that is handed in may have."""
LEFT_OUT = f"[left out: the outputs of this notebook have more than {SHOWN // 1_000_000} MB]\n"
OUT_OF_GPU_MEMORY = "CUDA out of memory"  # in the message of torch.OutOfMemoryError
TIMEOUT = "CellTimeout"  # the error with which the box stops a cell; its message says after how many seconds
PNG = b"\x89PNG\r\n\x1a\n"
_OF_TEXT = re.compile(rf'"line":[1-9]|{CELL}')


class CellError(BaseModel):
    """The exception that stopped a cell: in which line, which module a failed import is about, which name has no value."""

    ename: Annotated[str, AfterValidator(lambda text: text[:SHORT])]
    evalue: Annotated[str, AfterValidator(lambda text: text[:SHORT])]
    line: int | None = None
    module: Annotated[str | None, AfterValidator(lambda text: text and text[:SHORT])] = None
    undefined: Annotated[str | None, AfterValidator(lambda text: text and text[:SHORT])] = None


class CellRecord(BaseModel):
    """One cell that ran: wall seconds, its error if any, its outputs in nbformat's form.

    ``passes`` are those of a training over loaders: how many batches one has, and how many steps of optimizers it saw.
    """

    seconds: float
    error: CellError | None = None
    outputs: list[dict[str, Any]] = Field(default_factory=list)
    passes: list[tuple[int, int]] = Field(default_factory=list, max_length=MOST_PASSES)


class Found(BaseModel):
    """What one probe sent after ``cell``."""

    document: dict[str, Any]
    cell: str = ""
    tensors: list[str] = Field(default_factory=list)


class Record(BaseModel):
    """The part of the evidence that is JSON."""

    seed: int
    profile: str
    isolation: str
    versions: dict[str, str]
    seconds: float = 0.0
    peak_memory: int = 0
    cells: dict[str, CellRecord] = Field(default_factory=dict)
    stopped: dict[str, str] = Field(default_factory=dict)  # cell -> why the box had to be ended in it
    found: dict[str, Found] = Field(default_factory=dict)
    shortened: dict[str, int | float | str] = Field(
        default_factory=dict
    )  # parameters in place of the profile's, see Profile

    def error(self, cell: str) -> CellError | None:
        """The error in which a cell ended, if it ran and ended in one."""
        ran = self.cells.get(cell)
        return None if ran is None or cell in self.stopped else ran.error

    def failed(self, cell: str) -> bool:
        """Whether a cell did not run to its end."""
        return cell in self.stopped or self.error(cell) is not None

    def why_failed(self, cell: str) -> str:
        """How a cell that :meth:`failed` ended, as a clause."""
        error = self.error(cell)
        if error is None:
            return f"{named(cell)} was stopped: {self.stopped.get(cell, 'it did not run')}"
        if error.ename == TIMEOUT:
            return f"{named(cell)} was {error.evalue[:300]}"
        return f"{named(cell)} stopped with {error.ename}: {error.evalue[:300]}".rstrip(": ")


class NotShown(AssertionError):
    """The evidence that a hidden test needs does not exist, through the submission's doing.

    ``observed`` says why; ``stopped_by`` is the cell that gave none, and ``place`` where in it.
    """

    def __init__(self, observed: str, place: Place) -> None:
        super().__init__(observed)
        self.observed, self.place, self.stopped_by = observed, place, place.cell


class Stored(Mapping[str, "Tensor"]):
    """The tensors of a safetensors file, which are read when the first one is asked for.

    Raises:
        OSError, safetensors.SafetensorError: there is no such file, or it is cut off.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with safetensors.safe_open(path, "pt") as file:
            self._names = frozenset(file.keys())

    @cached_property
    def _tensors(self) -> dict[str, Tensor]:
        from safetensors.torch import load_file  # and torch, which the grader's own process does without

        return load_file(self._path)

    def __getitem__(self, name: str) -> Tensor:
        return self._tensors[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass
class Spent:
    """Processor seconds that judging has computed on what one submission sent."""

    seconds: float = 0.0


@dataclass
class Evidence:
    """Evidence of one submission: ``record``, the probes' tensors by ``<probe>/<name>``, and ``notes`` of what follows.

    ``judged`` holds what several hidden tests ask for and ``notes`` cannot, being no JSON; it lives as long as the evidence.
    """

    record: Record
    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    notes: Notes = field(default_factory=Notes)
    spent: Spent = field(default_factory=Spent)
    judged: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def out_of_gpu_memory(self) -> bool:
        """Whether a cell or a probe found no memory on the GPU."""
        said = [f"{cell.error.ename} {cell.error.evalue}" for cell in self.record.cells.values() if cell.error]
        said += [str(found.document.get("problem", "")) for found in self.record.found.values()]
        return any(OUT_OF_GPU_MEMORY in text for text in said)

    @property
    def tells_of_text(self) -> bool:
        """Whether something in it may tell of the text of a cell and not of its code: errors and warnings have a line."""
        record = self.record
        failed = bool(record.stopped) or any(cell.error for cell in record.cells.values())
        return failed or _OF_TEXT.search(record.model_dump_json()) is not None

    def document(self, probe: str, cell: str) -> dict[str, Any]:
        """The document of a probe that runs after ``cell``.

        Raises:
            NotShown: the cell did not run to its end, or student code raised an error when the probe used it.
        """
        found = self.record.found.get(probe)
        if found is None or (found.document.get("problem") and len(found.document) == 1):
            raise self.not_shown(cell, None if found is None else str(found.document["problem"]))
        return found.document

    def not_shown(self, cell: str, problem: str | None = None) -> NotShown:
        """Why a cell gave no evidence: its own error, else the ``problem`` that a probe had with what it defines."""
        if self.record.failed(cell):
            error = self.record.error(cell)
            return NotShown(self.record.why_failed(cell), Place(cell=cell, line=error.line if error else None))
        what = f"using what {named(cell)} defines gave {problem[:400]}" if problem else f"{named(cell)} was not reached"
        return NotShown(what, Place(cell=cell))

    def tensor(self, probe: str, name: str) -> Tensor | None:
        """A tensor that a probe sent, or None."""
        return self.tensors.get(f"{probe}/{name}")

    def tensors_of(self, probe: str) -> dict[str, Tensor]:
        """All tensors of a probe by their own names."""
        return {
            name.removeprefix(f"{probe}/"): value for name, value in self.tensors.items() if name.startswith(f"{probe}/")
        }

    def save(self, folder: Path) -> None:
        """Write ``evidence.json`` and ``evidence.safetensors``, both or neither."""
        from safetensors.torch import save_file

        with _appearing(folder) as partial:
            tensors = {name: value.clone().contiguous() for name, value in self.tensors.items()}
            save_file(tensors, partial / "evidence.safetensors")
            write_text(partial / "evidence.json", self.record.model_dump_json())

    @classmethod
    def load(cls, folder: Path) -> Evidence | None:
        """What :meth:`save` wrote, or None where there is none or it is damaged."""
        try:
            record = Record.model_validate_json((folder / "evidence.json").read_bytes())
            return cls(record, Stored(folder / "evidence.safetensors"), Notes.beside(folder))
        except (OSError, ValueError, safetensors.SafetensorError):
            return None


@contextlib.contextmanager
def _appearing(folder: Path) -> Iterator[Path]:
    """A new folder that takes its name, and the place of an older one, when all is in it.

    Two submissions of the same content may end at the same time, and what one showed must not mix with the other's.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".partial-"))
    try:
        yield partial
        partial.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # another submission was faster: either is good
            partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def clean_outputs(outputs: Any, trusted: bool = False) -> list[dict[str, Any]]:
    """Outputs in nbformat's form, reduced to plain text, tracebacks and PNG pictures.

    ``trusted`` (the instructor's own notebook) also keeps HTML and SVG.
    """
    kept: list[dict[str, Any]] = []
    for output in outputs[:MOST_OUTPUTS] if isinstance(outputs, list) else []:
        if not isinstance(output, dict):
            continue
        kind = output.get("output_type")
        if kind == "stream" and output.get("name") in ("stdout", "stderr"):
            kept.append({"output_type": kind, "name": output["name"], "text": _cut(output.get("text", ""))})
        elif kind == "error":
            lines = output.get("traceback")
            traceback = _cut("\n".join(map(str, lines))).split("\n") if isinstance(lines, list) else []
            kept.append(
                {
                    "output_type": kind,
                    "ename": str(output.get("ename", ""))[:SHORT],
                    "evalue": str(output.get("evalue", ""))[:SHORT],
                    "traceback": traceback,
                }
            )
        elif kind in ("display_data", "execute_result") and isinstance(output.get("data"), dict):
            data = _clean_data(output["data"], trusted)
            if data:
                cleaned: dict[str, Any] = {"output_type": kind, "data": data, "metadata": {}}
                if kind == "execute_result":
                    cleaned["execution_count"] = None
                kept.append(cleaned)
    return kept


def shortened(outputs: list[dict[str, Any]], most: int) -> tuple[list[dict[str, Any]], int]:
    """Clean outputs up to ``most`` characters, with a sentence in place of the rest, and how many are left of these."""
    for number, output in enumerate(outputs):
        parts = [output.get("text", ""), *output.get("traceback", ()), *output.get("data", {}).values()]
        size = sum(map(len, parts))
        if size > most:
            return [*outputs[:number], {"output_type": "stream", "name": "stderr", "text": LEFT_OUT}], 0
        most -= size
    return outputs, most


def _cut(text: object) -> str:
    whole = str(text)
    return whole if len(whole) <= TEXT else f"{whole[:TEXT]}\n[cut after {TEXT:,} characters]\n"


def _clean_data(data: dict[str, Any], trusted: bool) -> dict[str, str]:
    kept = {}
    for mime, content in data.items():
        if not isinstance(content, str):
            continue
        if mime in ("text/plain", ALT) or (trusted and mime in ("text/html", "image/svg+xml")):
            kept[mime] = content if trusted else _cut(content)
        elif mime == "image/png" and len(content) <= PICTURE:
            try:
                picture = base64.b64decode(content, validate=False)
                if picture.startswith(PNG):
                    # Encoded anew: the decoder skips what is not base64, a page that embeds the text would not.
                    kept[mime] = base64.b64encode(picture).decode()
            except (binascii.Error, ValueError):
                continue
    return kept
