"""What travels to a worker and back: the cells that are run and nothing else, and evidence read as strictly as a box's."""

import json
from dataclasses import replace

import nbformat
import pytest
import safetensors.torch
import torch
from conftest import HIDDEN, ROOT

from autograder.assignment import Profile, load
from autograder.cluster.wire import (
    Job,
    Refused,
    bare,
    pack_breach,
    pack_evidence,
    pack_job,
    pack_refusal,
    unpack_evidence,
    unpack_job,
)
from autograder.course import Course
from autograder.limited import Breach
from autograder.notebooks.notebook import new_output, read, role
from autograder.notebooks.split import mark
from autograder.proof import catalogue
from autograder.runs.cells import Cell, cells_to_run
from autograder.runs.evidence import CellError, CellRecord, Evidence, Found, Record
from autograder.runs.frames import Malformed
from autograder.runs.options import determinism, versions
from autograder.sandbox.run import HEADER
from autograder.sandbox.tiers import UNISOLATED

NAME = "pa4_convnet"
COURSE = Course(ROOT)
CELLS = [Cell("first", "1", 5.0), Cell("second", "2", 5.0)]


def job(**changes: object) -> Job:
    made = {
        "assignment": NAME, "settings": load(HIDDEN / NAME).settings.model_dump(mode="json"),
        "probes": "é = 1\n".encode(), "files": (b"", b"\xff\x00,1\n"),
        "profile": "quick", "device": "cpu", "seed": 7, "notebook": bare(submission(), []),
    }  # fmt: skip
    return Job(**(made | changes))  # type: ignore[arg-type]


def submission() -> nbformat.NotebookNode:
    source, release = read(COURSE.source_notebook(NAME)), read(COURSE.release_notebook(NAME))
    return catalogue.build(catalogue.answer(HIDDEN / NAME, "right_reference"), source, release)


@pytest.fixture
def evidence() -> Evidence:
    picture = {"output_type": "display_data", "data": {"text/plain": "π"}, "metadata": {}}
    record = Record(
        seed=7,
        profile="quick",
        isolation="bubblewrap",
        versions=versions() | determinism("cpu"),
        seconds=2.5,
        peak_memory=1 << 33,
        cells={"first": CellRecord(seconds=1.0, error=CellError(ename="E", evalue="no", line=3), outputs=[picture])},
        stopped={"second": "no end in the time allowed"},
        shortened={"num_train_images": 128},
        found={"probe": Found(document={"a": [1, None, 0.1]}, tensors=["x", "y"]), "bare": Found(document={"b": "é"})},
    )
    x = torch.arange(6).reshape(2, 3).t()
    return Evidence(record, {"probe/x": x, "probe/y": x[0].double()})


def test_evidence_comes_back_as_it_was(evidence: Evidence) -> None:
    found = unpack_evidence(pack_evidence(evidence), job(), CELLS)
    assert found.record == evidence.record
    assert found.tensors.keys() == evidence.tensors.keys()
    assert all(torch.equal(found.tensors[name], tensor) for name, tensor in evidence.tensors.items())


def test_the_client_says_what_was_asked_not_the_worker(evidence: Evidence) -> None:
    evidence.record.seed, evidence.record.profile, evidence.record.versions = 1, "full", {"torch": "0"}
    found = unpack_evidence(pack_evidence(evidence), job(), CELLS).record
    assert (found.seed, found.profile, found.versions) == (7, "quick", versions() | determinism("cpu"))


def test_cells_that_were_not_sent_are_not_believed(evidence: Evidence) -> None:
    found = unpack_evidence(pack_evidence(evidence), job(), [CELLS[1]])
    assert found.record.cells == {}
    assert found.record.stopped == {"second": "no end in the time allowed"}


def test_what_belongs_to_an_answer_travels_with_it(evidence: Evidence) -> None:
    goes_on = catalogue.answer(HIDDEN / NAME, "right_goes_on_below")
    source, release = read(COURSE.source_notebook(NAME)), read(COURSE.release_notebook(NAME))
    notebook = catalogue.build(goes_on, source, release)
    mark(notebook, release)
    here = cells_to_run(notebook, load(HIDDEN / NAME).profile("proof"), everything=False)
    assert [cell for cell in here if cell.below]
    assert cells_to_run(bare(notebook, here), load(HIDDEN / NAME).profile("proof"), everything=False) == here
    evidence.record.stopped = {CELLS[1].with_below: "no end in the time allowed"}
    assert unpack_evidence(pack_evidence(evidence), job(), CELLS).record.stopped == evidence.record.stopped


def test_a_reason_is_no_evidence() -> None:
    with pytest.raises(Refused, match="no data here"):
        unpack_evidence(pack_refusal("no data here"), job(), CELLS)


def test_what_exhausts_a_worker_is_no_evidence() -> None:
    with pytest.raises(Breach, match="took more than 60 s"):
        unpack_evidence(pack_breach("took more than 60 s of processor time to read"), job(), CELLS)


def test_a_worker_without_isolation_is_refused(evidence: Evidence) -> None:
    evidence.record.isolation = UNISOLATED
    with pytest.raises(Refused, match="isolates by UNISOLATED, not by bubblewrap or landlock or container"):
        unpack_evidence(pack_evidence(evidence), job(), CELLS)


def test_a_worker_isolates_by_what_was_asked_for(evidence: Evidence) -> None:
    evidence.record.isolation = "landlock"
    assert unpack_evidence(pack_evidence(evidence), job(), CELLS).record.isolation == "landlock"
    with pytest.raises(Refused, match="isolates by landlock, not by container"):
        unpack_evidence(pack_evidence(evidence), replace(job(), isolation="container"), CELLS)
    evidence.record.isolation = UNISOLATED
    found = unpack_evidence(pack_evidence(evidence), replace(job(), isolation="none"), CELLS)
    assert found.record.isolation == UNISOLATED, "stamped, however it was sent"


def frame(text: bytes, blob: bytes = b"") -> bytes:
    return HEADER.pack(len(text), len(blob)) + text + blob


HEAD = frame(b'{"event": "run", "isolation": "bubblewrap", "seconds": 1, "peak_memory": 1, "stopped": {}, "shortened": {}}')
TENSORS = safetensors.torch.save({"x": torch.zeros(2)})


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"\x80\x04\x95 a pickle",
        frame(b"[]"),
        frame(b"{}"),
        frame(b'{"event": "run"}'),
        HEAD.replace(b'"seconds": 1,', b'"seconds": NaN,'.ljust(13)),
        HEAD[:-1],
        HEAD + b"\x00" * 7,
        HEAD + HEADER.pack(1 << 62, 0),
        HEAD + frame(b'{"event": "finished", "cell": "first", "seconds": "long"}'),
        HEAD + frame(b'{"event": "evidence", "name": "p", "document": ' + b'{"a":' * 60 + b"1" + b"}" * 61),
        HEAD + frame(b'{"event": "evidence", "name": "p", "document": {"a": 1e999}}'),
        HEAD + frame(b'{"event": "evidence", "name": "p", "document": {}}', TENSORS[:-1]),
        HEAD + frame(b'{"event": "evidence", "name": "p", "document": {}}', b"PK\x03\x04 torch.save"),
    ],
)
def test_what_no_box_sends_is_malformed(reply: bytes) -> None:
    with pytest.raises(Malformed):
        unpack_evidence(reply, job(), CELLS)


def test_what_a_box_could_send_is_cleaned_again() -> None:
    outputs = [
        {"output_type": "display_data", "data": {"text/html": "<script>", "text/plain": "ok"}, "metadata": {}},
        {"output_type": "unknown"},
    ]
    sent = {"event": "finished", "cell": "first", "seconds": 1.0, "outputs": outputs}
    found = unpack_evidence(HEAD + frame(json.dumps(sent).encode()), job(), CELLS)
    shown = {"output_type": "display_data", "data": {"text/plain": "ok"}, "metadata": {}}
    assert found.record.cells["first"].outputs == [shown]


def test_a_job_comes_back_as_it_was() -> None:
    sent = job()
    found = unpack_job(pack_job(sent))
    assert (found.assignment, found.profile, found.device, found.seed) == (NAME, "quick", "cpu", 7)
    assert found.notebook == sent.notebook


@pytest.mark.parametrize("packed", [b"", b"{}", frame(b"{}"), frame(b"[]"), frame(b'{"notebook": null}')])
def test_no_job_is_malformed(packed: bytes) -> None:
    with pytest.raises(Malformed):
        unpack_job(packed)


def test_a_worker_runs_the_same_cells_as_this_machine() -> None:
    notebook = submission()
    notebook.cells.insert(4, nbformat.v4.new_code_cell("own = 1"))
    notebook.cells.insert(9, nbformat.v4.new_markdown_cell("own words"))
    profile = load(HIDDEN / NAME).profile("quick")
    cells = cells_to_run(notebook, profile, everything=False)
    assert any(cell.id.startswith("extra_") for cell in cells)
    sent = unpack_job(pack_job(job(notebook=bare(notebook, cells))))
    assert cells_to_run(sent.notebook, profile, everything=False) == cells


def test_only_cells_that_are_run_travel() -> None:
    notebook = submission()
    notebook.cells.append(
        nbformat.v4.new_code_cell("used = 1", outputs=[new_output("stream", name="stdout", text="an old output")])
    )
    notebook.cells[-1].metadata["private"] = "mine"
    notebook.metadata["authors"] = [{"name": "Ada"}]
    packed = pack_job(job(notebook=bare(notebook, cells_to_run(notebook, Profile(), everything=False))))
    assert b"used = 1" in packed
    assert b"class ConvNet" in packed
    for absent in (b"an old output", b"mine", b"Ada", b"An answer in my own words"):
        assert absent not in packed
    checks = [cell.source for cell in notebook.cells if role(cell) == "item"]
    assert checks
    for source in checks:
        assert json.dumps(source).encode() not in packed
