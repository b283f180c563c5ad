"""Attacks on the grader, each carried out for real: none earns a point, tells a secret, or touches anybody else."""

import html
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from attack import ANSWERS, Attack, table
from attacked_class import ASSIGNMENT, HONEST, ROOT, VICTIM, AttackedClass, base_name, dom_after_scripts, graded
from attacks_exit import EXIT
from attacks_leak import LEAK
from attacks_network import NETWORK
from attacks_page import PAGE
from attacks_parser import PARSER
from attacks_persistence import PERSISTENCE
from attacks_resource import RESOURCE
from attacks_social import SOCIAL
from attacks_tamper import TAMPER
from conftest import browser

from autograder.grading.gradebook import open_gradebook
from autograder.inside import draws
from autograder.notebooks import notebook
from autograder.outcomes import SubmissionOutcome

ATTACKS: list[Attack] = [*LEAK, *TAMPER, *EXIT, *RESOURCE, *PERSISTENCE, *NETWORK, *PARSER, *PAGE, *SOCIAL]
COLOURS = "parser_colours_in_a_name"  # which every class has, since what it is told by is the terminal of all
taken_from_attacks = pytest.mark.sampled("attacks", 0.08)
of_all_attacks = pytest.mark.sampled("attacks")
PAGES = ["aa_honest", "page_*", "parser_backquotes_*", "tamper_outputs_*", "leak_*"]
ITEMS = [
    item for item in notebook.items(notebook.read(ROOT / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")) if not item.manual
]


@pytest.fixture(scope="module")
def attacked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AttackedClass]:
    """The class, graded once for all tests; of a sample, or with ``-k``, only the attacks that are asked for."""
    given = [item.callspec.params.get("attack") for item in request.session.items if hasattr(item, "callspec")]
    chosen = [attack for attack in ATTACKS if attack in given or attack.student == COLOURS]
    with graded(chosen, tmp_path_factory.mktemp("attacked"), PAGES) as found:
        yield found


def verdicts(outcome: SubmissionOutcome) -> dict[str, tuple[str, float]]:
    return {name: (item.outcome, item.points) for name, item in outcome.items.items()}


def test_the_suite_is_as_large_as_it_says() -> None:
    assert len(ATTACKS) >= 70
    assert len({attack.student for attack in ATTACKS}) == len(ATTACKS)
    groups = Counter(attack.group for attack in ATTACKS)
    assert len(groups) == 9
    assert min(groups.values()) >= 6


def test_how_many_images_are_counted_is_drawn() -> None:
    """Or else that number could be typed in; 137, which an attack types in, is none that is drawn."""
    counts = {sum(map(len, draws.classified(seed)[2])) for seed in range(40)}
    assert len(counts) > 15
    assert min(counts) > 137


def test_the_documentation_lists_them() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    listed = text.partition("<!-- attacks -->\n")[2].partition("\n<!-- /attacks -->")[0]
    assert listed == table(ATTACKS), "run `python tests/attacks/test_attacks.py`"


@taken_from_attacks
@pytest.mark.timeout(900)
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.student)
def test_attack(attack: Attack, attacked: AttackedClass) -> None:
    outcome, shown = attacked.outcome(attack.student), attacked.shown(attack.student)
    assert outcome.status == ("could_not_grade" if attack.refused else "graded"), (
        outcome.status,
        outcome.reason,
        shown[:500],
    )
    assert re.search(attack.shows, shown), f"the attack was not carried out: {shown[:3000]}"

    for artefact in (
        outcome.model_dump_json(),
        attacked.executed(attack.student),
        html.unescape(attacked.page(attack.student)),
    ):
        assert not [name for name, secret in attacked.secrets.items() if secret in artefact]
        assert len(artefact) < 6_000_000
    for said in ("REACHED", "REAL TEST SET"):
        assert not [line for line in shown.splitlines() if said in line and "print(" not in line]

    base = attacked.outcome(base_name(tuple(name for name in ANSWERS if name in attack.solved)))
    if attack.open:
        assert outcome.points > base.points + sum(attack.deserved.values()), "this hole is closed: take away its mark"
        pytest.xfail(attack.open)
    assert outcome.points <= base.points + sum(attack.deserved.values())
    for item in ITEMS if not attack.refused else ():
        found, before = outcome.items[item.id], base.items[item.id]
        assert found.points <= before.points + attack.deserved.get(item.id, 0), (
            f"{item.id} has {found.points} points, without the attack {before.points}: {found}"
        )
        if not attack.unjudged:
            assert found.outcome != "could_not_grade", found.message
        if item.answer in attack.solved and item.answer not in attack.costs:
            assert found.points == before.points, f"{item.id} lost what is right in it: {found.message}"


@of_all_attacks
def test_honest_students_get_what_they_get_alone(attacked: AttackedClass) -> None:
    assert attacked.alone.points == 92
    for student in HONEST:
        assert verdicts(attacked.outcome(student)) == verdicts(attacked.alone)
        assert {n: i.message for n, i in attacked.outcome(student).items.items()} == {
            n: i.message for n, i in attacked.alone.items.items()
        }
    assert attacked.outcome(VICTIM).points == 0


@of_all_attacks
def test_the_batch_ends_and_the_gradebook_says_what_the_outcomes_say(attacked: AttackedClass) -> None:
    handed = {path.name for path in attacked.course.submitted.iterdir()}
    assert set(attacked.outcomes.submissions) == handed
    with open_gradebook(attacked.course, attacked.out / "gradebook.db") as gradebook:
        entered = {s.student.id: s for s in gradebook.assignment_submissions(ASSIGNMENT)}
        for student, outcome in attacked.outcomes.submissions.items():
            if outcome.status == "could_not_grade":
                assert student not in entered
                continue
            (found,) = entered.pop(student).notebooks
            scores = {
                grade.name: (grade.auto_score, grade.manual_score, grade.max_score_gradecell) for grade in found.grades
            }
            for name, item in outcome.items.items():
                points = None if item.outcome == "could_not_grade" else item.points
                assert scores[name] == (points, None, item.max_points), (student, name)
        assert entered == {}
        secret = [student.last_name for student in gradebook.students if student.id == "kept_secret"]
        assert secret == [attacked.secrets["gradebook"]]


@of_all_attacks
def test_nothing_is_left_running(attacked: AttackedClass) -> None:
    assert attacked.left_running == []


@of_all_attacks
def test_nothing_is_written_outside_of_the_boxes(attacked: AttackedClass) -> None:
    assert attacked.files == []
    assert attacked.changed == []


@of_all_attacks
def test_nobody_was_called(attacked: AttackedClass) -> None:
    assert attacked.listener.reached == []


@of_all_attacks
def test_the_terminal_is_commanded_by_nobody(attacked: AttackedClass) -> None:
    assert COLOURS in attacked.terminal
    text = attacked.terminal + "".join(outcome.reason or "" for outcome in attacked.outcomes.submissions.values())
    unprintable = {c for c in text if not c.isprintable()} - {"\n"}
    # The progress bar moves the cursor; a title, a colour or a cleared screen would be somebody else's.
    assert "]0;" not in re.sub(r"[^\x1b]*(\x1b\]0;)?", r"\1", text)
    assert unprintable <= {"\x1b", "\r"}
    assert not re.findall(r"\x1b(?!\[(\?25[lh]|\d*[A-DJK]))", text)


pages = [attack for attack in ATTACKS if attack.group == "page" or "backquotes" in attack.id or "outputs_in" in attack.id]


@taken_from_attacks
@pytest.mark.parametrize("attack", pages, ids=lambda attack: attack.student)
def test_page_runs_nothing_and_asks_nobody(attack: Attack, attacked: AttackedClass, tmp_path: Path) -> None:
    page = attacked.out / "feedback" / attack.student / ASSIGNMENT / f"{ASSIGNMENT}.html"
    assert "act01" in attacked.page(attack.student)
    browser()
    attacked.listener.reached.clear()
    dom = dom_after_scripts(page, tmp_path)
    assert "PWNED-42" not in dom
    assert attacked.listener.reached == []
    assert not re.search(r"<[^>]+\s(on\w+|srcdoc)\s*=", strip_scripts(dom))
    assert not re.search(r"<[^>]+\sclass\s*=\s*.(modal|navbar-fixed)", strip_scripts(dom))


def strip_scripts(dom: str) -> str:
    return re.sub(r"(?s)<script.*?</script>", "", dom)


def test_the_browser_would_tell(attacked: AttackedClass, tmp_path: Path) -> None:
    """The test above can fail: a page with the same scripts as they were written runs them, and asks."""
    browser()
    made = attacked.out / "submissions.html"
    prose = {attack.id: attack.prose for attack in pages}
    text = prose["prose"]["act20"] + prose["requests"]["act20"]
    made.write_text(f"<html><body>{text.replace('@PORT@', str(attacked.listener.port))}</body></html>")
    assert "PWNED-42" in dom_after_scripts(made, tmp_path)
    assert "tcp" in attacked.listener.reached
    attacked.listener.reached.clear()


@pytest.mark.gpu
def test_memory_of_the_gpu_is_watched() -> None:
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no GPU: attacks on its memory were not tried")


if __name__ == "__main__":
    page = ROOT / "docs" / "security.md"
    before, _, rest = page.read_text(encoding="utf-8").partition("<!-- attacks -->\n")
    after = rest.partition("<!-- /attacks -->")[2]
    page.write_text(f"{before}<!-- attacks -->\n{table(ATTACKS)}\n<!-- /attacks -->{after}", encoding="utf-8")
