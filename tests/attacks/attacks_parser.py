# ruff: noqa: E501  (code of attacks is data, and kept as a student would write it)
"""Attacks on what reads: files in place of a notebook, notebooks that are none, weights and tensors that are code."""

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attack import ANSWER_FOR, NETWORK, PIPE, Attack
from nbformat import NotebookNode

from autograder.notebooks import notebook

Write = Callable[[Path, NotebookNode], None]


def _text(change: Callable[[dict[str, Any]], object]) -> Write:
    """A file with the notebook as ``change`` leaves it, or as what it returns."""

    def write(path: Path, made: NotebookNode) -> None:
        document = json.loads(notebook.to_text(made))
        changed = change(document)
        path.write_text(changed if isinstance(changed, str) else json.dumps(document), encoding="utf-8")

    return write


def _cell(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(cell for cell in document["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == name)


def _link(target: str) -> Write:
    def write(path: Path, made: NotebookNode) -> None:
        path.symlink_to(path.parents[3] / target)

    return write


def _hard_link(path: Path, made: NotebookNode) -> None:
    os.link(path.parents[3] / "source" / path.stem / path.name, path)


def _linked_folder(path: Path, made: NotebookNode) -> None:
    path.parent.rmdir()
    path.parent.symlink_to(path.parents[3] / "source" / path.stem)


def _pipe(path: Path, made: NotebookNode) -> None:
    os.mkfifo(path)


def _device(path: Path, made: NotebookNode) -> None:
    path.symlink_to("/dev/zero")


def _folder(path: Path, made: NotebookNode) -> None:
    path.mkdir()


def _zip(path: Path, made: NotebookNode) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../../@MARK@", "out of the archive")


def _other_name(path: Path, made: NotebookNode) -> None:
    (path.parent / "\x1b]0;PWNED\x07\x1b[2J\x1b[31m.ipynb").write_text("{}")


def _bidi(document: dict[str, Any]) -> None:
    _cell(document, "convnet")["source"] = "access = 'user\u202e \u2066# only here\u2069 \u2066'\nprint('tried')\x08\x08"


def _nul(document: dict[str, Any]) -> None:
    _cell(document, "convnet")["source"] = "print('tried')\x00\nimport os\x00; x = '\ud800'"


def _kernel(document: dict[str, Any]) -> None:
    document["metadata"] = {
        "kernelspec": {
            "name": "../../../../bin/sh",
            "language": "\x1b[31mbash",
            "display_name": "<script>",
            "argv": ["/bin/sh", "-c", "id"],
        },
        "language_info": {"name": "bash", "file_extension": "../../x", "nbconvert_exporter": "os.system"},
        "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {"x": {"model_name": "<script>"}}}},
        "papermill": {"parameters": {"num_epochs": 0}},
    }


def _format(document: dict[str, Any]) -> None:
    document["nbformat"] = "\x1b]0;PWNED\x07\x1b[31m5"


def _cells_of_every_type(document: dict[str, Any]) -> None:
    _cell(document, "convnet")["metadata"]["tags"] = {"not": "a list"}
    document["cells"] = [
        None,
        7,
        [],
        {"cell_type": {"a": 1}, "source": {"b": 2}, "metadata": 7, "id": [1]},
        *document["cells"],
    ]


PARSER = [
    Attack("symbolic_link", "parser", "Hands in a symbolic link to the instructor's notebook.",
           file=_link("source/pa4_convnet/pa4_convnet.ipynb"), shows="symbolic link", refused=True),
    Attack("link_to_neighbour", "parser", "Hands in a symbolic link to another student's notebook.",
           file=_link("submitted/victim/pa4_convnet/pa4_convnet.ipynb"), shows="symbolic link", refused=True),
    Attack("linked_folder", "parser", "Hands in a folder that is a link to the instructor's.", file=_linked_folder,
           shows="symbolic link", refused=True),
    Attack("hard_link", "parser", "Hands in a hard link to the instructor's notebook, as an archive can hold one.", file=_hard_link,
           shows="hard link", refused=True),
    Attack("pipe", "parser", "Hands in a named pipe, at which a reader waits for ever.", file=_pipe, shows="no regular file", refused=True),
    Attack("device", "parser", "Hands in a link to a device that never ends.", file=_device, shows="symbolic link", refused=True),
    Attack("folder", "parser", "Hands in a folder with the notebook's name.", file=_folder, shows="is a folder", refused=True),
    Attack("archive", "parser", "Hands in an archive whose member would be written above it.", file=_zip, shows="is compressed",
           refused=True),
    Attack("sparse_file", "parser", "Hands in a file of a terabyte that takes no space.",
           file=lambda path, made: (path.touch(), os.truncate(path, 1 << 40))[0], shows="the limit is 20 MB", refused=True),
    Attack("nested_deeply", "parser", "Hands in JSON nested a million deep.", file=_text(lambda _: "[" * 2_000_000),
           shows="nested too deeply", refused=True),
    Attack("endless_number", "parser", "Hands in JSON with a number of a million digits.",
           file=_text(lambda _: '{"cells": [], "nbformat": ' + "9" * 1_000_000 + "}"), shows="not valid JSON", refused=True),
    Attack("keys_twice", "parser", "Hands in JSON with two lists of cells, of which readers take one or the other.",
           file=_text(lambda document: json.dumps(document)[:-1] + ', "cells": [{"cell_type": "code", "source": "100.0", "metadata": {}}]}'),
           shows="recognisable", refused=True),
    Attack("ten_thousand_cells", "parser", "Hands in more cells than anybody can read.",
           file=_text(lambda document: document["cells"].extend({"cell_type": "raw", "source": "x"} for _ in range(10_000))),
           shows="more than 2000", refused=True),
    Attack("colours_in_a_name", "parser", "Hands in a file whose name would command the instructor's terminal.", file=_other_name,
           shows="not a Jupyter notebook", refused=True),
    Attack("colours_in_the_format", "parser", "Names a notebook format that would command the instructor's terminal.",
           file=_text(_format), shows=""),
    Attack("not_cells", "parser", "Hands in cells of every type but the right one.", file=_text(_cells_of_every_type),
           shows="entries that are no cells"),
    Attack("other_kernel", "parser", "Asks for another kernel, exporter and parameters in the notebook's metadata.", file=_text(_kernel),
           shows="Python again"),
    Attack("nul_bytes", "parser", "Hands in NUL bytes and halves of surrogate pairs.", file=_text(_nul), shows="NUL|tried"),
    Attack("half_characters", "parser", "Prints, shows and raises halves of surrogate pairs, which no file can hold.",
           cells={"convnet": """
print("tried \\ud800")
display({"text/plain": "\\udfff", "text/html": "\\ud800"}, raw=True)
raise type("E\\udcff", (Exception,), {})("\\udcff")
""", "network_graph": "class Graph: source = '\\ud800'\ngraph = Graph()"}),
    Attack("bidi_text", "parser", "Hands in code that reads otherwise than it runs.", file=_text(_bidi), shows="bidi control"),
    Attack("marker_that_never_ends", "parser", "A comment that takes a regular expression for ever: many zeros and a letter.",
           holds="The grader reads it in no time.", cells={"convnet": "#a" + "0" * 200_000 + "x\nprint('tried')"}),
    Attack("backquotes_that_never_end", "parser", "Written answers that take a Markdown parser for ever.",
           prose={"act20": "\\begin{a}" * 40_000, "act22": "[" * 100_000 + "](" * 50_000, "act24": "*a **a _a __a " * 30_000}, shows=""),
    Attack("magic_words", "parser", "Uses cell magics to write, load and time code, and to change the shell.",
           cells={"convnet": "%%writefile /tmp/x.py\nprint('not run')", "network_graph": "%%javascript\ndocument.title = 'PWN' + 'ED'",
                  "trainer": "%load_ext autoreload\n%autoreload 2\n%config InteractiveShell.ast_node_interactivity = 'all'\n"
                             "%alias_magic t timeit\n%reset -f\nprint('tried')"}),
    Attack("pickled_evidence", "parser", "Sends a pickle in place of tensors, which runs a program when it is loaded.",
           cells={"convnet": PIPE + """
import io, pickle
class Run:
    def __reduce__(self):
        return os.system, ("touch /tmp/@MARK@.pickled",)
kept = io.BytesIO()
torch.save({"weight": Run()}, kept)
say({"event": "evidence", "name": "network", "document": {}}, kept.getvalue())
say({"event": "evidence", "name": "training", "document": {}}, pickle.dumps(Run()))
"""}, shows="piece of evidence"),
    Attack("pickled_network", "parser", "A network that runs a program when it is copied, pickled or unpickled.", solved=NETWORK,
           cells={"learning_rate": """
class Bad(nn.Module):
    def __reduce__(self):
        return __import__("os").system, ("touch /tmp/@MARK@.pickled",)
    __deepcopy__ = lambda self, memo: self
    def state_dict(self, *_, **__): return {"weight": self}
    def named_parameters(self, *_, **__): return [("weight", self)]
    def forward(self, x): return torch.zeros(len(x), 10)
net, learning_rate, losses = Bad(), 0.01, [2.3] * num_epochs
"""}, shows="ended before its time"),
    *(Attack(f"tensors_{name}", "parser", f"Sends safetensors with {about}.",
             cells={"convnet": PIPE + f"""
header = {header}
say({{"event": "evidence", "name": "network", "document": {{}}}}, struct.pack("<Q", {length}) + header + b"\\0" * 64)
print("tried")
"""}, shows="piece of evidence|tried", unjudged=True)
      for name, about, header, length in (
          ("overlap", "tensors that overlap and lie outside of the file",
           """b'{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[9],"data_offsets":[8,99999]}}'""",
           "len(header)"),
          ("shape", "shapes whose product overflows",
           """b'{"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,64]}}'""", "len(header)"),
      )),
    Attack("tensors_empty", "parser", "Answers with empty tensors, scalars, integers and complex numbers where outputs are expected.",
           cells={"convnet": ANSWER_FOR + """
class ConvNet(nn.Module):
    def forward(self, x): return torch.zeros(len(x), 10)
from inside import networks
found = networks.describe(ConvNet, 1)
odd = {"evaluation": torch.zeros(4, 10, dtype=torch.complex64), "evaluation.1": torch.tensor(1), "training": torch.empty(0, dtype=torch.int64)}
answer("network", {**found.document, "outputs": 2, "single_shape": []}, odd)
print("tried")
""", "filters": ANSWER_FOR + """
answer("filters", {"error": None, "count": 32, "numpy": True, "shapes": [[0]] * 32, "figures": []}, {str(n): torch.empty(0) for n in range(32)})
answer("feature_maps", {"error": None, "pictures": 0, "digits": 10}, {f"map.{n}": torch.empty(0, dtype=torch.bool) for n in range(10)})
""", "feature_maps": "feature_maps = {}"}, unjudged=True),
    Attack("program_of_attributes", "parser", "Sends a recorded network whose operations are attributes of an operation, and lead to exec.",
           solved=NETWORK,
           cells={"learning_rate": ANSWER_FOR + """
code = "import os, pathlib, autograder.judging.decision as decision\\nfor top in ('/tmp', '@COURSE@'): pathlib.Path(top, '@MARK@').touch()\\n"
code += "decision.decide = lambda *_: 1 / 0"
steps = [("__getattribute__", "__init__"), ("__setattr__", "_op", 0), ("__getattr__", "__globals__"), ("__setattr__", "_op", 2),
         ("__getattr__", "__getitem__"), ("__setattr__", "f", 4), ("f", "__builtins__"), ("__setattr__", "_op", 6),
         ("__getattr__", "__getitem__"), ("__setattr__", "f", 8), ("f", "exec"), ("__setattr__", "f", 10), ("f", code)]
value = lambda given: {"node": given, "out": 0} if isinstance(given, int) else given
nodes = [{"op": f"aten.relu.{name}", "args": [value(one) for one in given], "kwargs": {}, "shapes": []} for name, *given in steps]
program = {"nodes": nodes, "output": [value(number) for number in range(len(nodes))], "output_shape": [100, 10], "problem": None,
           "stopped_at": None, "unlearned": []}
answer("training", {"program": program, "losses": [0.1] * 3, "learning_rate": 0.01})
print("tried")
"""}),
    Attack("program_beyond_its_tensors", "parser", "Sends a recorded network that reads far beyond the memory of a tensor, and so would end the judge.",
           solved=NETWORK,
           cells={"learning_rate": ANSWER_FOR + """
given = [{"input": 0}, [100, 10], [2**40, 1]]
node = {"op": "aten._reshape_alias.default", "args": given, "kwargs": {}, "shapes": [[100, 10]]}
program = {"nodes": [node], "output": {"node": 0, "out": 0}, "output_shape": [100, 10], "problem": None, "stopped_at": None, "unlearned": []}
answer("training", {"program": program, "losses": [0.1] * 3, "learning_rate": 0.01})
print("tried")
"""}),
    Attack("program_in_circles", "parser", "Sends a recorded network whose operations refer to themselves, to later ones, and to names of files.",
           cells={"convnet": ANSWER_FOR + """
nodes = [{"op": "aten.relu.default", "args": [{"node": 1, "out": 0}], "kwargs": {}, "shapes": [[1]]},
         {"op": "aten.relu.default", "args": [{"node": 0, "out": 0}, {"node": 1, "out": 0}], "kwargs": {}, "shapes": [[1]]},
         {"op": "aten.from_file.default", "args": ["/etc/passwd"], "kwargs": {}, "shapes": [[1]]},
         {"op": "aten.__class__.mro", "args": [], "kwargs": {}, "shapes": []}]
once = {"nodes": nodes, "output": {"node": 1, "out": 0}, "output_shape": [4, 10], "problem": None, "stopped_at": None, "unlearned": []}
answer("network", {"modules": [], "parameters": [], "training": once, "evaluation": once, "outputs": 1,
     "single_shape": None, "single_problem": None, "attributes": {}, "problem": None})
answer("training", {"program": {**once, "output": {"node": 3, "out": 0}}, "losses": [0.1] * 3, "learning_rate": 0.01})
print("tried")
"""}, unjudged=True),
]  # fmt: skip
