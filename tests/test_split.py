"""Answers that go on in cells of the student's own: which of these belong to an answer, and how they are run."""

from pathlib import Path

import nbformat
import pytest
from conftest import HIDDEN, RunBox

from autograder.assignment import Profile, load
from autograder.notebooks.notebook import cells_by_grade_id, grade_id, read, role, without_region_marks
from autograder.notebooks.recognise import StudentCell
from autograder.notebooks.restore import restore
from autograder.notebooks.split import PART
from autograder.runs.cells import cells_to_run

ROOT = Path(__file__).resolve().parents[1]
SOLVED, RELEASE = (
    {name: read(ROOT / kind / name / f"{name}.ipynb") for name in ("pa4_convnet", "mnist_cnn", "cnn_blocks")}
    for kind in ("source", "release")
)

NET = "learning_rate = 0.01\nset_seeds(seed)\nnet = ConvNet()\ntrainer = Trainer(net, None, None, train_loader)"
TRAIN = "told = trainer.train(num_epochs)\nlosses = list(told)"
LOOP = "for images, labels in train_loader:\n    loss_history.append(model(images).sum().item())"
MODEL = "model, loss_history = None, []\nset_seeds(seed)\nbegun = time.perf_counter()\nmodel = MNIST_CNN()"
HALF = "class ConvNet(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.only = nn.Linear(3, 4)"

BELONG = {
    "a training below its network": ("pa4_convnet", "learning_rate", NET, [TRAIN]),
    "what stands between, errors too": (
        "pa4_convnet",
        "learning_rate",
        NET,
        ["1 / 0", "not python (", "net.to(device)", TRAIN],
    ),
    "a magic above it": ("pa4_convnet", "learning_rate", NET, [f"%matplotlib inline\n{TRAIN}"]),
    "a name left as it was handed out": ("mnist_cnn", "training_code", MODEL, [LOOP]),
    "a list begun anew": ("mnist_cnn", "training_code", MODEL, [f"loss_history = []\n{LOOP}"]),
    "a list begun in a cell of its own": ("mnist_cnn", "training_code", MODEL, ["loss_history = []", LOOP]),
    "a function that fills it": ("mnist_cnn", "training_code", MODEL, ["def one():\n    loss_history.append(1.0)", "one()"]),
    "a number worked out": ("mnist_cnn", "evaluation", "right = 5", ["test_accuracy = right / 10"]),
    "a function of two": (
        "mnist_cnn",
        "parameter_formulas",
        "def learn_conv(w, h, d, k):\n    return 1",
        ["def learn_full(n, m) -> int:\n    return n"],
    ),
    "a helper": (
        "pa4_convnet",
        "convnet",
        HALF.replace("nn.Linear", "full"),
        ["def full(n, m):\n    return nn.Linear(n, m)"],
    ),
    "a helper and its helper": (
        "pa4_convnet",
        "convnet",
        HALF.replace("nn.Linear", "a"),
        ["def a(n, m):\n    return b(n)", "b = nn.ReLU"],
    ),
    "an import of what it writes into a file": (
        "pa4_convnet",
        "convnet",
        f"%%writefile own.py\nfrom torch import nn\n{HALF}",
        ["from own import ConvNet"],
    ),
    "an import of all of it": ("pa4_convnet", "convnet", f"%%writefile own.py\n{HALF}", ["import own", "from own import *"]),
    "a method put on the class": (
        "pa4_convnet",
        "convnet",
        HALF,
        ["def run(self, y):\n    return y\n\nConvNet.forward = run"],
    ),
    "a class once more, with all its methods": (
        "pa4_convnet",
        "convnet",
        f"{HALF}\n    def forward(self, y):\n        return y",
        [
            "class ConvNet(nn.Module):\n    def __init__(self):\n        self.a = 1\n\n    def forward(self, y):\n"
            "        return y"
        ],
    ),
    "a function once more": (
        "mnist_cnn",
        "output_size_code",
        "def w_out(w, k, p, s=1):\n    return w",
        ["def w_out(w, k, p, s=1):\n    return (w + 2 * p - k) // s + 1"],
    ),
    "a class that completes it": (
        "pa4_convnet",
        "convnet",
        HALF,
        ["class ConvNet(ConvNet):\n    def forward(self, y):\n        return y"],
    ),
    "pictures": (
        "pa4_convnet",
        "filters",
        "filters = [w[0] for w in net.conv1.weight]",
        ["for one in filters:\n    plt.imshow(one)"],
    ),
    "a table": (
        "cnn_blocks",
        "results_table_code",
        "results = [{}]\nresults.append({})",
        ["results.append({})", "pd.DataFrame(results)"],
    ),
}

SCRATCH = {
    "convnet": [
        "%%writefile own.py\nclass ConvNet(nn.Module):\n    pass",
        "net = ConvNet()\nnet",
        "del ConvNet",
        "class ConvNet(nn.Module):\n    pass",
        "class ConvNet(nn.Module):\n    def __init__(self):\n        pass\n\n    def forward(self, x):\n        ...",
        "def ConvNets():\n    return ConvNet()",
        "ConvNet.forward = None",
        "ConvNet.size = 3",
    ],
    "network_graph": ["graph", "graph = None", "display(graph)", "make_dot(net(images))"],
    "trainer": ["Trainer(net, None, None, [])", "class Trainer(Trainer):\n    def train(self):\n        pass", "1 / 0"],
    "learning_rate": ["losses = []", "learning_rate = 0.5", NET, f"{NET}\n{TRAIN}", "losses[-1]", "losses.append(3)"],
    "loss_plot": ["plt.plot(losses)", "fig", "ax.set_title('')", "losses = []\nplt.plot(losses)"],
    "test_accuracy": ["err = 0", "accuracy = 1.0", "err, tot = 1, 2", "del tot", "accuracy"],
    "filters": ["plt.imshow(filters[0])", "filters = None", "filters = filters[:3]\nplt.imshow(filters[0])"],
    "feature_maps": [
        "feature_maps[3] = None",
        "feature_maps = {}",
        "for digit in feature_maps: plt.imshow(feature_maps[digit])",
    ],
}


def handed_in(assignment: str, answer: str, source: str | None, own: list[str], below: str = "") -> nbformat.NotebookNode:
    """The restored notebook of a student with this text in an answer cell, and cells of their own below it or another."""
    solved = cells_by_grade_id(SOLVED[assignment])
    cells = []
    for cell in RELEASE[assignment].cells:
        cells.append(StudentCell(cell.cell_type, cell.source, grade_id(cell), (cell["id"],)))
        if role(cell) == "answer" and cell.cell_type == "code":
            cells[-1].source = without_region_marks(solved[grade_id(cell)].source)
        if grade_id(cell) == answer and source is not None:
            cells[-1].source = source
    place = next(number for number, cell in enumerate(cells, start=1) if cell.grade_id == (below or answer))
    cells[place:place] = [StudentCell("code", one) for one in own]
    restored = restore(cells, RELEASE[assignment])
    marked = any(PART in cell.metadata.get("tags", []) for cell in restored.notebook.cells)
    assert marked == any(line.startswith(answer) and "goes on in an added cell" in line for line in restored.repairs)
    return restored.notebook


def belonging(notebook: nbformat.NotebookNode) -> list[str]:
    return [cell.source for cell in notebook.cells if PART in cell.metadata.get("tags", [])]


@pytest.mark.parametrize("case", BELONG)
def test_cells_that_do_what_was_left_open_belong_to_the_answer(case: str) -> None:
    assignment, answer, source, own = BELONG[case]
    assert belonging(handed_in(assignment, answer, source, own)) == own
    for scratch in ("1 / 0", "losses = model = net = results = filters = None", "del net, model, loss_history"):
        assert belonging(handed_in(assignment, answer, source, [*own, scratch])) == own


@pytest.mark.parametrize("answer", SCRATCH)
def test_no_cell_belongs_to_an_answer_that_is_whole(answer: str) -> None:
    own = [text for texts in SCRATCH.values() for text in texts] if answer != "loss_plot" else SCRATCH[answer]
    for one in own:
        assert belonging(handed_in("pa4_convnet", answer, None, [one])) == [], one
    assert belonging(handed_in("pa4_convnet", answer, None, own)) == []


def test_no_cell_belongs_to_an_answer_that_this_module_cannot_read() -> None:
    solved = without_region_marks(cells_by_grade_id(SOLVED["pa4_convnet"])["learning_rate"].source)
    for odd in (f"files = !ls\n{solved}", f"{solved}\nnet?", f"%%time\n{solved}", f"{solved}\n!ls\n"):
        assert belonging(handed_in("pa4_convnet", "learning_rate", odd, ["losses = []", "learning_rate = 3"])) == []


def test_cells_below_a_released_one_do_not_belong_to_the_answer_above_it() -> None:
    assert belonging(handed_in("pa4_convnet", "network_graph", "y = net(images).mean()", ["graph = y"])) == ["graph = y"]
    assert belonging(handed_in("pa4_convnet", "network_graph", "y = net(images).mean()", ["graph = y"], "act10")) == []


def test_a_list_of_own_figures_is_not_replaced_by_a_table() -> None:
    for own in ("results = []\npd.DataFrame(results)", "del results\ndisplay(3)", "pd.DataFrame([1])", "results.pop()"):
        assert belonging(handed_in("cnn_blocks", "results_table_code", "results = [{}]\nresults.append({})", [own])) == []


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text", ["(" * 5_000, "a = " + "-" * 90_000 + "1", "x = 1\n" * 30_000, "f" + ".a" * 60_000, "\x0c" * 9]
)
def test_odd_text_belongs_nowhere(text: str) -> None:
    assert belonging(handed_in("pa4_convnet", "learning_rate", NET, [text])) == []
    handed_in("pa4_convnet", "learning_rate", text, [TRAIN])


def test_a_marked_cell_is_run_as_a_part_of_its_answer() -> None:
    notebook = handed_in("pa4_convnet", "learning_rate", NET, ["print(net)", TRAIN, "1 / 0"])
    profile: Profile = load(HIDDEN / "pa4_convnet").profile("proof")
    cells = cells_to_run(notebook, profile, False)
    (answer,) = [cell for cell in cells if cell.id == "learning_rate"]
    assert (answer.source, answer.below, answer.training) == (NET, ("print(net)", TRAIN), True)
    assert [cell.source for cell in cells if cell.id.startswith("extra")] == ["1 / 0"]
    order = [cell.source for cell in notebook.cells]
    assert order[order.index(NET) + 1 :][:3] == ["print(net)", TRAIN, "1 / 0"]


PROBES = """
from inside.probing import Evidence, probe

@probe(after="answer")
def again(student):
    found = student.rerun("answer", start=5)
    return Evidence({"sum": found.values["sum"], "here": student.namespace["sum"], "error": found.run.error})

@probe(after="answer_with_error")
def none(student):
    return Evidence({"kept": student.namespace["kept"]})
"""


def test_an_answer_and_its_cells_run_together(run_box: RunBox, tmp_path: Path) -> None:
    probes = tmp_path / "probes.py"
    probes.write_text(PROBES)
    box = run_box(
        {
            "start": "start = 1",
            "answer": "sum = start\nsum",
            "answer_with_error": "kept = 1\nnowhere",
            "slow": "import time",
        },
        below={
            "answer": ["sum += 10\nsum", "undefined_name", "sum += 100\nsum"],
            "answer_with_error": ["kept = 2"],
            "slow": ["time.sleep(30)", "print('reached')"],
        },
        brief={"slow": 1.0},
        probes=probes,
    )
    assert box.ended
    assert box.found("again") == {"sum": 115, "here": 111, "error": None}
    answer = box.cell("answer")
    assert answer["error"] is None
    shown = [output["data"]["text/plain"] for output in answer["outputs"] if output["output_type"] == "execute_result"]
    assert shown == ["1", "11", "111"]
    assert [output["ename"] for output in answer["outputs"] if output["output_type"] == "error"] == ["NameError"]
    assert box.cell("answer_with_error")["error"]["line"] == 2
    assert box.found("none") == {"kept": 2}
    assert box.cell("slow")["error"]["ename"] == "CellTimeout"
