"""What an evaluation counts is judged by images of which it is known how many are right."""

from types import SimpleNamespace
from typing import Any

import pytest

from autograder.judging.evaluation import Batches, Evaluation
from autograder.networks.comparison import Complaint

SEED = 4
NOW = Batches.drawn(SEED)
FULL = Batches.drawn(SEED, 100)
TOTAL, IMAGES = sum(NOW.right), sum(NOW.sizes)
USED = {
    "used_in_training_mode": False, "used_in_evaluation_mode": True, "used_with_gradients": False, "calls": 4,
    "error": None, "handed": 8, "sent": list(range(8)), "moved": list(range(8)), "type": "float",
}  # fmt: skip


def evaluated(batch: int | None = None, **found: Any) -> Evaluation:
    evidence: Any = SimpleNamespace(
        record=SimpleNamespace(seed=SEED),
        document=lambda probe, cell: USED | found,
    )
    return Evaluation.of(evidence, "accuracy_cell", "evaluation", batch)


def cause(judged: Any) -> str:
    with pytest.raises(Complaint) as told:
        judged()
    return told.value.cause


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("batch", [None, 100])
def test_no_mistake_gives_the_right_share(seed: int, batch: int | None) -> None:
    batches = Batches.drawn(seed, batch)
    assert min(abs(value - batches.share) for value in batches.mistaken_shares().values()) > 0.003


@pytest.mark.parametrize("seed", range(20))
def test_full_batches_have_drawn_numbers_of_mistakes(seed: int) -> None:
    batches = Batches.drawn(seed, 100)
    assert batches.sizes == [100] * 3
    assert batches.right[0] == 100
    shares = [right / 100 for right in batches.right]
    assert min(abs(share - batches.share) for share in shares) > 0.01
    assert len({sum(Batches.drawn(each, 100).right) for each in range(12)}) > 6


def test_a_right_share_is_right_in_several_forms() -> None:
    evaluated(share=NOW.share).require_share("share", "")
    evaluated(share=round(NOW.share, 3)).require_share("share", "")
    evaluated(100, share=sum(FULL.right) / 10_000).require_share("share", "", published=10_000)
    training = Batches.drawn(SEED, training=True)
    evaluated(share=training.share, used_in_training_mode=True).require_share("share", "")
    with pytest.raises(Complaint):
        evaluated(share=training.share).require_share("share", "")


@pytest.mark.parametrize("mistake", NOW.mistaken_shares())
def test_a_wrong_share_says_what_was_counted(mistake: str) -> None:
    judged = evaluated(share=NOW.mistaken_shares()[mistake])
    assert cause(lambda: judged.require_share("share", "")) == mistake


def test_a_share_that_two_mistakes_give_tells_both() -> None:
    told = cause(lambda: evaluated(100, share=sum(FULL.right) / 3).require_share("share", ""))
    assert told == "a percentage in place of a share or divided by the number of batches"


def test_what_is_no_number_is_told_by_its_type() -> None:
    assert cause(lambda: evaluated(share=None, type="NoneType").require_share("share", "open")) == "open"
    assert "a text" in cause(lambda: evaluated(share=None, type="str").require_share("share", "open"))
    used = evaluated(share=0.0, train_loader_used=True)
    assert cause(lambda: used.require_share("share", "")).startswith("train_loader in place of test_loader")


def test_numbers_of_images() -> None:
    evaluated(err=IMAGES - TOTAL).require_errors("err")
    evaluated(tot=IMAGES).require_images("tot")
    assert cause(lambda: evaluated(err=TOTAL).require_errors("err")) == "the images that are right are counted"
    assert cause(lambda: evaluated(err=4).require_errors("err")) == "batches are counted, not images"
    assert cause(lambda: evaluated(err=None).require_errors("err")) == "something else is counted"
    assert cause(lambda: evaluated(tot=4).require_images("tot")) == "batches are counted, not images"
    assert cause(lambda: evaluated(tot=4 * NOW.sizes[0]).require_images("tot")).startswith("the last, shorter batch")


def test_how_the_network_is_used() -> None:
    evaluated().require_evaluation_mode("net")
    evaluated().require_no_gradients("net")
    assert "net.eval() is missing" in cause(lambda: evaluated(used_in_training_mode=True).require_evaluation_mode("net"))
    assert "no_grad() is missing" in cause(lambda: evaluated(used_with_gradients=True).require_no_gradients("net"))
    with pytest.raises(Complaint, match="net was not used"):
        evaluated(used_in_evaluation_mode=False).require_evaluation_mode("net")
    with pytest.raises(Complaint, match="net was not used"):
        evaluated(calls=0).require_no_gradients("net")


def test_moved_tensors() -> None:
    evaluated().require_moved(0, "images")
    labels_alone = evaluated(moved=[1, 3, 5, 7])
    labels_alone.require_moved(1, "labels")
    assert "`to` leaves" in cause(lambda: labels_alone.require_moved(0, "images"))
    assert cause(lambda: evaluated(moved=[], sent=[]).require_moved(0, "images")) == "the call is missing"
