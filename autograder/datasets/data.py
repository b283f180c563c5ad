"""Keeps MNIST and Fashion-MNIST in a local cache: fetched once, verified by SHA-256, read as tensors.

The cache has torchvision's layout, `<cache>/MNIST/raw/*-ubyte` and `<cache>/FashionMNIST/raw/*-ubyte`, so
`torchvision.datasets.MNIST(root=cache_folder())` reads it too.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from autograder.datasets.sources import DATASETS, SOURCES, Dataset, Source
from autograder.datasets.transfer import TransferError, decompress

if TYPE_CHECKING:
    from torch import Tensor

DatasetName = Literal["mnist", "fashion_mnist"]
Split = Literal["train", "t10k"]


class DataMissing(Exception):
    """The dataset is not in the cache, or not intact; the text says which command fetches it."""


class DataUnavailable(Exception):
    """No source could give the dataset; the text names each one tried, its reason, and what to do next."""


def cache_folder() -> Path:
    """The folder that holds all datasets: $AUTOGRADER_DATA, else `autograder` in the user's cache."""
    if chosen := os.environ.get("AUTOGRADER_DATA"):
        return Path(chosen).expanduser().absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "autograder"


def dataset_folder(name: DatasetName) -> Path:
    """The folder with the four genuine, uncompressed IDX files, each verified now (0.05 s a dataset).

    Raises DataMissing when a file is absent or is not the genuine one.
    """
    dataset = DATASETS[name]
    folder = raw_folder(cache_folder(), dataset)
    if bad := not_genuine(dataset, folder):
        raise DataMissing(
            f"{dataset.title} is not complete in {folder}: {', '.join(bad)} missing or damaged. "
            f"Next step: autograder data {name}"
        )
    return folder


def raw_folder(root: Path, dataset: Dataset) -> Path:
    """Where torchvision looks for the IDX files of `dataset` under its `root`."""
    return root / dataset.folder_name / "raw"


def fetch(name: DatasetName, *, console: Console | None = None, sources: Mapping[str, Source] = SOURCES) -> Path:
    """Bring the dataset into the cache if it is not there yet; return the folder with its four IDX files.

    Only files that are absent or damaged are fetched. What an interrupted fetch left is used. Each file
    appears in the cache verified and complete, or not at all; of several processes at once, one fetches and
    the others wait. Progress and the outcome go to `console`. Raises DataUnavailable.
    """
    dataset = DATASETS[name]
    cache = cache_folder()
    folder = raw_folder(cache, dataset)
    staging = cache / f".fetching-{dataset.folder_name}"
    console = console or Console(quiet=True)
    say = partial(console.print, markup=False, highlight=False, soft_wrap=True)
    already = f"{dataset.title}: in {folder}, checksums verified"
    # Before any write: a class may share a cache that only its owner can write to.
    if not not_genuine(dataset, folder):
        say(already)
        return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with exclusive(cache / f".lock-{dataset.folder_name}", console):
            if not not_genuine(dataset, folder):
                say(already)
                return folder
            staging.mkdir(exist_ok=True)
            origin = _fill(dataset, folder, staging, console, sources)
            shutil.rmtree(staging)
    except OSError as error:
        raise DataUnavailable(
            f"{dataset.title}: cannot write to {cache}: {error}. "
            "Next step: free some space, or set AUTOGRADER_DATA to a folder you may write to"
        ) from error
    say(f"{dataset.title}: from {origin}, now in {folder}, checksums verified")
    return folder


def _fill(dataset: Dataset, folder: Path, staging: Path, console: Console, sources: Mapping[str, Source]) -> str:
    """Try the sources in turn until no file is missing; return the name of the one that completed them."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    tried = []
    with Progress(*columns, console=console) as progress:
        for origin, source in {"files left there before": _take_leftovers, **sources}.items():
            wanted = not_genuine(dataset, folder)
            try:
                source(dataset, wanted, staging, progress)
                reason = "gave no such file"
            except (TransferError, OSError) as error:
                reason = str(error)
            for file in wanted:
                staged = staging / file
                if not staged.exists():
                    continue
                if _sha256(staged) == dataset.sha256[file]:
                    staged.replace(folder / file)
                else:
                    staged.unlink()
                    reason = f"gave a wrong {file} (its SHA-256 is not the genuine file's)"
            if not (missing := not_genuine(dataset, folder)):
                return origin
            if source is not _take_leftovers:
                tried.append(f"  {origin}: {reason}")
    raise DataUnavailable(
        f"{dataset.title} could not be fetched; still missing: {', '.join(missing)}.\n"
        + "\n".join(tried)
        + f"\nNext step: check the network and repeat, or lay the files, plain or as .gz, into {folder}"
    )


def _take_leftovers(dataset: Dataset, wanted: Collection[str], staging: Path, progress: Progress) -> None:
    """A source without network: archives that a person or torchvision laid where the files belong."""
    for file in wanted:
        archive = raw_folder(cache_folder(), dataset) / f"{file}.gz"
        if archive.exists() and not (staging / file).exists():
            decompress(archive, staging)


def training_set(name: DatasetName) -> tuple[Tensor, Tensor]:
    """The real training set: images uint8 (60000, 28, 28) in 0..255, labels int64 (60000,); not to be written to.

    Raises DataMissing.
    """
    return _kept(name, "train", *_state(name))


def test_set(name: DatasetName) -> tuple[Tensor, Tensor]:
    """The real test set, which never enters the sandbox: images uint8 (10000, 28, 28), labels int64 (10000,), as above.

    Raises DataMissing.
    """
    return _kept(name, "t10k", *_state(name))


def _state(name: DatasetName) -> tuple[Path, tuple[tuple[int, int], ...]]:
    """Where the dataset lies, and time and size of each file: as long as these stay, it need not be verified again."""
    folder = raw_folder(cache_folder(), DATASETS[name])
    found = [file.stat() for file in sorted(folder.glob("*-ubyte"))]
    return folder, tuple((file.st_mtime_ns, file.st_size) for file in found)


@functools.lru_cache(maxsize=4)
def _kept(name: DatasetName, split: Split, folder: Path, files: tuple[tuple[int, int], ...]) -> tuple[Tensor, Tensor]:
    """A class is judged in one process, and reading and verifying would cost each submission a fifth of a second."""
    return read_split(dataset_folder(name), split)


def read_split(folder: Path, split: Split) -> tuple[Tensor, Tensor]:
    """Read the IDX pair of one split in `folder`: images uint8 (N, H, W), labels int64 (N,)."""
    from autograder.datasets.idx import read_idx  # torch takes a second to import, and fetching needs none of it

    images = read_idx(folder / f"{split}-images-idx3-ubyte")
    return images, read_idx(folder / f"{split}-labels-idx1-ubyte").long()


@contextmanager
def exclusive(lock: Path, console: Console | None = None) -> Iterator[None]:
    """Hold the lock file for the time of a `with` block; other processes and threads wait for their turn."""
    with open(lock, "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if console:
                console.print("another process is at work on this dataset; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def not_genuine(dataset: Dataset, folder: Path) -> list[str]:
    """Names of the files that are absent from `folder`, unreadable, or differ from the genuine ones."""
    return [file for file, sha256 in dataset.sha256.items() if _sha256(folder / file) != sha256]


def _sha256(path: Path) -> str | None:
    """Of a file's content; None where there is no such file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return _sha256_of(path, status.st_ino, status.st_size, status.st_mtime_ns)


@functools.cache
def _sha256_of(path: Path, *_: int) -> str | None:
    """Read once in a process as long as the file is the same: grading asks before each box."""
    try:
        with path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError:
        return None
