"""Evidence is believed in nothing: strict JSON, safetensors, cleaned outputs; what is stored comes back, or nothing."""

import base64
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
import torch
from nbformat.v4 import new_code_cell, new_notebook
from safetensors.torch import save

from autograder.outcomes import Place
from autograder.runs.evidence import (
    LEFT_OUT,
    SHOWN,
    CellError,
    CellRecord,
    Evidence,
    Found,
    NotShown,
    Record,
    clean_outputs,
    shortened,
)
from autograder.runs.frames import Malformed, parse_frame

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(40)).decode()


@pytest.mark.parametrize(
    "text",
    [
        b'{"a": NaN}', b'{"a": Infinity}', b'{"a": -Infinity}', b'{"a": 1e999}', b'{"a": -1e999}',
        b"[1]", b'"text"', b"7", b"null", b"", b"{", b'{"a": 1} x', b"\xff\xfe", b'{"a": \xff}', b'{"a": "\\ud800"}',
        b'{"\\udfff": 1}', b"{'a': 1}", b'{"a": ' + b"9" * 10_000 + b"}",
    ],
)  # fmt: skip
def test_anything_but_a_strict_json_object_is_malformed(text: bytes) -> None:
    with pytest.raises(Malformed):
        parse_frame(text, b"")


@pytest.mark.parametrize("depth", [60, 5_000, 500_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_deep_json_is_malformed(depth: int, opening: str, closing: str) -> None:
    text = '{"a": ' + opening * depth + ("1" if closing == "}" else "") + closing * depth + "}"
    with pytest.raises(Malformed):
        parse_frame(text.encode(), b"")


@pytest.mark.parametrize("value", ["{}", "[]", "0", '""'])
def test_json_of_very_many_values_is_malformed(value: str) -> None:
    with pytest.raises(Malformed, match="more than 500,000 values"):
        parse_frame(f'{{"a": [{",".join([value] * 600_000)}]}}'.encode(), b"")


def test_text_with_very_many_commas_is_no_list() -> None:
    text = r", [ { \" " * 300_000
    document, _ = parse_frame(json.dumps({"text": text}).encode(), b"")
    assert document == {"text": text}


def test_json_as_deep_as_a_trace_is_accepted() -> None:
    document = {"nodes": [{"args": [{"node": 1}, [[1, 2], [3]]]}], "text": "Wörter ✓ 😀"}
    assert parse_frame(json.dumps(document).encode(), b"") == (document, {})


@pytest.mark.parametrize(
    "blob",
    [
        b"x", bytes(8), b"\xff" * 100, save({"a": torch.ones(3)})[:-1], save({"a": torch.ones(3)}) + b"x",
        b"\x80\x04\x95\x00\x00\x00\x00.", (1 << 62).to_bytes(8, "little") + b"{}",
        (60).to_bytes(8, "little") + b'{"a":{"dtype":"F32","shape":[1000000],"data_offsets":[0,4]}}' + bytes(4),
    ],
)  # fmt: skip
def test_anything_but_safetensors_is_malformed(blob: bytes) -> None:
    with pytest.raises(Malformed):
        parse_frame(b"{}", blob)


def test_tensors_come_with_their_types() -> None:
    tensors = {"f": torch.rand(2, 3), "i": torch.arange(4), "b": torch.tensor([True]), "h": torch.rand(2).half()}
    _, found = parse_frame(b"{}", save(tensors))
    assert all(torch.equal(found[name], value) and found[name].dtype == value.dtype for name, value in tensors.items())


OUTPUTS: list[Any] = [
    {"output_type": "stream", "name": "stdout", "text": "printed"},
    {"output_type": "display_data", "metadata": {"x": 1}, "data": {
        "text/plain": "shown", "text/html": "<script>alert(1)</script>", "image/svg+xml": "<svg onload='alert(1)'/>",
        "application/javascript": "alert(1)", "text/latex": "$x$", "text/markdown": "<b>x</b>", "image/png": PNG}},
    {"output_type": "execute_result", "execution_count": 3, "data": {"text/plain": "7"}},
    {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["line"]},
]  # fmt: skip


def test_a_students_outputs_keep_text_and_pictures_only() -> None:
    stream, shown, result, error = clean_outputs(OUTPUTS)
    assert stream == OUTPUTS[0]
    assert shown == {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "shown", "image/png": PNG}}
    assert result["data"] == {"text/plain": "7"}
    assert error == OUTPUTS[3]


def test_the_instructors_outputs_keep_pages_and_drawings_too() -> None:
    shown = clean_outputs(OUTPUTS, trusted=True)[1]
    assert set(shown["data"]) == {"text/plain", "text/html", "image/svg+xml", "image/png"}


@pytest.mark.parametrize(
    "content",
    [
        "<script>alert(1)</script>",
        base64.b64encode(b"GIF89a" + bytes(30)).decode(),
        "",
        "%%%",
        base64.b64encode(b"<svg/>").decode(),
        7,
    ],
)
def test_what_only_claims_to_be_a_picture_is_dropped(content: object) -> None:
    output = {"output_type": "display_data", "data": {"text/plain": "x", "image/png": content}}
    assert clean_outputs([output])[0]["data"] == {"text/plain": "x"}


def test_a_picture_with_a_page_behind_it_keeps_no_markup() -> None:
    content = PNG.rstrip("=") + '"><script>alert(1)</script>'
    found = clean_outputs([{"output_type": "display_data", "data": {"text/plain": "x", "image/png": content}}])
    assert "<" not in found[0]["data"].get("image/png", "")
    broken_into_lines = "\n".join(PNG[i : i + 20] for i in range(0, len(PNG), 20)) + "\n"
    found = clean_outputs([{"output_type": "display_data", "data": {"image/png": broken_into_lines}}])
    assert found[0]["data"]["image/png"] == PNG


def test_outputs_of_a_submission_are_kept_up_to_a_size() -> None:
    picture = {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "x", "image/png": PNG}}
    large = picture | {"data": {"image/png": base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(4_400_000)).decode()}}
    left, kept = SHOWN, []
    for outputs in ([picture], [large] * 5, [large], [picture]):
        shown, left = shortened(clean_outputs(outputs), left)
        kept.append(shown)
    assert kept[0] == [picture]
    assert kept[1] == [large] * 3 + [{"output_type": "stream", "name": "stderr", "text": LEFT_OUT}]
    assert [one[0].get("text") for one in kept[2:]] == [LEFT_OUT] * 2
    assert len(json.dumps(kept)) < SHOWN + 10_000


@pytest.mark.parametrize(
    "outputs",
    [
        None, 7, "text", {"a": 1}, [None, 7, "x", [], {}], [{"output_type": "unknown"}],
        [{"output_type": "stream", "name": "stdin", "text": "x"}], [{"output_type": "display_data"}],
        [{"output_type": "display_data", "data": 7}], [{"output_type": "display_data", "data": {"text/html": "<b>"}}],
        [{"output_type": "update_display_data", "data": {"text/plain": "x"}}],
    ],
)  # fmt: skip
def test_outputs_of_no_known_form_are_dropped(outputs: object) -> None:
    assert clean_outputs(outputs) == []


def test_cleaned_outputs_are_valid_in_a_notebook() -> None:
    odd = [
        {"output_type": "error", "ename": 3, "evalue": None, "traceback": "no list"},
        {"output_type": "stream", "name": "stdout", "text": ["a", "b"]},
    ]
    outputs = [nbformat.from_dict(output) for output in [*clean_outputs(OUTPUTS), *clean_outputs(odd)]]
    assert len(outputs) > 3
    nbformat.validate(new_notebook(cells=[new_code_cell("", outputs=outputs)]))


@pytest.fixture
def evidence() -> Evidence:
    record = Record(
        seed=3, profile="quick", isolation="bubblewrap", versions={"torch": "2"}, seconds=1.5,
        cells={
            "good": CellRecord(seconds=0.1, outputs=clean_outputs(OUTPUTS)),
            "bad": CellRecord(seconds=0.1, error=CellError(ename="ValueError", evalue="wrong", line=4)),
        },
        stopped={"endless": "no end in the time allowed"},
        found={
            "probe": Found(document={"a": [1, None]}, tensors=["x"]), "broken": Found(document={"problem": "TypeError: no"}),
            "partly": Found(document={"problem": "E", "b": 1}),
        },
    )  # fmt: skip
    return Evidence(record, {"probe/x": torch.arange(3.0), "probe/y": torch.ones(2, 2).t(), "probes/z": torch.ones(1)})


def test_evidence_comes_back_from_its_folder(evidence: Evidence, tmp_path: Path) -> None:
    evidence.save(tmp_path / "a" / "b")
    found = Evidence.load(tmp_path / "a" / "b")
    assert found is not None
    assert found.record == evidence.record
    assert found.tensors.keys() == evidence.tensors.keys()
    assert all(torch.equal(found.tensors[key], value) for key, value in evidence.tensors.items())
    evidence.record.seconds = 2.0
    evidence.save(tmp_path / "a" / "b")
    again = Evidence.load(tmp_path / "a" / "b")
    assert again is not None
    assert again.record.seconds == 2.0


@pytest.mark.parametrize("name", ["evidence.json", "evidence.safetensors"])
@pytest.mark.parametrize("damage", [None, b"", b"{}", b"\x00" * 50, "half"])
def test_a_damaged_store_is_no_evidence(evidence: Evidence, tmp_path: Path, name: str, damage: bytes | str | None) -> None:
    evidence.save(tmp_path)
    path = tmp_path / name
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2] if damage == "half" else damage)  # type: ignore[arg-type]
    assert Evidence.load(tmp_path) is None


def test_no_store_is_no_evidence(tmp_path: Path) -> None:
    assert Evidence.load(tmp_path / "none") is None


def test_documents_and_tensors_by_probe(evidence: Evidence) -> None:
    assert evidence.document("probe", "good") == {"a": [1, None]}
    assert evidence.document("partly", "good") == {"problem": "E", "b": 1}
    assert sorted(evidence.tensors_of("probe")) == ["x", "y"]
    assert evidence.tensor("probe", "z") is None


@pytest.mark.parametrize(
    ("probe", "cell", "reason"),
    [
        ("none", "endless", "the cell `endless` was stopped: no end in the time allowed"),
        ("none", "bad", "the cell `bad` stopped with ValueError: wrong"),
        ("broken", "good", "using what the cell `good` defines gave TypeError: no"),
        ("none", "absent", "the cell `absent` was not reached"),
        ("none", "extra_7", "a cell of your own was not reached"),
    ],
)
def test_missing_evidence_says_why(evidence: Evidence, probe: str, cell: str, reason: str) -> None:
    with pytest.raises(NotShown) as raised:
        evidence.document(probe, cell)
    assert str(raised.value) == raised.value.observed == reason
    assert raised.value.stopped_by == cell
    assert raised.value.place == Place(cell=cell, line=4 if cell == "bad" else None)
