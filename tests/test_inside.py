"""What runs in the box: the notebook shell, descriptions of figures, batches of images, the evidence pipe, probes."""

import json
import os
import struct
from pathlib import Path

import pytest
import torch
from conftest import BoxRun, RunBox

from autograder.inside import draws, reports, standins
from autograder.inside.channel import Channel
from autograder.runs.frames import parse_frame

CELLS = {
    "plain": "import torch\nx = torch.arange(3)\nx",
    "printing": "import sys\nprint('out'); print('err', file=sys.stderr)\nprint('again')",
    "frame": "import pandas as pd\npd.DataFrame({'a': [1, 2]})",
    "displayed": "from IPython.display import HTML, display\ndisplay(HTML('<b>bold</b>'))\n'last'",
    "magics": "%time y = 2\n%timeit -n1 -r1 pass\n%matplotlib inline\nprint(y)",
    "cell_magic": "%%capture kept\nprint('hidden')",
    "shell": "!echo from the shell",
    "bang_pip": "!pip install something",
    "magic_pip": "%pip install something",
    "module_pip": "import sys\n!{sys.executable} -m pip install -q something",
    "awaiting": "import asyncio\nawait asyncio.sleep(0.01)\nprint(await asyncio.sleep(0, 'awaited'))",
    "flood": "print('x' * 100_000_000)",
    "many_prints": "for i in range(100_000):\n    print('y' * 1000)\nprint('the end')",
    "after_flood": "print('short')",
    "surrogate": "print('lone \\ud800 surrogate')",
    "asking": "input('name? ')",
    "failing": "a = 1\nb = 0\na / b",
    "defined": "def divide(n):\n    return 1 / n",
    "given": "n = 3",
    "doubling": "m = n * 2",
    "calling": "\n\ndivide(0)",
    "syntax": "def broken(:\n    pass",
    "unclosed": "\n\nx = 1\nprint(x\ny = 2",
    "blank_lines": "\n  \nb = 0\n1 / b",
    "elsewhere": "c = 1\n\n\ndivide(0)",
    "timed": "%%time\nb = 0\n1 / b",
    "timed_syntax": "\n%%time\nb = = 0",
    "written": "%%writefile broken_module.py\na = 1\n\nb = = 1",
    "unended": "a = 1\nb = '''two\nthree",
    "headless": "def f():",
    "undefined": "given = 1\ngiven + never_given",
    "local": "def f():\n    x += 1\nf()",
    "importing": "import sys; sys.path.append('.')\nimport broken_module",
    "no_library": "import torch\nfrom nowhere.to_be import found",
    "no_such_name": "from torch.optim import Adan",
    "exiting": "import sys\nsys.exit(3)",
    "silent": "class Odd(Exception):\n    def __str__(self): raise RuntimeError('no text')\nraise Odd",
    "still_here": "print(y)",
    "slow": "import time\nwhile True:\n    time.sleep(0.01)",
    "stubborn": """
import time
end = time.monotonic() + 30
while time.monotonic() < end:
    try:
        time.sleep(0.01)
    except Exception:
        pass
""",
    "after_time": "print('next cell')",
    "figure": """
import matplotlib.pyplot as plt, numpy as np
figure, (left, right) = plt.subplots(1, 2)
left.plot([1, 2, 3], [0.5, 0.25, 0.125])
left.set(title='Loss', xlabel='epoch', ylabel='mean loss', xlim=(0, 4))
left.scatter([7, 8], [1, 2])
right.imshow(np.array([[0.0, 1.0], [2.0, 3.0]]))
right.pcolormesh(np.array([[4.0, 5.0, 6.0]]))
figure.suptitle('Two')
plt.show()
plt.semilogx([1, 10], [1, 2])
""",
    "module": "%%writefile measuring.py\nscale = 1\ndef measure(network, x):\n    return scale * network(x).item()",
    "holders": """
import functools, types
from measuring import measure, scale
net = torch.nn.Linear(2, 1)
test_loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(7, 2), torch.ones(7)), batch_size=2)
test_data = test_loader.dataset
trainer = types.SimpleNamespace(net=net, loader=test_loader)
listed, paired, keyed, partly = [net], (net, test_loader), {"net": net}, functools.partial(net)
whole = torch.nn.Sequential(net)
def count(network=net, *, loader=test_loader):
    return len(loader), sum(len(images) for images, labels in loader), len(loader.dataset)
def closing(network, loader):
    return lambda: (measure(network, one), len(loader))
closed, one = closing(net, test_loader), torch.ones(1, 2)
""",
    "ways": """
held = (net, trainer.net, listed[0], paired[0], keyed["net"], partly, whole, count.__defaults__[0])
seen = [way(one).item() for way in held]
seen += [measure(net, one), closed()[0]]
counts = [count(), (len(trainer.loader), len(list(paired[1])), len(test_data)), closed()[1]]
kept = trainer.net
""",
    "progress": "from tqdm.auto import tqdm\nprint(sum(tqdm(range(3))))",
    "warning": "import warnings\nwarnings.warn('careful')\nprint('fine')",
    "device": "print(json.dumps(1)) if 'json' in globals() else print('clean namespace')",
}

PROBES = '''
"""Probes of a toy assignment."""
import random
import torch
from inside.probing import Evidence, Student, probe

@probe(after="figure")
def drawing(student: Student) -> Evidence:
    return Evidence({"figures": student.rerun("figure").run.figures})

@probe(after="doubling")
def rerunning(student: Student) -> Evidence:
    again = student.rerun("doubling", n=50, new=1)
    after = student.namespace
    return Evidence({"m": again.values["m"], "after": [after["n"], after["m"], "new" in after]}, {"x": after["x"]})

@probe(after="ways")
def replaced(student: Student) -> Evidence:
    from inside import loop

    class Doubling(torch.nn.Module):
        def forward(self, images):
            return 2000 * images.sum()

    names, network = student.namespace, Doubling()
    before = names["net"], type(names["net"]), list(names["net"].state_dict()), names["seen"], names["counts"]
    batches = loop.Batches([(torch.zeros(5, 2), torch.zeros(5))] * 3)
    again = student.rerun("ways", net=network, test_loader=batches, test_data=batches.dataset, scale=10)
    own = again.values["kept"] is network
    after = names["net"], type(names["net"]), list(names["net"].state_dict()), names["seen"], names["counts"]
    back = student.rerun("ways")
    same = before[:2] == after[:2] and before[2:] == after[2:] and type(names["test_loader"]).__name__ == "DataLoader"
    return Evidence({
        "error": again.run.error, "seen": again.values["seen"], "counts": again.values["counts"], "own": own, "same": same,
        "back": back.values["seen"] == before[3] and back.values["counts"] == before[4],
        "scale": names["measure"].__globals__["scale"],
    })

@probe(after="defined")
def failing(student: Student) -> Evidence:
    return Evidence({"never": student.namespace["divide"](0)})

@probe(after="defined")
def missing(student: Student) -> Evidence:
    assert student.namespace.get("ConvNet") is student.namespace.pop("ConvNet", None) is None
    return Evidence({"never": student.namespace["ConvNet"]()})

@probe(after="printing")
def drawing_random_numbers(student: Student) -> Evidence:
    before = torch.get_rng_state(), random.getstate()
    torch.set_grad_enabled(False)
    torch.set_default_dtype(torch.float64)
    return Evidence({"torch": torch.rand(1).item(), "seed": student.seed})

@probe(after="warning")
def state_after(student: Student) -> Evidence:
    return Evidence({"grad": torch.is_grad_enabled(), "dtype": str(torch.get_default_dtype())})
'''


@pytest.fixture(scope="module")
def box(run_box: RunBox, tmp_path_factory: pytest.TempPathFactory) -> BoxRun:
    probes = tmp_path_factory.mktemp("toy") / "probes.py"
    probes.write_text(PROBES)
    return run_box(CELLS, brief={"slow": 3, "stubborn": 3}, probes=probes, seed=11)


def outputs(box: BoxRun, cell: str) -> list[str]:
    return [output["output_type"] for output in box.cell(cell)["outputs"]]


def test_all_cells_run_to_the_end(box: BoxRun) -> None:
    assert box.ended
    assert [f["cell"] for f in box.frames if f["event"] == "finished"] == list(CELLS)


def test_last_expression_is_the_result(box: BoxRun) -> None:
    assert box.cell("plain")["outputs"] == [
        {
            "output_type": "execute_result",
            "data": {"text/plain": "tensor([0, 1, 2])"},
            "metadata": {},
            "execution_count": None,
        }
    ]


def test_stdout_and_stderr_are_kept_apart_and_in_order(box: BoxRun) -> None:
    shown = box.cell("printing")["outputs"]
    assert [(o["name"], o["text"]) for o in shown] == [("stdout", "out\n"), ("stderr", "err\n"), ("stdout", "again\n")]


def test_warning_goes_to_stderr_and_is_no_error(box: BoxRun) -> None:
    assert "careful" in box.printed("warning", "stderr")
    assert box.printed("warning") == "fine\n"
    assert box.cell("warning")["error"] is None


def test_data_frame_is_shown_as_text_and_table(box: BoxRun) -> None:
    data = box.cell("frame")["outputs"][0]["data"]
    assert "<table" in data["text/html"]
    assert "a" in data["text/plain"]


def test_display_and_result_both_show(box: BoxRun) -> None:
    assert outputs(box, "displayed") == ["display_data", "execute_result"]
    assert box.cell("displayed")["outputs"][0]["data"]["text/html"] == "<b>bold</b>"


def test_magics_work(box: BoxRun) -> None:
    assert box.cell("magics")["error"] is None
    text = box.printed("magics")
    assert "Wall time" in text
    assert "per loop" in text
    assert text.endswith("2\n")
    assert box.cell("cell_magic")["outputs"] == []


def test_shell_lines_run_and_installing_is_skipped(box: BoxRun) -> None:
    assert box.printed("shell") == "from the shell\n"
    for cell in ("bang_pip", "magic_pip", "module_pip"):
        assert box.cell(cell)["error"] is None
        assert box.printed(cell).startswith("[skipped when grading:"), cell


def test_top_level_await_works(box: BoxRun) -> None:
    assert box.printed("awaiting") == "awaited\n"


@pytest.mark.parametrize("cell", ["flood", "many_prints"])
def test_100_mb_of_output_are_cut_and_cost_little(box: BoxRun, cell: str) -> None:
    text = box.printed(cell)
    assert 50_000 <= len(text) < 51_000
    assert text.count("[output cut after 50,000 characters]") == 1
    assert box.cell(cell)["seconds"] < 3
    assert box.cell(cell)["error"] is None
    assert box.printed("after_flood") == "short\n"


def test_text_that_is_no_unicode_costs_nothing_else(box: BoxRun) -> None:
    text = box.printed("surrogate")
    assert text.startswith("lone ")
    text.encode()


def test_input_is_refused_with_a_reason(box: BoxRun) -> None:
    assert "input() is not available" in box.cell("asking")["error"]["evalue"]


def test_an_error_names_its_line_in_the_cell(box: BoxRun) -> None:
    error = {"ename": "ZeroDivisionError", "evalue": "division by zero", "line": 3, "module": None, "undefined": None}
    assert box.cell("failing")["error"] == error
    assert outputs(box, "failing") == ["error"]
    assert "ZeroDivisionError" in "\n".join(box.cell("failing")["outputs"][0]["traceback"])
    assert box.cell("syntax")["error"]["ename"] == "SyntaxError"
    assert box.cell("syntax")["error"]["line"] == 1


@pytest.mark.parametrize(
    ("cell", "line", "said"),
    [
        ("unclosed", 4, "'(' was never closed"),
        ("unended", 2, "unterminated triple-quoted string literal (detected at line 3)"),
        ("headless", 1, "expected an indented block after function definition on line 1"),
        ("blank_lines", 4, "division by zero"),
        ("elsewhere", 4, "division by zero"),
        ("timed", 3, "division by zero"),
        ("timed_syntax", 3, "invalid syntax"),
        ("importing", 2, "invalid syntax (broken_module.py, line 3)"),
    ],
)
def test_the_line_is_that_of_the_students_cell(box: BoxRun, cell: str, line: int, said: str) -> None:
    error = box.cell(cell)["error"]
    assert (error["line"], error["evalue"]) == (line, said)


def test_an_import_that_fails_names_the_module(box: BoxRun) -> None:
    missing, name = box.cell("no_library")["error"], box.cell("no_such_name")["error"]
    assert (missing["ename"], missing["module"], missing["line"]) == ("ModuleNotFoundError", "nowhere", 2)
    assert (name["ename"], name["module"]) == ("ImportError", "torch.optim")
    assert name["evalue"] == "cannot import name 'Adan' from 'torch.optim'"


def test_a_name_that_has_no_value_is_named(box: BoxRun) -> None:
    error = box.cell("undefined")["error"]
    assert (error["ename"], error["undefined"], error["line"]) == ("NameError", "never_given", 2)
    local = box.cell("local")["error"]
    assert (local["ename"], local["undefined"]) == ("UnboundLocalError", None), "no other cell could have given it"


def test_errors_exits_and_odd_exceptions_do_not_end_the_notebook(box: BoxRun) -> None:
    assert box.cell("exiting")["error"]["ename"] == "SystemExit"
    assert box.cell("silent")["error"]["ename"] == "Odd"
    assert box.printed("still_here") == "2\n"


@pytest.mark.parametrize("cell", ["slow", "stubborn"])
def test_a_cell_is_stopped_at_its_time(box: BoxRun, cell: str) -> None:
    assert box.cell(cell)["error"]["ename"] == "CellTimeout"
    assert "3 seconds" in box.cell(cell)["error"]["evalue"]
    assert 2.9 < box.cell(cell)["seconds"] < 6
    assert box.printed("after_time") == "next cell\n"


def test_figures_are_described_and_shown(box: BoxRun) -> None:
    two, last = box.found("drawing")["figures"]
    left, right = two["axes"]
    assert two["suptitle"] == "Two"
    assert (left["title"], left["xlabel"], left["ylabel"]) == ("Loss", "epoch", "mean loss")
    assert left["xlim"] == [0, 4]
    assert left["ylim"][0] < 0.125
    assert left["lines"] == [{"x": [1, 2, 3], "y": [0.5, 0.25, 0.125]}, {"x": [7, 8], "y": [1, 2]}]
    assert right["images"] == [{"shape": [2, 2], "pixels": [0, 1, 2, 3]}, {"shape": [1, 3], "pixels": [4, 5, 6]}]
    assert right["lines"] == []
    assert last["axes"][0]["xscale"] == "log"
    pictures = [o for o in box.cell("figure")["outputs"] if "image/png" in o.get("data", {})]
    assert [picture["data"][reports.ALT] for picture in pictures] == ["Two; Loss; x: epoch; y: mean loss", ""]


def test_progress_bars_do_no_harm(box: BoxRun) -> None:
    assert box.printed("progress") == "3\n"
    assert box.cell("progress")["error"] is None


def test_the_notebooks_namespace_is_its_own(box: BoxRun) -> None:
    assert box.printed("device") == "clean namespace\n"


def test_a_cell_run_again_puts_every_variable_back(box: BoxRun) -> None:
    assert box.found("rerunning") == {"m": 100, "after": [3, 6, False]}
    assert box.tensors["rerunning/x"].tolist() == [0, 1, 2]


def test_a_stand_in_is_met_on_every_way_to_what_it_stands_for(box: BoxRun) -> None:
    found = box.found("replaced")
    assert found["error"] is None
    assert found["seen"] == [4000] * 8 + [40_000] * 2
    assert found["counts"] == [[3, 15, 15], [3, 3, 15], 3]
    assert found["own"], "what the cell took from elsewhere is the stand-in"
    assert found["same"]
    assert found["back"]
    assert found["scale"] == 1


def test_what_student_code_raises_in_a_probe_is_its_finding(box: BoxRun) -> None:
    assert box.found("failing") == {"problem": "ZeroDivisionError: division by zero"}
    assert box.found("missing") == {"problem": "NameError: name 'ConvNet' is not defined"}


def test_a_probe_leaves_random_state_and_torch_settings_alone(box: BoxRun) -> None:
    assert box.found("drawing_random_numbers")["seed"] == 11
    assert box.found("state_after") == {"grad": True, "dtype": "torch.float32"}


DATASETS = {
    "setup": """
import hashlib, json, random, torch
from torch.utils.data import DataLoader, Subset
from torchvision import transforms
from torchvision.datasets import MNIST, FashionMNIST
usual = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
class OneByOne(torch.utils.data.Dataset):
    # Hides the batch door, so that the loader asks for image after image.
    def __init__(self, dataset): self.dataset = dataset
    def __len__(self): return len(self.dataset)
    def __getitem__(self, index): return self.dataset[index]
def bits(loader):
    digest = hashlib.sha256()
    for images, labels in loader:
        digest.update(repr((tuple(images.shape), images.dtype, tuple(labels.shape), labels.dtype)).encode())
        digest.update(images.numpy().tobytes() + labels.numpy().tobytes())
    return digest.hexdigest()
def same(dataset, **options):
    found = []
    for kind in (dataset, OneByOne(dataset)):
        torch.manual_seed(3)
        found.append(bits(DataLoader(kind, **options)))
    return found[0] == found[1]
data = MNIST(root="anywhere", train=True, download=True, transform=usual)
few = Subset(data, range(1003))
""",
    "sizes": "print(json.dumps([len(data), len(MNIST('data', train=False)), data.train_data.shape[0]]))",
    "ordinary": "print(json.dumps(same(few, batch_size=64)))",
    "shuffled": "print(json.dumps(same(few, batch_size=64, shuffle=True)))",
    "dropping": "print(json.dumps(same(few, batch_size=64, shuffle=True, drop_last=True)))",
    "workers": "print(json.dumps(same(few, batch_size=64, shuffle=True, num_workers=2)))",
    "random_split": """
parts = torch.utils.data.random_split(few, [803, 200], generator=torch.Generator().manual_seed(4))
print(json.dumps(all(same(part, batch_size=64, shuffle=True) for part in parts)))
""",
    "several_epochs": """
def epochs(dataset):
    torch.manual_seed(5)
    loader = DataLoader(dataset, batch_size=100, shuffle=True)
    return [bits(loader) for _ in range(3)], torch.rand(1).item()
print(json.dumps(epochs(few) == epochs(OneByOne(few)) and len(set(epochs(few)[0])) == 3))
""",
    "own_collation": """
def backwards(samples): return tuple(part.flip(0) for part in torch.utils.data.default_collate(samples))
print(json.dumps(same(few, batch_size=64, collate_fn=backwards)))
""",
    "no_batches": """
found = [[(image.numpy().tobytes(), label) for image, label in DataLoader(kind, batch_size=None)]
         for kind in (Subset(data, range(20)), OneByOne(Subset(data, range(20))))]
print(json.dumps(found[0] == found[1]))
""",
    "subset_of_subset": "print(json.dumps(same(Subset(few, torch.tensor([7, 3, 1002])), batch_size=2)))",
    "own_subset": """
class Negative(Subset):
    def __getitem__(self, index):
        image, label = super().__getitem__(index)
        return -image, label
    def __getitems__(self, indices): return [self[index] for index in indices]
print(json.dumps(same(Negative(data, range(100)), batch_size=30)))
""",
    "kinds_of_batches": """
kinds = [[type(batch).__name__, *(type(part).__name__ for part in batch)]
         for batch in (next(iter(DataLoader(kind, batch_size=4))) for kind in (few, OneByOne(few)))]
print(json.dumps(kinds[0] == kinds[1]))
""",
    "scattered": "print(json.dumps(same(Subset(data, [5, 59_999, 5, 17]), batch_size=3)))",
    "test_set": "print(json.dumps(same(Subset(MNIST('x', train=False, transform=usual), range(300)), batch_size=100)))",
    "only_tensor": "print(json.dumps(same(Subset(MNIST('x', transform=transforms.ToTensor()), range(300)), batch_size=64)))",
    "two_steps": """
twice = transforms.Compose([transforms.ToTensor(), transforms.Normalize(0.1307, 0.3081), transforms.Normalize(0.5, 2.0)])
print(json.dumps(same(Subset(MNIST('x', transform=twice), range(300)), batch_size=100)))
""",
    "double": """
torch.set_default_dtype(torch.float64)
try:
    print(json.dumps(same(few, batch_size=64)))
finally:
    torch.set_default_dtype(torch.float32)
""",
    "other_transform": """
turned = transforms.Compose([transforms.RandomRotation(10), transforms.ToTensor()])
print(json.dumps(same(Subset(MNIST('x', transform=turned), range(200)), batch_size=50)))
""",
    "random_after": """
erased = transforms.Compose([transforms.ToTensor(), transforms.RandomErasing(1.0)])
print(json.dumps(same(Subset(MNIST('x', transform=erased), range(200)), batch_size=50)))
""",
    "target_transform": """
print(json.dumps(same(Subset(MNIST('x', transform=usual, target_transform=lambda y: y + 1), range(200)), batch_size=50)))
""",
    "label_list": """
relabelled = MNIST('x', transform=usual)
relabelled.targets = [int(y) % 2 for y in relabelled.targets]
print(json.dumps(same(Subset(relabelled, range(200)), batch_size=50)))
""",
    "subclass": """
class Odd(MNIST):
    @property
    def raw_folder(self): return '/box/data/MNIST/raw'
    def __getitem__(self, index):
        image, label = super().__getitem__(index)
        return -image, label
print(json.dumps(same(Subset(Odd('x', transform=usual), range(200)), batch_size=50)))
""",
    "one_image": "image, label = data[7]\nprint(json.dumps([list(image.shape), str(image.dtype), type(label).__name__]))",
    "speed": """
import time
def seconds(dataset):
    begun = time.process_time()
    for _ in DataLoader(dataset, batch_size=256): pass
    return time.process_time() - begun
some = Subset(data, range(6000))
seconds(some)
print(json.dumps(seconds(OneByOne(some)) / seconds(some)))
""",
}


@pytest.fixture(scope="module")
def datasets(run_box: RunBox) -> BoxRun:
    return run_box(DATASETS, data="mnist")


def test_datasets_are_found_whatever_root_the_notebook_names(datasets: BoxRun) -> None:
    assert datasets.said("sizes") == [60_000, 10_000, 60_000]
    assert datasets.said("one_image") == [[1, 28, 28], "torch.float32", "int"]


@pytest.mark.parametrize("cell", [name for name in DATASETS if name not in ("setup", "sizes", "one_image", "speed")])
def test_batches_have_the_bits_of_single_images(datasets: BoxRun, cell: str) -> None:
    assert datasets.said(cell) is True


def test_batches_are_many_times_faster(datasets: BoxRun) -> None:
    assert datasets.said("speed") > 4


PASSES = {
    "setup": """
import torch
from torch.utils.data import DataLoader
data = torch.utils.data.TensorDataset(torch.arange(40.0)[:, None])
loader, held_out = DataLoader(data, batch_size=4, shuffle=True), DataLoader(data, batch_size=20)
weight = torch.nn.Parameter(torch.zeros(1))
optimizer = torch.optim.SGD([weight], lr=0.1)
def step(_):
    weight.grad = torch.ones(1)
    optimizer.step()
""",
    "whole": "for _ in range(2):\n    for batch in loader: step(batch)",
    "broken_off": """
for _ in range(2):
    for number, batch in enumerate(loader):
        if number == 3: break
        step(batch)
""",
    "now_and_then": "for number, batch in enumerate(loader):\n    if number % 2: step(batch)",
    "tested_between": "for batch in loader:\n    step(batch)\n    for _ in held_out: pass",
    "only_looked_at": "for batch in loader: next(iter(held_out))",
    "kept_as_a_list": "batches = list(loader)\nfor batch in 2 * batches: step(batch)",
    "last_step_after_the_end": """
before = None
for batch in loader:
    if before: step(before)
    before = batch
step(before)
""",
    "kept_workers": """
kept = DataLoader(data, batch_size=4, num_workers=1, persistent_workers=True)
for _ in range(2):
    for batch in kept: step(batch)
del kept
""",
    "an_error": "for number, batch in enumerate(loader):\n    step(batch)\n    1 / (2 - number)",
    "nothing": "step(None)",
}


def test_steps_are_counted_in_each_pass_of_a_training(run_box: RunBox) -> None:
    box = run_box(PASSES, training=True)
    assert {name: box.cell(name)["passes"] for name in PASSES} == {
        "setup": [],
        "whole": [[10, 10], [10, 10]],
        "broken_off": [[10, 3], [10, 3]],
        "now_and_then": [[10, 5]],
        "tested_between": [[10, 10]],
        "only_looked_at": [],
        "kept_as_a_list": [[10, 20]],
        "last_step_after_the_end": [[10, 10]],
        "kept_workers": [[10, 10], [10, 10]],
        "an_error": [[10, 3]],
        "nothing": [],
    }


def test_steps_are_counted_in_cells_of_a_training_alone(run_box: RunBox) -> None:
    box = run_box({name: PASSES[name] for name in ("setup", "whole")})
    assert box.cell("whole")["passes"] == []


def sent(document: dict[str, object], tensors: dict[str, torch.Tensor] | None = None) -> tuple[bytes, bytes]:
    read_end, write_end = os.pipe()
    Channel(write_end).send(document, tensors)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        data = pipe.read()
    text, blob = struct.unpack_from(">QQ", data)
    assert len(data) == 16 + text + blob
    return data[16 : 16 + text], data[16 + text :]


def test_channel_sends_what_evidence_reads() -> None:
    whole = torch.arange(6.0).reshape(2, 3)
    tensors = {"whole": whole, "view": whole.t(), "parameter": torch.nn.Parameter(whole), "none": torch.zeros(0)}
    document = {"event": "x", "values": [1, 2.5, None, True], "nested": {"a": "b"}}
    found, back = parse_frame(*sent(document, tensors))
    assert found == document
    assert all(torch.equal(back[name], tensor) for name, tensor in tensors.items())


def test_channel_makes_strict_json_of_anything() -> None:
    odd = {"nan": float("nan"), "infinite": -float("inf"), "object": Path("x"), "tuple": (1,), 3: "key", "lone": "\ud800"}
    text, _ = sent(odd)
    found = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
    assert found == {"nan": "nan", "infinite": "-inf", "object": "<PosixPath>", "tuple": [1], "3": "key", "lone": "?"}


@pytest.mark.parametrize("seed", [*range(30), 1403464386])
def test_no_batch_and_no_mean_of_batches_is_right_as_often_as_all_images(seed: int) -> None:
    weight, images, labels = draws.classified(seed)
    right = [
        (draws.answers(weight, batch, False).argmax(1) == wanted).float()
        for batch, wanted in zip(images, labels, strict=True)
    ]
    shares, all_of_them = [float(batch.mean()) for batch in right], float(torch.cat(right).mean())
    wrong = [*shares, sum(shares) / len(shares), float(torch.cat(right[:-1]).mean()), float(torch.cat(right[1:]).mean())]
    assert min(abs(share - all_of_them) for share in wrong) > 0.01


@pytest.mark.parametrize("seed", [*range(30), 231609953])
def test_differences_of_classes_do_not_sum_up_to_the_number_of_wrong_ones(seed: int) -> None:
    weight, images, labels = (torch.cat(part) if isinstance(part, list) else part for part in draws.classified(seed))
    answered = draws.answers(weight, images, False).argmax(1)
    assert abs(int((answered - labels).sum())) != int((answered != labels).sum())


MOVES = {
    "x, y = x.to('cpu'), y.to('cpu')\nfound = (net(x).argmax(1) != y).sum()": "both",
    "x, y = x.to(device='cpu', non_blocking=True), y.to('cpu')\nfound = (net(x).argmax(1).cpu() != y.cpu())": "both",
    "yh = net(x.to('cpu').float()).argmax(1)\ny = y.to('cpu')": "both",
    "x, y = torch.as_tensor(x, device='cpu'), torch.asarray(y, device='cpu')\nfound = (net(x).argmax(1) != y)": "both",
    "x, y = torch.as_tensor(x, device='cpu').float(), torch.asarray(y, device='cpu')\nnet(x).argmax(1) != y": "both",
    "x, y = torch.as_tensor(x, dtype=torch.float32), torch.as_tensor(y)\nfound = (net(x).argmax(1) != y)": "",
    "x.to('cpu'), y.to('cpu')\nfound = (net(x).argmax(1) != y).sum()": "",
    "x.to('cpu'), y.to('cpu')\nfound = [a != b for a, b in zip(net(x).argmax(1).tolist(), y.tolist())]": "",
    "x, moved = x.to('cpu'), y.to('cpu')\nfound = (net(x).argmax(1) != y).sum()": "images",
    "x, y = x.to(torch.float32), y.to(torch.long)\nfound = (net(x).argmax(1) != y).sum()": "",
    "x, y = x.cpu(), y.cpu()\nfound = (net(x).argmax(1) != y).sum()": "",
}


@pytest.mark.parametrize("code", MOVES)
def test_moved_tensors_count_where_they_are_used(code: str) -> None:
    net, loader = standins.stand_ins(5)
    values: dict[str, object] = {"net": net, "loader": loader, "torch": torch}
    lines = "".join(f"    {line}\n" for line in code.splitlines())
    with standins.NoteMoves(loader, net) as moves:
        exec(f"for x, y in loader:\n{lines}", values)
    images, labels = [0, 2, 4, 6], [1, 3, 5, 7]
    wanted = {"both": sorted(images + labels), "images": images, "": []}[MOVES[code]]
    assert moves.moved(values.values(), stopped=False) == wanted
