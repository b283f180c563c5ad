"""A course of one's own: its assignments are found by path, the package has none, and they need not be of pictures.

``courses/models`` has a regression by plain tensors on a file, an autoencoder, and a recurrent network.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT

from autograder import own_files
from autograder.assignment import Assignment, load
from autograder.cluster import wire, worker
from autograder.course import Course
from autograder.datasets import data
from autograder.notebooks import release
from autograder.notebooks.notebook import read
from autograder.proof import catalogue, prove
from autograder.proof.answer import Answer
from autograder.runs import store
from autograder.runs.cells import cells_to_run
from autograder.runs.collect import seen_in_box
from autograder.runs.evidence import Evidence
from autograder.runs.keys import Keys
from autograder.runs.options import Options
from autograder.runs.plan import planned
from autograder.sandbox.box import CannotIsolate

MODELS = Course(ROOT / "tests" / "courses" / "models")
EACH = pytest.mark.parametrize("name", MODELS.assignments())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = folder.glob("*.whl")
    return made


def test_the_wheel_ships_no_assignment(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {"autograder/cli.py", "autograder/inside/main.py", "autograder/templates/answers/right.py.template"} <= set(names)
    assert [name for name in names if name.startswith("autograder/assignments/")] == []
    assert [name for name in names if Path(name).match("test_*.py")] == []
    own = {str(path.relative_to(ROOT)) for path in (ROOT / "autograder").rglob("*") if path.is_file()}
    left_out = {name for name in own - set(names) if "__pycache__" not in name}
    assert {name for name in left_out if not name.startswith("autograder/assignments/")} == set()


def test_files_of_two_courses_do_not_mix(tmp_path: Path) -> None:
    for course, value in (("one", 1), ("two", 2)):
        folder = tmp_path / course / "toy"
        folder.mkdir(parents=True)
        (folder / "reference.py").write_text(f"VALUE = {value}\n")
        (folder / "test_toy.py").write_text("from . import reference\nVALUE = reference.VALUE\n")
    before = list(sys.path)
    assert [own_files.module(tmp_path / course / "toy" / "test_toy.py").VALUE for course in ("one", "two")] == [1, 2]
    assert sys.path == before
    assert "toy" not in sys.modules


def test_a_changed_file_is_imported_anew(tmp_path: Path) -> None:
    path = tmp_path / "reference.py"
    path.write_text("VALUE = 1\n")
    assert own_files.module(path).VALUE == 1
    path.write_text("VALUE = 1 + 1\n")
    assert own_files.module(path).VALUE == 1
    own_files.forget(tmp_path)
    assert own_files.module(path).VALUE == 2


@EACH
def test_what_students_get_is_in_step_and_gives_nothing_away(name: str, tmp_path: Path) -> None:
    for part in ("source", "autograder"):
        (tmp_path / part).symlink_to(MODELS.root / part)
    shutil.copy(MODELS.root / "nbgrader_config.py", tmp_path)
    made = release.generate(Course(tmp_path), name)
    for path in made.parent.iterdir():
        assert path.read_bytes() == (MODELS.release / name / path.name).read_bytes(), f"generate {name} again"
    assert release.leaks(MODELS, name) == []
    released = {path.name for path in (MODELS.release / name).iterdir()}
    assert released == {f"{name}.ipynb", *load(MODELS.hidden_tests(name)).settings.files}


@pytest.mark.sampled("long runs", 0.1)
@pytest.mark.timeout(900)
@EACH
def test_hidden_tests_of_other_sorts_are_proven(name: str) -> None:
    folder = MODELS.hidden_tests(name)
    found = prove.prove(MODELS, load(folder), prove.chosen(folder), jobs=2, seed=3)
    assert found.shortfalls() == []
    assert prove.uncovered(prove.chosen(folder), read(MODELS.release_notebook(name))) == []


def ran(*cells: str) -> Evidence:
    """The reference solution of least_squares, with cells of a student's own below the one that reads the file."""
    name = "least_squares"
    answer = Answer("own", "right", "", added=tuple(("load_data", cell) for cell in cells))
    notebook = catalogue.build(answer, read(MODELS.source_notebook(name)), read(MODELS.release_notebook(name)))
    return store.gather(planned(notebook, load(MODELS.hidden_tests(name)), Options(profile="proof")))


def test_declared_files_are_in_the_working_folder_and_cannot_be_changed() -> None:
    found = ran(
        "print(len(open('houses.csv').readlines()))",
        "open('houses.csv', 'a').write('1,2,3,4')",
        "import os; open(os.path.realpath('houses.csv'), 'w')",
    )
    reads, *writes = (cell for name, cell in found.record.cells.items() if name.startswith("extra_"))
    assert reads.outputs[0]["text"].strip() == "241"
    assert [cell.error is not None and cell.error.ename for cell in writes] == ["PermissionError", "OSError"]
    assert found.record.error("load_data") is None


@pytest.mark.sampled("long runs", 0.1)
def test_a_worker_needs_no_course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that a box needs comes with the job, the files too."""
    monkeypatch.chdir(tmp_path)
    asked = load(MODELS.hidden_tests("least_squares"))
    source, handed_out = read(MODELS.source_notebook(asked.name)), read(MODELS.release_notebook(asked.name))
    notebook = catalogue.build(catalogue.answer(asked.folder, "right_reference"), source, handed_out)
    cells = cells_to_run(notebook, asked.profile("proof"), everything=False)
    job = wire.Job(
        asked.name, asked.settings.model_dump(mode="json"), asked.probes.read_bytes(),
        tuple(path.read_bytes() for path in asked.files), "proof", "cpu", 7, wire.bare(notebook, cells),
    )  # fmt: skip
    reply = worker.run_job(wire.pack_job(job), lambda device: 1, lambda: False)
    found = wire.unpack_evidence(reply, job, cells)
    assert found.record.error("load_data") is None
    assert {"standardise", "predict", "gradient", "descend", "fitted"} <= set(found.record.found)
    here = store.gather(planned(notebook, asked, Options(profile="proof")))
    assert set(here.record.found) == set(found.record.found)


def test_evidence_depends_on_declared_files(tmp_path: Path) -> None:
    for part in ("source", "autograder", "release"):
        shutil.copytree(MODELS.root / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    course, name = Course(tmp_path), "least_squares"
    notebook = read(course.release_notebook(name))

    def keys() -> Keys:
        return planned(notebook, load(course.hidden_tests(name)), Options()).keys

    before = keys()
    with (course.source / name / "houses.csv").open("a") as file:
        file.write("100.0,3,10,250.0\n")
    assert keys().by_code != before.by_code
    assert keys().by_text != before.by_text


def test_hidden_tests_in_the_environment_that_boxes_see_are_refused() -> None:
    inside = Path(sys.prefix) / "course" / "autograder" / "assignments" / "toy"
    toy = Assignment("toy", inside, load(MODELS.hidden_tests("recurrent")).settings)
    with pytest.raises(CannotIsolate, match="which student code can read; move the course elsewhere"):
        seen_in_box(toy, Options())


AS_SOMEBODY = """
set -e
case $(readlink -f "$PYTHON") in /root/*)  # which only root may enter
    mkdir "$PLACE/interpreter"; mount --bind "$BASE" "$PLACE/interpreter"
    mount -t tmpfs -o mode=755 tmpfs /root; mkdir -p "$BASE"; mount --bind "$PLACE/interpreter" "$BASE";;
esac
"$PYTHON" -m venv --without-pip "$PLACE/venv"
own=$("$PLACE/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
mount -t overlay overlay -o "lowerdir=$LIBRARIES,upperdir=$PLACE/upper,workdir=$PLACE/work" "$own"
"$PLACE/venv/bin/python" -m pip install -q --no-deps --no-index --force-reinstall "$WHEEL"
printf '#!%s\\nfrom alembic.config import main\\nmain()\\n' "$PLACE/venv/bin/python" > "$PLACE/venv/bin/alembic"
chmod +x "$PLACE/venv/bin/alembic"
cd "$PLACE/home"
exec setpriv --reuid 12345 --regid 12345 --clear-groups --inh-caps=-all env -i HOME="$PLACE/home" PATH=/usr/bin:/bin \\
    AUTOGRADER_DATA="$PLACE/data" OMP_NUM_THREADS=1 COLUMNS=200 sh -e -c '
autograder=$1/bin/autograder
"$1/bin/python" -c "import autograder, os; print(autograder.__file__, os.getuid())"
"$autograder" new first_network --course course
cd course
"$autograder" validate first_network --profile quick --device cpu
"$autograder" prove first_network
"$autograder" generate first_network
for student in ada zoe; do mkdir -p submitted/$student/first_network; done
cp release/first_network/first_network.ipynb submitted/zoe/first_network/
"$1/bin/python" - <<END
from pathlib import Path
from autograder.cluster import wire, worker
from autograder.course import Course
from autograder.datasets import data
from autograder.notebooks.notebook import read, write
from autograder.proof import catalogue
course = Course(Path.cwd())
source, release = (read(find("first_network")) for find in (course.source_notebook, course.release_notebook))
right = catalogue.answer(course.hidden_tests("first_network"), "right_reference")
write(catalogue.build(right, source, release), Path("submitted/ada/first_network/first_network.ipynb"))
END
"$autograder" grade first_network --profile proof --enter-trial-grades --device cpu
"$autograder" export first_network --out grades.csv
cat grades.csv
' sh "$PLACE/venv"
"""


@pytest.mark.sampled("long runs", 0.1)
@pytest.mark.timeout(900)
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can install into an overlay and become another user")
def test_an_instructor_who_is_not_root_makes_a_course_with_the_installed_wheel(wheel: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="own-course-") as name:
        place = Path(name)
        place.chmod(0o755)
        for folder in ("upper", "work", "venv", "home"):
            (place / folder).mkdir()
        os.chown(place / "home", 12345, 12345)
        shutil.copytree(data.cache_folder(), place / "data", copy_function=os.link)
        environment = os.environ | {
            "PLACE": name, "PYTHON": sys.executable, "BASE": sys.base_prefix, "WHEEL": str(wheel),
            "LIBRARIES": sysconfig.get_path("purelib"),
        }  # fmt: skip
        environment.pop("PYTHONPATH", None)
        done = subprocess.run(
            ["unshare", "-m", "bash", "-c", AS_SOMEBODY], env=environment, capture_output=True, text=True, timeout=800
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        assert f"{place}/venv/lib/python3.11/site-packages/autograder/__init__.py 12345" in said
        assert "first_network: 90 of 90 points at profile quick" in said
        assert "(100.0%)" in said
        assert "first_network.ipynb: generated, no leak found" in said
        assert "2 graded" in said
        hidden = place / "home" / "course" / "autograder" / "assignments" / "first_network"
        assert (hidden / "test_network.py").stat().st_uid == 12345
