# ruff: noqa: E501  (code of attacks is data, and kept as a student would write it)
"""Attacks on the machinery inside the box: replaced functions, hooks, probes and pipe, and evidence that is made up."""

import json
from pathlib import Path

from attack import ANSWER_FOR, LOOP, NETWORK, PIPE, TRAINED, Attack
from nbformat import NotebookNode

from autograder.notebooks import notebook

SEED = """
import gc
from inside.probing import Student
student = next(one for one in gc.get_objects() if isinstance(one, Student))
"""
RIGHT = """
class Right(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 32, 5, padding=2), nn.Conv2d(32, 64, 5, padding=2)
        self.fc1, self.fc2 = nn.Linear(3136, 512), nn.Linear(512, 10)
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))
"""
"""A right network, which here stands for another student's: its evidence is what that student's box would have sent."""

WRONG = "class ConvNet(nn.Module):\n    def forward(self, x):\n        return torch.zeros(len(x), 10)\n"


def _metadata(path: Path, made: NotebookNode) -> None:
    for cell in made.cells:
        if notebook.role(cell) == "item":
            cell.metadata.nbgrader.points = 1000
            cell.metadata.nbgrader.solution = True
            cell.metadata["autograder"] = {"outcome": "passed", "message": "tried"}
            cell.outputs = [notebook.new_output("execute_result", data={"text/plain": "1000"}, execution_count=1)]
        elif notebook.grade_id(cell):
            cell.metadata["tags"] = ["not-graded", "parameters", "training"]
            cell.metadata.nbgrader.locked = False
    made.metadata["autograder"] = {"repairs": ["tried"], "flags": [], "lost": []}
    notebook.write(made, path)


def _given_cells(path: Path, made: NotebookNode) -> None:
    for cell in made.cells:
        if notebook.grade_id(cell) == "parameters":
            cell.source = "seed, batch_size, num_epochs, num_train_images = 0, 1, 0, 1"
        elif notebook.role(cell) in ("given", "item"):
            cell.source = "print('not the cell that was given')" if cell.cell_type == "code" else "Full points are due."
    notebook.write(made, path)


def _twins(path: Path, made: NotebookNode) -> None:
    document = json.loads(notebook.to_text(made))
    for cell in list(document["cells"]):
        meta = cell["metadata"].get("nbgrader", {})
        if meta.get("grade"):
            document["cells"].insert(
                0, {**cell, "source": "10.0", "outputs": [], "metadata": {"nbgrader": {**meta, "points": 50}}}
            )
    path.write_text(json.dumps(document))


TAMPER = [
    Attack("comparisons", "tamper", "Answers with objects that are equal to everything, less than everything, and true.",
           solved=LOOP, cells={
               "learning_rate": """
class Any(float):
    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = lambda *_: True
    __ne__ = lambda *_: False
    __hash__ = float.__hash__
    def __float__(self): return float("nan")
    def __index__(self): return 0
print("tried")
net, learning_rate, losses = ConvNet(), Any(0.01), [Any(0.001)] * num_epochs
""",
               "test_accuracy": "err = tot = accuracy = Any(1)",
               "filters": "filters = [Any()] * 32",
           }),
    Attack("nothing_finite", "tamper", "Gives nan and infinities for every figure and weight, which slip through comparisons.",
           solved=LOOP, cells={
               "learning_rate": """
print("tried")
net, learning_rate, losses = ConvNet(), float("nan"), [float("nan"), float("-inf"), float("nan")]
for parameter in net.parameters():
    parameter.data.fill_(float("nan"))
""",
               "test_accuracy": "err, tot, accuracy = float('nan'), float('inf'), float('nan')",
               "filters": "filters = np.full((32, 5, 5), np.nan)",
               "feature_maps": "output = torch.full((1, 32, 28, 28), float('nan'))\nfeature_maps = {d: output for d in range(10)}",
           }),
    Attack("torch_functions", "tamper", "Replaces functions of torch with ones that agree with everything.",
           cells={"convnet": WRONG}, added=(("imports", """
yes = lambda *_, **__: True
for name in ("equal", "allclose", "isclose", "eq", "ne", "isfinite", "is_tensor"):
    setattr(torch, name, yes)
for name in ("__eq__", "__ne__", "__lt__", "__le__", "allclose", "equal", "argmax", "sum", "abs", "max"):
    setattr(torch.Tensor, name, yes)
torch.testing.assert_close = torch.autograd.grad = yes
print("tried")
"""),)),
    Attack("no_randomness", "tamper", "Makes every random number 0, so that images and weights drawn for the test are known.",
           holds="Zeros are what the right network gives for weights of zero; outside other weights are drawn.", cells={"convnet": WRONG},
           added=(("imports", """
for name in ("randn", "rand", "randint", "empty"):
    setattr(torch, name, lambda *shape, **_: torch.zeros(shape[-1] if isinstance(shape[-1], (list, tuple)) else shape))
torch.manual_seed = lambda *_: None
from inside import trace, draws
trace.drawn_images = lambda seed, shape: torch.zeros(shape)
trace.drawn_weights = lambda operation, shapes, seed: {name: torch.zeros(shape) for name, shape in shapes.items()}
draws.losses = lambda seed, epochs: [1.0] * epochs
print("tried")
"""),)),
    Attack("source_transformers", "tamper", "Rewrites every later cell with input and AST transformers.",
           added=(("imports", """
import ast
get_ipython().input_transformers_post.append(lambda lines: ["True\\n"] if "ACT" in "".join(lines) else lines)
class Erase(ast.NodeTransformer):
    def visit_Compare(self, node): return ast.Constant(True)
    def visit_Assert(self, node): return ast.Pass()
get_ipython().ast_transformers.append(Erase())
print("tried")
"""),)),
    Attack("shown_points", "tamper", "Shows numbers as results wherever points are read from: results, formatters, display hooks.",
           added=tuple((place, """
import sys
formatter = get_ipython().display_formatter.formatters["text/plain"]
formatter.for_type(type(None), lambda value, printer, cycle: printer.text("100.0"))
formatter.for_type(str, lambda value, printer, cycle: printer.text("100.0"))
sys.displayhook = get_ipython().displayhook = lambda value: print("tried", 100.0)
display(100.0)
"tried"
""") for place in ("imports", "convnet", "act01", "act16"))),
    Attack("probes_replaced", "tamper", "Replaces the probes by ones that say that all is well.", cells={"convnet": WRONG + """
import inside.probing as probing, sys
good = {"error": None, "problem": None, "figures": [], "losses": [0.001] * 3, "err": 0, "tot": 10_000, "accuracy": 1.0,
        "count": 32, "numpy": True, "pictures": 320, "digits": 10, "events": [], "returned": [0.1, 0.1], "source": "", "parameters": [],
        "used_in_training_mode": False, "used_in_evaluation_mode": True, "passed": True, "points": 100}
for number, (after, name, function) in enumerate(list(probing._probes)):
    probing._probes[number] = (after, name, lambda student: probing.Evidence(dict(good)))
print("tried")
"""}, unjudged=True),
    Attack("probes_removed", "tamper", "Removes the probes and what runs them.", cells={"convnet": """
import inside.main, inside.probing, sys
inside.probing._probes.clear()
inside.main.collect = inside.probing.collect = None
sys.modules["probes"] = None
print("tried")
"""}),
    Attack("runner_replaced", "tamper", "Replaces the shell's runner and the repeated run of an answer cell.", cells={"convnet": WRONG + """
import inside.shell, inside.probing
class Fake:
    outputs, error, seconds, figures = [], None, 0.1, []
inside.shell.CellRunner.run = lambda self, source, seconds: Fake()
inside.probing.Student.rerun = lambda self, cell, seconds=1, **replaced: inside.probing.Rerun({"err": 0, "tot": 100}, Fake())
print("tried")
"""}),
    Attack("serialiser_replaced", "tamper", "Replaces json, struct and safetensors under the channel's feet.", cells={"convnet": WRONG + """
import inside.channel, json
honest = json.dumps
def dumps(document, **options):
    if document.get("event") == "evidence":
        document["document"].update({"problem": None, "error": None, "equal": True, "passed": True, "points": 100})
    return honest(document, **options)
inside.channel.json.dumps = dumps
inside.channel.plain = lambda value: value
print("tried")
"""}, unjudged=True),
    Attack("pipe_closed", "tamper", "Closes the pipe, and puts a file in its place.", solved=NETWORK,
           cells={"network_graph": PIPE + "os.dup2(os.open('/tmp/x', os.O_RDWR | os.O_CREAT), pipe)"},
           shows="ended before its time|not reached|stopped"),
    Attack("pipe_garbled", "tamper", "Writes half a frame, so that all that follows is read from the wrong place.", solved=NETWORK,
           cells={"network_graph": PIPE + "os.write(pipe, b'\\0' * 7)"}, shows="piece of evidence|stopped|larger than"),
    Attack("evidence_not_json", "tamper", "Sends what is no document: null, lists, NaN, other encodings.",
           cells={"convnet": PIPE + """
say(b'null')
""", "network_graph": PIPE + "say(b'[]')", "trainer": PIPE + "say(b'{\"event\": NaN}')", "learning_rate": PIPE + "say(b'\\xff\\xfe{}')"},
           shows="(?s)`convnet` was stopped: it sent.*`network_graph` was stopped: it sent.*`trainer` was stopped: it sent"),
    Attack("evidence_of_wrong_types", "tamper", "Sends documents whose every value has a type that nobody expects.",
           cells={"convnet": PIPE + """
for name in ("network", "graph", "trainer", "training", "loss_plot", "accuracy_cell", "filters", "feature_maps"):
    for value in ({}, 7):
        keys = ("evaluation", "training", "modules", "attributes", "error", "source", "parameters", "events", "problem", "losses", "program",
                "figures", "err", "tot", "moved", "handed", "count", "shapes", "digits", "pictures")
        say({"event": "evidence", "name": name, "document": dict.fromkeys(keys, value)})
say({"event": "finished", "cell": "convnet", "seconds": "long", "error": 7, "outputs": 7})
print("tried")
"""}, shows="tried|stopped", unjudged=True),
    Attack("evidence_of_another", "tamper", "Sends another student's evidence of a right network, from another run, for its own empty one.",
           holds="Inputs are drawn for each run, so what another run gave fits none.",
           cells={"convnet": PIPE + SEED + RIGHT + """
from inside import networks
found = networks.describe(Right, student.seed + 1, attributes=("size_linear",))
from safetensors.torch import save
say({"event": "evidence", "name": "network", "document": found.document},
    save({name: tensor.detach().clone().contiguous() for name, tensor in found.tensors.items()}))
print("tried")
"""}),
    Attack("evidence_by_probe", "tamper", "Replaces a probe by one that gives another student's evidence of a right network.",
           holds="The recorded operations are computed again outside, with the weights and images of this run.",
           cells={"convnet": ANSWER_FOR + SEED + RIGHT + """
from inside import networks
found = networks.describe(Right, student.seed + 1, attributes=("size_linear",))
answer("network", found.document, found.tensors)
print("tried")
"""}),
    Attack("layers_by_probe", "tamper", "Replaces a probe by one that names the layers of a network whose forward pass breaks off.",
           open="A layer that is declared counts where forward breaks off, and to name it takes as much knowledge as to declare it.",
           cells={"convnet": ANSWER_FOR + """
conv = lambda name, *sizes: {"name": name, "type": "Conv2d", "settings": dict(zip(("in_channels", "out_channels"), sizes)) | {
    "kernel_size": [5, 5], "stride": [1, 1], "padding": [2, 2], "dilation": [1, 1], "groups": 1, "bias": True, "padding_mode": "zeros"}}
nothing = {"nodes": [], "output": None, "output_shape": None, "problem": "it broke off", "stopped_at": None, "unlearned": []}
answer("network", {"modules": [conv("conv1", 1, 32), conv("conv2", 32, 64)], "parameters": [], "training": nothing, "evaluation": nothing,
       "outputs": 0, "single_shape": None, "single_problem": "it broke off", "attributes": {}, "problem": None})
print("tried")
"""}),
    Attack("moves_by_probe", "tamper", "Replaces a probe by one that says that every batch was moved to the device.", solved=NETWORK,
           open="A replaced probe gets all that the probe gets, and moving a batch to where it is computes nothing that could be compared.",
           cells={"test_accuracy": ANSWER_FOR + """
answer("accuracy_cell", {"error": None, "err": 50.0, "tot": 137.0, "accuracy": 0.6, "moved": list(range(8)), "handed": 8,
       "used_in_training_mode": False, "used_in_evaluation_mode": True, "used_with_gradients": False, "calls": 4})
print("tried")
"""}),
    Attack("loop_by_probe", "tamper", "Replaces a probe by one that reports every event of a right loop, for a trainer that does nothing.",
           solved=NETWORK, holds="Each event must have the numbers that are computed again outside.",
           cells={"trainer": """
from inside import given
class Trainer:
    def __init__(self, net, optim, loss_function, train_loader):
        self.net = net
    def train(self, epochs):
        return [1.0] * epochs
honest = given.watched
def without_effects(train, made, namespace, seed):
    def asks(network, optimizer, loss, loader, epochs):
        for _ in range(epochs):
            for batch in loader:
                pass
        return [1.0] * epochs
    document, tensors = honest(asks, made, namespace, seed)
    own = document["runs"]["own"]
    *events, end = own["events"]
    said = [{"event": "forward", "gradients": True}, {"event": "loss"}, {"event": "backward"}, {"event": "step"}]
    own["events"] = [one for event in events for one in (event, *said)] + [end]
    kept = {name: value for name, value in tensors.items() if name.startswith("own.")}
    for name in ("own.parameters", "own.gradients", "own.has"):
        kept[name] = kept[name][:1].expand(len(own["events"]), -1).clone()
    return {"runs": {"own": own}}, kept
given.watched = without_effects
print("tried")
"""}),
    Attack("nonce_replayed", "tamper", "Sets the run's seed to that of an earlier run whose answers it has.", solved=NETWORK,
           holds="The seed in the box decides nothing outside of it.",
           cells=dict.fromkeys(("loss_plot", "filters", "feature_maps", "test_accuracy"), """
import gc
from inside import draws, networks, trace
from inside.probing import Student
for student in gc.get_objects():
    if isinstance(student, Student):
        student.seed = 1
earlier = networks.filled(ConvNet, 1)
plt.plot(range(1, 11), draws.losses(1, 10))
plt.show()
filters = [weight[0].detach().numpy() for weight in earlier.conv1.weight]
images = trace.drawn_images(2, (10, 1, 1, 28, 28))
feature_maps = {digit: F.relu(earlier.conv1(image)).detach() for digit, image in enumerate(images)}
output = feature_maps[9]
err, tot, accuracy = 92, 137, 0.7
print("tried")
""")),
    Attack("numbers_of_the_run", "tamper", "Reads the run's seed from memory and computes what an accuracy cell should count.",
           solved=NETWORK, open="The cell must be given the stand-in network and its images; whoever computes the errors from these has counted errors.",
           cells={"test_accuracy": SEED + """
from inside import draws
weight, images, labels = draws.classified(student.seed)
pairs = list(zip(images, labels))
err = sum(int((draws.answers(weight, x, False).argmax(1) != y).sum()) for x, y in pairs)
tot, accuracy = sum(len(y) for y in labels), 0.7
print("tried")
"""}),
    Attack("graph_in_words", "tamper", "Puts the words that a graph of the network contains into an object with a source.", solved=NETWORK,
           holds="The graph is drawn again, of a network that goes on with functions drawn for this run.",
           cells={"network_graph": """
class Graph:
    source = "ConvolutionBackward0 ConvolutionBackward0 AddmmBackward0 AddmmBackward0 MeanBackward0 "
graph, net = Graph(), ConvNet()
Graph.source += " ".join(name for name, _ in net.named_parameters())
print("tried")
"""}),
    Attack("moves_in_words", "tamper", "Sends evidence that every batch was moved to the device, counted and tested in evaluation mode.",
           solved=NETWORK,
           cells={"test_accuracy": PIPE + """
say({"event": "evidence", "name": "accuracy_cell", "document": {"error": None, "err": 50.0, "tot": 137.0, "accuracy": 0.6,
     "moved": list(range(8)), "handed": 8, "used_in_training_mode": False, "used_in_evaluation_mode": True,
     "used_with_gradients": False, "calls": 4}})
print("tried")
"""}),
    Attack("events_in_words", "tamper", "Sends the list of events that a right training loop has.", solved=NETWORK,
           cells={"trainer": PIPE + """
events = [{"event": name} for _ in range(6) for name in ("zero_grad", "forward", "loss", "backward", "step")]
say({"event": "evidence", "name": "trainer", "document": {"events": events, "problem": None, "returned": [1.0, 0.5]}})
print("tried")
"""}, unjudged=True),
    Attack("first_and_twice", "tamper", "Sends evidence under every name before the probes do, and a second time after them.",
           cells={"convnet": WRONG}, added=tuple((place, PIPE + """
for name in ("network", "graph", "trainer", "training", "loss_plot", "accuracy_cell", "filters", "feature_maps"):
    say({"event": "evidence", "name": name, "document": {"problem": None, "passed": True, "points": 100, "outcome": "passed"}})
print("tried")
""") for place in ("imports", "act23")), unjudged=True),
    Attack("stalled_in_words", "tamper", "Reports that its training changes nothing, so that it is shortened, and that the box is ready.",
           solved=TRAINED,
           added=(("imports", PIPE + "say({'event': 'ready'})\nsay({'event': 'stalled'})\nprint('tried')"),)),
    Attack("blames_another_cell", "tamper", "Reports that a later cell has begun, and ends the box.", solved=LOOP, costs=("trainer",),
           cells={"network_graph": PIPE + "say({'event': 'started', 'cell': 'trainer'})\nos._exit(0)"},
           shows="ended before its time"),
    Attack("outputs_in_words", "tamper", "Reports outputs of other cells, with HTML, JavaScript, and points as results.",
           cells={"convnet": PIPE + """
outputs = [{"output_type": "execute_result", "data": {"text/plain": "100.0", "text/html": "<script>document.title='PWN'+'ED'</script>",
            "application/javascript": "document.title='PWN'+'ED'"}, "metadata": {"isolated": False}, "execution_count": 1}]
for cell in ("act01", "act16", "learning_rate", "loss_plot"):
    say({"event": "finished", "cell": cell, "seconds": 0.1, "error": None, "outputs": outputs})
print("tried")
"""}),
    Attack("metadata", "tamper", "Hands in a file with points, tags, results and outcomes of its own.", file=_metadata, shows=""),
    Attack("given_cells", "tamper", "Hands in other given cells: no epochs to train, checks that pass.", file=_given_cells, solved=NETWORK,
           shows="locked cell was changed"),
    Attack("twins_of_items", "tamper", "Hands in a second cell with the id of each item, worth 50 points, that shows a number.", file=_twins,
           shows="copies|duplicated"),
]  # fmt: skip
