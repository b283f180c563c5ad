"""The release: one form by both doors, nothing of the answers in it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.course import Course, CourseError
from autograder.notebooks.notebook import cells_by_grade_id, items, read, role, write
from autograder.notebooks.release import generate, leaks

ROOT = Path(__file__).resolve().parents[1]
ASSIGNMENT = "pa4_convnet"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A copy of this course with its source, configuration and committed release."""
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    shutil.copytree(ROOT / "source" / ASSIGNMENT, tmp_path / "source" / ASSIGNMENT)
    shutil.copytree(ROOT / "release" / ASSIGNMENT, tmp_path / "release" / ASSIGNMENT)
    return Course(tmp_path)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_both_doors_give_the_committed_release(course: Course) -> None:
    committed = contents(course.release)
    (course.source / ASSIGNMENT / "picture.txt").write_text("beside the notebook\n")
    path = generate(course, ASSIGNMENT)
    ours = contents(course.release)
    assert path == course.release_notebook(ASSIGNMENT)

    programs = Path(sys.executable).parent
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [programs / "nbgrader", "generate_assignment", ASSIGNMENT],
        cwd=course.root, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert contents(course.release) == ours
    assert ours == {**committed, f"{ASSIGNMENT}/picture.txt": b"beside the notebook\n"}, (
        "release/ is older than source/: run `autograder generate pa4_convnet`"
    )


def test_release_has_no_outputs_and_all_cells(course: Course) -> None:
    source, release = read(course.source_notebook(ASSIGNMENT)), read(course.release_notebook(ASSIGNMENT))
    assert [(c.id, role(c)) for c in release.cells] == [(c.id, role(c)) for c in source.cells]
    assert not any(c.get("outputs") or c.get("execution_count") for c in release.cells)
    assert sum(item.max_points for item in items(release)) == 100


def test_release_has_no_leak() -> None:
    assert leaks(Course(ROOT), ASSIGNMENT) == []


def test_failed_generation_says_why_and_keeps_the_old_release(course: Course) -> None:
    before = contents(course.release)
    source = read(course.source_notebook(ASSIGNMENT))
    source.cells[-1].metadata.nbgrader.grade_id = source.cells[0].metadata.nbgrader.grade_id
    write(source, course.source_notebook(ASSIGNMENT))
    with pytest.raises(CourseError, match="Duplicate grade id"):
        generate(course, ASSIGNMENT)
    assert contents(course.release) == before


def test_unknown_assignment_is_named(course: Course) -> None:
    with pytest.raises(CourseError, match=r"no assignment 'pa5'.*there is: pa4_convnet"):
        generate(course, "pa5")


def plant(course: Course, cell_id: str, text: str) -> None:
    release = read(course.release_notebook(ASSIGNMENT))
    cell = next(cell for cell in release.cells if cell.id == cell_id)
    cell.source += f"\n{text}"
    write(release, course.release_notebook(ASSIGNMENT))


def region(course: Course, grade_id: str) -> list[str]:
    """The lines of the first solution region of a source cell."""
    lines = cells_by_grade_id(read(course.source_notebook(ASSIGNMENT)))[grade_id].source.splitlines()
    begin = next(n for n, line in enumerate(lines) if "BEGIN SOLUTION" in line)
    end = next(n for n, line in enumerate(lines) if "END SOLUTION" in line)
    return lines[begin + 1 : end]


def test_solution_line_in_a_hint_is_found(course: Course) -> None:
    line = region(course, "convnet")[0].strip()
    plant(course, "building", f"Hint: write `{line.replace(' ', '')}` there.")
    found = leaks(course, ASSIGNMENT)
    assert [leak.kind for leak in found] == ["solution"]
    assert "building" in found[0].where
    assert line.replace(" ", "") in found[0].text


def test_rubric_sentence_is_found(course: Course) -> None:
    line = max(region(course, "act24"), key=len)
    plant(course, "comparison_question", line)
    assert {leak.kind for leak in leaks(course, ASSIGNMENT)} == {"rubric"}


def test_hidden_test_line_is_found(course: Course) -> None:
    hidden = course.hidden_tests(ASSIGNMENT)
    hidden.mkdir(parents=True)
    (hidden / "test_act07.py").write_text("def test_wiring(evidence):\n    assert evidence.secret_margin < 0.125\n")
    assert leaks(course, ASSIGNMENT) == []
    plant(course, "act07", "assert evidence.secret_margin < 0.125")
    found = leaks(course, ASSIGNMENT)
    assert [(leak.kind, leak.where) for leak in found] == [("hidden test", f"{ASSIGNMENT}.ipynb, cell act07")]


def test_hidden_test_that_the_source_gives_away_is_found(course: Course) -> None:
    course.hidden_tests(ASSIGNMENT).mkdir(parents=True)
    (course.hidden_tests(ASSIGNMENT) / "test_act07.py").write_text("assert evidence.secret_margin < 0.125\n")
    source = read(course.source_notebook(ASSIGNMENT))
    cells_by_grade_id(source)["act07"].source += "\nassert evidence.secret_margin < 0.125"
    write(source, course.source_notebook(ASSIGNMENT))
    generate(course, ASSIGNMENT)
    assert [leak.kind for leak in leaks(course, ASSIGNMENT)] == ["hidden test"]


def test_markers_outputs_and_files_beside_are_found(course: Course) -> None:
    plant(course, "act07", "### BEGIN HIDDEN TESTS")
    release = read(course.release_notebook(ASSIGNMENT))
    cells_by_grade_id(release)["act08"]["execution_count"] = 3
    write(release, course.release_notebook(ASSIGNMENT))
    (course.release / ASSIGNMENT / "notes.py").write_text("\n".join(region(course, "convnet")))
    assert {leak.kind for leak in leaks(course, ASSIGNMENT)} == {"marker", "output", "solution"}
