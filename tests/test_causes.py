"""One mistake that keeps items from being judged is told once: where it is, what to do, and which items wait for it."""

from autograder.judging import wording
from autograder.judging.causes import root_causes
from autograder.outcomes import Finding, ItemOutcome, Place, RootCause
from autograder.runs.evidence import CellError, CellRecord, Evidence, Record

SOURCES = {
    "setup": "import torch\nfrom torch import nn",
    "network": "class Net(nn.Module):\n    def __init__(self):\n        super().__init__(\n        self.fc = nn.ReLU()\n",
    "make": "net = Net()",
    "extra_3": "shown = 1",
    "training": "losses = train(net)",
    "plot": "plt.plot(losses)",
}
SYNTAX = CellError(ename="SyntaxError", evalue="'(' was never closed", line=3)


def undefined(name: str, line: int = 1) -> CellError:
    return CellError(ename="NameError", evalue=f"name '{name}' is not defined", line=line, undefined=name)


def evidence(stopped: dict[str, str] | None = None, **errors: CellError) -> Evidence:
    cells = {cell: CellRecord(seconds=0.1, error=errors.get(cell)) for cell in SOURCES}
    return Evidence(
        Record(seed=1, profile="quick", isolation="none", versions={}, cells=cells, stopped=stopped or {}, found={})
    )


def waiting(found: Evidence, item: str, cell: str, problem: str | None = None) -> ItemOutcome:
    """An item whose hidden test asked for evidence that the cell did not give."""
    missing = found.not_shown(cell, problem)
    finding = Finding(
        item=item,
        task=f"It does {item}.",
        passed=False,
        observed=missing.observed,
        place=missing.place,
        stopped_by=missing.stopped_by,
    )
    return ItemOutcome(outcome="failed", points=0, max_points=1, findings=[finding])


def test_a_syntax_error_is_told_with_its_line_once_for_all_items() -> None:
    found = evidence(network=SYNTAX)
    items = {name: waiting(found, name, "network") for name in ("conv", "relu", "logits")}
    (cause,) = root_causes(items, found.record, SOURCES, {})
    assert cause == RootCause(
        what="The cell `network` stopped with SyntaxError: '(' was never closed",
        next_step="Correct this line, or the one above it, then run the whole notebook from the top.",
        items=("conv", "relu", "logits"),
        place=Place(cell="network", line=3, code="super().__init__("),
    )
    assert [item.root_cause for item in items.values()] == [0, 0, 0]
    assert [item.outcome for item in items.values()] == ["failed"] * 3, "the points are lost"
    assert wording.message(items["relu"], [cause]).splitlines() == [
        "See above: the error in the cell `network`, line 3.",
        "not judged: It does relu.",
    ]
    assert wording.root_cause(cause).splitlines() == [
        "The cell `network` stopped with SyntaxError: '(' was never closed",
        "  line 3: super().__init__(",
        "  next step: Correct this line, or the one above it, then run the whole notebook from the top.",
    ]


def test_cells_that_miss_what_a_failed_cell_defines_follow_from_it() -> None:
    found = evidence(network=SYNTAX, make=undefined("Net"), training=undefined("net"), plot=undefined("losses"))
    items = {"conv": waiting(found, "conv", "network"), "curve": waiting(found, "curve", "plot")}
    (cause,) = root_causes(items, found.record, SOURCES, {})
    assert cause.place is not None
    assert (cause.place.cell, cause.items) == ("network", ("conv", "curve"))


def test_a_name_that_nobody_defines_is_a_mistake_of_its_own() -> None:
    found = evidence(network=SYNTAX, plot=undefined("plt"))
    items = {"conv": waiting(found, "conv", "network"), "curve": waiting(found, "curve", "plot")}
    network, plot = root_causes(items, found.record, SOURCES, {})
    assert (network.items, plot.items) == (("conv",), ("curve",))
    assert items["curve"].root_cause == 1
    assert plot.next_step.startswith("Give plt a value before this line")


def test_a_cell_that_ran_is_no_cause_whatever_it_defines() -> None:
    found = evidence(training=undefined("net"))
    (cause,) = root_causes({"loss": waiting(found, "loss", "training")}, found.record, SOURCES, {})
    assert cause.place == Place(cell="training", line=1, code="losses = train(net)")


def test_a_missing_library_is_one_cause_wherever_it_is_imported() -> None:
    lacking = CellError(ename="ModuleNotFoundError", evalue="No module named 'sea_born'", line=1, module="sea_born")
    found = evidence(network=lacking, make=undefined("Net"), plot=lacking)
    items = {name: waiting(found, name, cell) for name, cell in (("conv", "network"), ("net", "make"), ("curve", "plot"))}
    (cause,) = root_causes(items, found.record, SOURCES, {})
    assert (cause.what, cause.items) == (
        "The cell `network` stopped with ModuleNotFoundError: No module named 'sea_born'",
        ("conv", "net", "curve"),
    )
    assert cause.next_step.startswith("sea_born is not installed where the notebook is graded. These libraries are: torch, ")
    assert cause.next_step.endswith(" and torchviz.")


def test_a_cell_that_was_stopped_is_a_cause() -> None:
    found = evidence({"network": "no end in the time allowed"}, training=undefined("Net"))
    del found.record.cells["network"]
    items = {"conv": waiting(found, "conv", "network"), "loss": waiting(found, "loss", "training")}
    (cause,) = root_causes(items, found.record, SOURCES, {})
    assert cause.what == "The cell `network` was stopped: no end in the time allowed"
    assert cause.place == Place(cell="network")
    del found.record.cells["plot"]
    items["curve"] = waiting(found, "curve", "plot")
    (cause,) = root_causes(items, found.record, SOURCES, {})
    assert cause.items == ("conv", "loss", "curve"), "a cell that was not reached waits for the one that ended the run"
    late = evidence(plot=CellError(ename="CellTimeout", evalue="stopped after 60 seconds", line=1))
    (cause,) = root_causes({"curve": waiting(late, "curve", "plot")}, late.record, SOURCES, {})
    assert cause.what == "The cell `plot` was stopped after 60 seconds"
    assert "within its time" in cause.next_step


def test_a_cell_that_ran_and_defines_what_cannot_be_used_is_a_cause() -> None:
    found = evidence()
    items = {name: waiting(found, name, "network", "TypeError: bad") for name in ("conv", "relu")}
    items["other"] = waiting(found, "other", "network", "KeyError: 'x'")
    bad, other = root_causes(items, found.record, SOURCES, {})
    assert (bad.what, bad.items) == ("Using what the cell `network` defines gave TypeError: bad", ("conv", "relu"))
    assert other.items == ("other",)


LACKING = {**SOURCES, "make": "net = None\nif 'Net' in globals():\n    net = Net()", "device": "net = net.to('cpu')"}
LACKING = {name: LACKING[name] for name in ("setup", "network", "make", "device", "training", "plot")}
NONE = CellError(ename="TypeError", evalue="'NoneType' object is not callable", line=1)


def causes_of(found: Evidence, **waits: str) -> list[tuple[str, tuple[str, ...]]]:
    """The cell and the items of each root cause; ``waits``: the cell for which an item waits, or what of it was no use."""
    items = {}
    for name, what in waits.items():
        cell, _, problem = what.partition(": ")
        items[name] = waiting(found, name, cell, problem)
    released = {"network": "class Net(nn.Module):\n    ..."}
    return [
        (cause.place.cell if cause.place else "", cause.items)
        for cause in root_causes(items, found.record, LACKING, released)
    ]


def test_a_value_that_is_none_because_a_cell_failed_follows_from_it() -> None:
    found = evidence(network=SYNTAX, training=NONE)
    assert causes_of(found, conv="network", loss="training") == [("network", ("conv", "loss"))]
    other = evidence(network=SYNTAX, training=CellError(ename="ZeroDivisionError", evalue="", line=1))
    assert causes_of(other, conv="network", loss="training") == [("network", ("conv",)), ("training", ("loss",))]
    syntax = evidence(network=SYNTAX, training=SYNTAX)
    assert len(causes_of(syntax, conv="network", loss="training")) == 2, "each has to be corrected"


def test_a_value_that_is_none_for_another_reason_is_a_mistake_of_its_own() -> None:
    assert causes_of(evidence(training=NONE), loss="training") == [("training", ("loss",))]


def test_errors_follow_from_a_cell_whose_definition_cannot_be_used() -> None:
    unusable = "network: NameError: name 'size' is not defined"
    found = evidence(make=undefined("size", 3), training=NONE, plot=undefined("losses"))
    assert causes_of(found, conv=unusable, net="make", loss="training", curve="plot") == [
        ("network", ("conv", "net", "loss", "curve"))
    ]


def test_a_name_that_the_release_gives_and_the_answer_does_not_is_that_cells_mistake() -> None:
    misnamed = LACKING | {"network": "class Nett(nn.Module):\n    pass"}
    found = evidence(make=undefined("Net", 3))
    items = {
        "conv": waiting(found, "conv", "network", "NameError: name 'Net' is not defined"),
        "net": waiting(found, "net", "make"),
    }
    (cause,) = root_causes(items, found.record, misnamed, {"network": SOURCES["network"]})
    assert cause.items == ("conv", "net")
    assert cause.what == "Using what the cell `network` defines gave NameError: name 'Net' is not defined"


def test_a_cell_of_ones_own_is_named_as_such_and_shown() -> None:
    found = evidence(extra_3=CellError(ename="ZeroDivisionError", evalue="", line=1), plot=undefined("shown"))
    (cause,) = root_causes({"curve": waiting(found, "curve", "plot")}, found.record, SOURCES, {})
    assert cause.what == "A cell of your own stopped with ZeroDivisionError"
    assert cause.place is not None
    assert wording.where(cause.place) == "a cell of your own, line 1"
    assert cause.place == Place(cell="extra_3", line=1, code="shown = 1")


def test_items_that_lost_nothing_or_were_not_attempted_wait_for_nothing() -> None:
    found = evidence(network=SYNTAX)
    right = ItemOutcome(outcome="passed", points=1, max_points=1, findings=[Finding(item="a", task="It.", passed=True)])
    blank = waiting(found, "b", "network")
    blank.outcome = "not_attempted"
    assert root_causes({"a": right, "b": blank}, found.record, SOURCES, {}) == []
    assert right.root_cause is blank.root_cause is None


def test_an_item_that_lost_at_something_else_too_says_both() -> None:
    found = evidence(network=SYNTAX)
    item = waiting(found, "conv", "network")
    item.outcome, item.rests_on = "partial", ["pool"]
    item.findings += [
        Finding(item="conv", task="It is named.", passed=True),
        Finding(
            item="conv", task="It is shown.", passed=False, observed="nothing", expected="a picture", rests_on=("pool",)
        ),
    ]
    causes = root_causes({"conv": item}, found.record, SOURCES, {})
    assert wording.message(item, causes).splitlines() == [
        "See above: the error in the cell `network`, line 3.",
        "Depends on pool; fix that first.",
        "not judged: It does conv.",
        "ok: It is named.",
        "not yet: It is shown.",
        "  observed: nothing",
        "  expected: a picture",
    ]
