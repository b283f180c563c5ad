"""Data flows one way through the package, the code of the box stands alone, and nothing unpickles."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "autograder"

# The flow of a submission, each line a stage: a module imports modules of its own line or of lines above it, and of its
# own line only those to its left.
FLOW = """
course child limited
notebooks.notebook notebooks.tasks
notebooks.python notebooks.terminal notebooks.converter notebooks.header notebooks.release notebooks.recognise
notebooks.repairs notebooks.borders notebooks.imports notebooks.locked
notebooks.split notebooks.restore
notebooks.submission notebooks.timestamp notebooks.folder notebooks.reading
collecting.record
collecting.filenames collecting.files collecting.times
collecting.forms.claim collecting.forms.moodle collecting.forms.canvas collecting.forms.gradescope
collecting.forms.blackboard
collecting.forms.brightspace collecting.forms.ilias collecting.forms.exchange collecting.forms.submitted
collecting.forms.github collecting.forms.drive collecting.forms.folders collecting.forms.registry
collecting.roster collecting.people collecting.resolving
collecting.calendar collecting.content collecting.opening collecting.choosing collecting.storing
collecting.downloads collecting.collect collecting.summary collecting.zip_collect
outcomes
datasets.idx datasets.transfer datasets.sources datasets.data datasets.decoy
inside.reports inside.channel inside.screen inside.figures inside.datasets inside.draws inside.loop inside.recorder
inside.trace inside.errors inside.shell inside.values
inside.workers inside.stalled inside.steps inside.replacing inside.probing inside.networks inside.standins
inside.evaluation inside.formulas inside.stepwise
inside.effects inside.given
inside.epochs
inside.variants inside.main inside.isolate inside.server
sandbox.mounts sandbox.box sandbox.seccomp sandbox.processes sandbox.slots
sandbox.bubblewrap sandbox.ruleset sandbox.launcher sandbox.open_box sandbox.landlock sandbox.container sandbox.unisolated
sandbox.tiers sandbox.server sandbox.run
assignment own_files
runs.options runs.cells runs.keys runs.plan runs.notes runs.frames runs.evidence runs.collect runs.store runs.apart
runs.prune
networks.layers networks.alignment networks.aten networks.masks networks.canonical networks.declared
networks.architecture
networks.known networks.replay networks.confirmed networks.comparison
judging.diagnosis judging.optimizers judging.thresholds judging.loops judging.training judging.effects judging.given
judging.held_out judging.evaluation judging.formulas judging.curves judging.table
judging.network judging.attempts judging.wording judging.causes
judging.hidden_tests judging.judge
judging.decision judging.processes judging.grade
cluster.executor cluster.wire cluster.sent cluster.boxed cluster.worker cluster.tasks
cluster.fleet cluster.cluster cluster.slurm
grading.adjustments
pages.clean pages.difference pages.marks pages.render pages.rows pages.shown pages.sections pages.page
grading.item_cells grading.exporter grading.safe_pages grading.entries grading.marks grading.lateness grading.gradebook
grading.preprocessors grading.autograde grading.student_folders grading.configuration
grading.places grading.entering grading.drift grading.intake grading.again grading.batch
grading.report grading.time_left grading.progress grading.session grading.validate
exporting.grades exporting.plain exporting.tables exporting.sheet exporting.systems exporting.fill exporting.gradescope
exporting.feedback_zip
escape doctor skeleton
proof.variants proof.answer proof.layer_calls proof.operators proof.mutants proof.percent proof.catalogue proof.proof
proof.prove proof.session
calibration.distribution calibration.fingerprint calibration.calibration calibration.calibrate calibration.plot
calibration.report calibration.session
changing.cells changing.changes changing.regrade changing.trial
commands.terminal commands.machine commands.authoring commands.collecting commands.grading commands.exporting
commands.changing
cli __main__
"""
ORDER = [name for line in FLOW.split("\n") for name in line.split()]


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


# A catalogue's answers are students' code, which nothing imports.
MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py")) if "answers" not in path.parts}
PACKAGES = {name_of(path) for path in PACKAGE.rglob("__init__.py")} - {""}
CORE = [name for name in MODULES if name and not name.startswith("assignments")]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree(path)))


@cache
def imported(path: Path) -> frozenset[str]:
    """Full names that a module imports, anywhere in it; ``from a import b`` gives ``a`` and ``a.b``."""
    parts, found = path.relative_to(PACKAGE.parent).with_suffix("").parts, set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = list(parts[: len(parts) - node.level]) if node.level else []
            module = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return frozenset(found)


def own(path: Path) -> set[str]:
    """Modules of this package that a module imports, by their names below it."""
    names = {name.removeprefix("autograder.") for name in imported(path) if name.startswith("autograder.")}
    return {name for name in names if name in MODULES and name not in PACKAGES}


def test_the_flow_names_every_module() -> None:
    assert set(CORE) - PACKAGES == set(ORDER)
    assert len(ORDER) == len(set(ORDER))


def test_a_module_imports_only_earlier_ones() -> None:
    later = {name: own(MODULES[name]) - set(ORDER[: ORDER.index(name)]) for name in ORDER if name in MODULES}
    assert {name: others for name, others in later.items() if others} == {}, "these come after it in the flow"


def test_the_flow_knows_no_assignment() -> None:
    for name in CORE:
        assert not [other for other in own(MODULES[name]) if other.startswith("assignments.")], name


def test_code_of_the_box_imports_nothing_outside_it() -> None:
    box = [name for name in MODULES if name.startswith("inside")]
    outside = {name: {other for other in own(MODULES[name]) if not other.startswith("inside.")} for name in box}
    assert box
    assert {name: others for name, others in outside.items() if others} == {}


def test_probes_import_nothing_but_what_the_box_has() -> None:
    probes = {name: own(path) for name, path in MODULES.items() if name.endswith(".probes")}
    assert probes
    assert {name: others for name, others in probes.items() if others} == {}


def test_nothing_unpickles() -> None:
    forbidden = {"pickle", "cPickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
    loads = {("torch", "load"), ("np", "load"), ("export", "load")}
    found = {name: forbidden.intersection(imported(path)) for name, path in MODULES.items()}
    for name, path in MODULES.items():
        for node in nodes(path):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and (node.value.id, node.attr) in loads:
                found[name] |= {f"{node.value.id}.{node.attr}"}
    assert {name: ways for name, ways in found.items() if ways} == {}


def test_the_commands_and_what_grades_a_class_import_no_torch() -> None:
    """Children do; so the grader's own process stays small, and a mistyped name is told at once."""
    light = [name for name in ORDER if name.startswith(("commands.", "cluster."))]
    light += ["cli", "grading.session", "changing.regrade", "runs.apart", "judging.processes", "collecting.collect"]
    imports = "".join(f"import autograder.{name}\n" for name in light)
    code = f"import sys\n{imports}print(*{{'torch', 'torchvision', 'numpy'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_module_says_first_what_it_does() -> None:
    said = {name: (ast.get_docstring(tree(path)) or "").split("\n\n")[0].strip() for name, path in MODULES.items()}
    assert {name: first for name, first in said.items() if len(first) <= 15 or not first.endswith((".", ":"))} == {}
