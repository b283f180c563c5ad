"""Hidden tests of the summaries and of the table, for networks and histories drawn now."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from autograder.inside import draws, epochs
from autograder.judging.table import table
from autograder.networks.comparison import Complaint, require, up_to_an_error
from autograder.runs.evidence import Evidence

from . import reference

EPOCHS = 5
MODELS = {"mlp": "MultiLayerPerceptron", "maxpool": "ConvMaxPoolNetwork", "batchnorm": "ConvBatchNormNetwork"}
WORDS = {"mlp": ("perceptron", "mlp"), "maxpool": ("max",), "batchnorm": ("batch", "norm")}
GIVEN = {"epoch_1_train_loss": 0.28, "epoch_5_train_loss": 0.16, "epoch_5_test_accuracy": 95.38}
LOSS_DIGITS, PERCENT_DIGITS = 0.0051, 0.051  # what rounding to two decimals, or a percentage to one, may change


def _drawn_history(evidence: Evidence, name: str) -> list[dict[str, float]]:
    return draws.history(evidence.record.seed + (name == "batchnorm"), EPOCHS)


def _drawn_count(name: str, seed: int) -> int:
    """Parameters of the stand-in: 784 -> hidden -> 10, with biases."""
    hidden = draws.sizes(seed, len(MODELS))[list(MODELS).index(name)]
    return 785 * hidden + 10 * (hidden + 1)


def _own_counts(name: str, evidence: Evidence) -> set[int]:
    """Parameters of the reference, and of the student's own network where it differs: that is reported at its layers."""
    network = {"mlp": reference.multilayer_perceptron, "maxpool": reference.maxpool, "batchnorm": reference.batchnorm}[
        name
    ]()
    counts = {sum(parameter.numel() for parameter in network.parameters())}
    found = evidence.record.found.get(name)
    if found is not None and found.document.get("parameters"):
        counts.add(sum(math.prod(parameter["shape"]) for parameter in found.document["parameters"]))
    return counts


def _require_summary(name: str, evidence: Evidence) -> None:
    document = evidence.document("summaries", "summaries")
    found, kept = document["counts"][name], document["types"][name]
    require(found is not None, f"{name}_summary is a {kept}", "what summary returns", "a number was kept, or nothing")
    wanted = _drawn_count(name, evidence.record.seed)
    # A summary of a network that was made elsewhere in the notebook does not change with the drawn one.
    right = found in {wanted, *_own_counts(name, evidence)}
    cause = "the summary of another network"
    require(right, f"{found} parameters for a {MODELS[name]} of {wanted}", f"{wanted}", cause)


@table(
    *(
        ("parameter_counts", 1, f"`{name}_summary` is the summary of a {kind}.", partial(_require_summary, name))
        for name, kind in MODELS.items()
    )
)
@up_to_an_error("summaries")
def test_summary(evidence: Evidence, required: Callable[[Evidence], None]) -> None:
    required(evidence)


@dataclass
class Table:
    """The rows that the cell made from drawn histories and networks."""

    evidence: Evidence
    rows: dict[str, dict[str, Any]]
    shown: dict[str, Any]

    def row(self, name: str) -> dict[str, Any]:
        """The row of a model; without one, a complaint."""
        if name not in self.rows:
            models = [str(row.get("model")) for row in self.rows.values()]
            raise Complaint(f"rows of {', '.join(models) or 'no model'}", f"a row of {MODELS[name]}", "the row is missing")
        return self.rows[name]

    def require_figures(self, name: str, wanted: dict[str, float], cause: str) -> None:
        """Each figure of a row, as drawn or rounded."""
        row = self.row(name)
        for key, value in wanted.items():
            found, digits = row.get(key), PERCENT_DIGITS if "accuracy" in key else LOSS_DIGITS
            right = isinstance(found, (int, float)) and abs(found - value) <= digits
            if found is None:
                keys = ", ".join(key for key in row if key != "model") or "none"
                cause = f"not filled in, or under another name; the row has {keys}"
            elif not right and "accuracy" in key and abs(100 * found - value) <= digits:
                cause = "a fraction in place of percent"
            elif not right:
                cause = self._what_it_is(found, digits) or cause
            require(right, f"{key} is {found} in the row of {MODELS[name]}", f"{value:.2f}", cause)

    def _what_it_is(self, number: float, digits: float) -> str:
        """Which other figure of the drawn histories a number is; nothing where it may be several."""
        figures = {
            f"{figure} of epoch {epoch} in {name}_history": value
            for name in ("maxpool", "batchnorm")
            for epoch, entry in enumerate(_drawn_history(self.evidence, name), start=1)
            for figure, value in {**entry, "a running loss": entry["train_loss"] + epochs.RUNNING}.items()
        }
        figures |= {f"100 - {text}": 100 - value for text, value in figures.items() if "accuracy" in text}
        found = [text for text, value in figures.items() if abs(number - value) <= digits]
        return f"it is {found[0]}" if len(found) == 1 else ""

    def require_parameters(self, name: str) -> None:
        """The count that the summary gives, or the network's own, typed in."""
        found, drawn = self.row(name).get("parameters"), _drawn_count(name, self.evidence.record.seed)
        right = found in {drawn, *_own_counts(name, self.evidence)}
        require(
            right, f"parameters is {found} in the row of {MODELS[name]}", f"{drawn}", "not filled in, or another network's"
        )


@pytest.fixture(scope="session")
@up_to_an_error("table")
def rows(evidence: Evidence) -> Table:
    document = evidence.document("table", "results_table_code")
    found = document["rows"]
    require(
        found is not None, "results is no list of dictionaries", "a list with one dictionary a model", "results was replaced"
    )
    return Table(evidence, _by_model(found), document["shown"])


def _by_model(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Rows by what their names say, and the others in the order of the text."""
    found: dict[str, dict[str, Any]] = {}
    rest = []
    for row in rows:
        text = str(row.get("model", "")).lower()
        name = next((name for name, words in WORDS.items() if any(word in text for word in words)), None)
        if name is not None and name not in found:
            found[name] = row
        else:
            rest.append(row)
    for name, row in zip([name for name in MODELS if name not in found], rest, strict=False):
        found[name] = row
    return found


def _given_row(rows: Table) -> None:
    rows.require_figures("mlp", GIVEN, "the given row was changed")
    rows.require_parameters("mlp")


def _history(name: str) -> Callable[[Table], None]:
    def required(rows: Table) -> None:
        first, *_, last = _drawn_history(rows.evidence, name)
        wanted = {
            "epoch_1_train_loss": first["train_loss"],
            "epoch_5_train_loss": last["train_loss"],
            "epoch_5_test_accuracy": last["test_accuracy"],
        }
        rows.require_figures(name, wanted, "not filled in, typed in from another run, or taken from another epoch or figure")

    return required


def _parameters(rows: Table) -> None:
    rows.require_parameters("maxpool")
    rows.require_parameters("batchnorm")


def _shown(rows: Table) -> None:
    names = [str(rows.row(name).get("model")) for name in MODELS]
    text = rows.shown["text"]
    as_text = all(name in text for name in names) and "{'model'" not in text
    require(rows.shown["html"] or as_text, "no table", "pd.DataFrame(results), displayed", "the table is not shown")


OWN_HISTORY = "has the figures of the run's own history (here: one drawn now)."


@table(
    ("results_table", 2, "The first row has the given figures of the MLP and its number of parameters.", _given_row),
    ("results_table", 3, f"The row of ConvMaxPoolNetwork {OWN_HISTORY}", _history("maxpool")),
    ("results_table", 3, f"The row of ConvBatchNormNetwork {OWN_HISTORY}", _history("batchnorm")),
    ("results_table", 1, "Both rows have the number of parameters of their network.", _parameters),
    ("results_table", 1, "The rows are shown as a pandas table.", _shown),
    needs={"results_table": ["maxpool_training", "batchnorm_training", "parameter_counts"]},
)
@up_to_an_error("table")
def test_table(rows: Table, required: Callable[[Table], None], evidence: Evidence) -> None:
    required(rows)
