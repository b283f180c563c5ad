"""Judge what an evaluation in student code counts for a stand-in network, some of whose answers are wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..inside import draws
from ..networks.comparison import Complaint, require, require_finished
from ..runs.evidence import Evidence
from .diagnosis import alike, diagnose

ROUNDED = 6e-4  # what rounding a share to three digits may change


@dataclass(frozen=True)
class Batches:
    """How many images of each batch there are, and how many are classified right."""

    right: list[int]
    sizes: list[int]

    @classmethod
    def drawn(cls, seed: int, batch: int | None = None, *, training: bool = False) -> Batches:
        """Those that the box draws, for the stand-in network in one of its modes."""
        weight, images, labels = draws.classified(seed, batch)
        pairs = zip(images, labels, strict=True)
        right = [int((draws.answers(weight, each, training).argmax(1) == wanted).sum()) for each, wanted in pairs]
        return cls(right, [len(each) for each in labels])

    @property
    def share(self) -> float:
        """The share of all images that is classified right."""
        return sum(self.right) / sum(self.sizes)

    def mistaken_shares(self) -> dict[str, float]:
        """What is counted in place of that share, by mistake."""
        images, total, whole = sum(self.sizes), sum(self.right), self._whole()
        shares = [right / size for right, size in zip(self.right, self.sizes, strict=True)]
        mean = {} if len(set(self.sizes)) == 1 else {"batches are averaged, not images": sum(shares) / len(shares)}
        batches = {
            "batches are counted, not images": whole / len(shares),
            "right batches divided by the number of images": whole / images,
        }
        return {
            "a percentage in place of a share": 100 * total / images,
            "divided by the number of batches": total / len(shares),
            "the number of right images, not divided by the number of all": total,
            "the share of wrong images": 1 - total / images,
            **mean,
            **(batches if whole else {}),
            "only the last batch counts: the sum is not kept from batch to batch": self.right[-1] / images,
            "only the last batch counts": shares[-1],
            "only the first batch counts": shares[0],
        }

    def mistaken_errors(self) -> dict[str, float]:
        """What is counted in place of the number of wrong images, by mistake."""
        wrong = [size - right for right, size in zip(self.right, self.sizes, strict=True)]
        return {
            "the images that are right are counted": sum(self.right),
            "batches are counted, not images": len(wrong) - self._whole(),
            "the shares of the batches are added, not their images": sum(
                each / size for each, size in zip(wrong, self.sizes, strict=True)
            ),
            "only the last batch counts": wrong[-1],
            "only the first batch counts": wrong[0],
        }

    def _whole(self) -> int:
        return sum(right == size for right, size in zip(self.right, self.sizes, strict=True))


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found (``document``), and the batches as the network answers them in the mode that it was in."""

    evidence: Evidence
    probe: str
    document: dict[str, Any]
    batches: list[Batches]

    @classmethod
    def of(cls, evidence: Evidence, probe: str, cell: str, batch: int | None = None) -> Evaluation:
        """What ``probe`` saw after ``cell``; ``batch`` as in the probe.

        Raises:
            NotShown: there was nothing to evaluate with.
        """
        document = evidence.document(probe, cell)
        # That the network was left in training mode is judged by itself; the count may still be right.
        modes = (True, False) if document["used_in_training_mode"] else (False,)
        return cls(evidence, probe, document, [Batches.drawn(evidence.record.seed, batch, training=mode) for mode in modes])

    def require_share(
        self, name: str, missing: str, *, published: int | None = None, mistakes: Mapping[str, float] | None = None
    ) -> None:
        """The number ``name`` is the share of images that are classified right.

        Args:
            missing: why there might be none.
            published: the number of test images in the notebook, which may stand in the code as a number.
            mistakes: others than the usual ones.
        """
        found, batches = self.document.get(name), self.batches[-1]
        images, kind = sum(batches.sizes), self.document.get("type")
        cause = missing if kind == "NoneType" else "a text, or several values in place of one"
        require(found is not None, f"{name} is a {kind}", "a number from 0 to 1", cause)
        assert isinstance(found, (int, float))
        right = any(
            abs(found - each.share) <= ROUNDED or (published and abs(found - sum(each.right) / published) <= 1e-5)
            for each in self.batches
        )
        if self.document.get("train_loader_used"):
            cause = "train_loader in place of test_loader: accuracy on images that it has learnt from"
        else:
            cause = diagnose(found, batches.mistaken_shares() | dict(mistakes or {}), "something else is counted")
        observed = f"{found:.4g} for a network that gets {sum(batches.right)} of {images} images right"
        require(right, observed, f"{batches.share:.4f}", cause)

    def require_errors(self, name: str) -> None:
        """The number ``name`` is that of the images that are classified wrong."""
        found, batches = self.document.get(name), self.batches[-1]
        images = sum(batches.sizes)
        wrong = images - sum(batches.right)
        require(
            any(alike(found, images - sum(each.right), 0.0) for each in self.batches),
            f"{name} = {found} for a network that misses {wrong} of {images} images",
            wrong,
            diagnose(found, batches.mistaken_errors(), "something else is counted"),
        )

    def require_images(self, name: str) -> None:
        """The number ``name`` is that of all images."""
        found, sizes = self.document.get(name), self.batches[-1].sizes
        mistakes = {
            "batches are counted, not images": len(sizes),
            "the last, shorter batch is taken for a full one": len(sizes) * sizes[0],
            "only the last batch counts": sizes[-1],
        }
        require(
            found == sum(sizes),
            f"{name} = {found}",
            f"{sum(sizes)} for {sum(sizes)} images in batches of {sizes[0]}",
            diagnose(found, mistakes, "something else is counted"),
        )

    def require_evaluation_mode(self, network: str) -> None:
        """The network is in evaluation mode while it is tested."""
        training = self.document["used_in_training_mode"]
        require(
            self.document["used_in_evaluation_mode"] and not training,
            f"{network} was used in training mode" if training else f"{network} was not used",
            f"{network}.eval() before the loop",
            f"{network}.eval() is missing: dropout or batch norm would falsify the accuracy",
        )

    def require_no_gradients(self, network: str) -> None:
        """No gradients are recorded while it is tested."""
        used = self.document["used_with_gradients"]
        require(
            self.document["calls"] > 0 and not used,
            "gradients were recorded" if used else f"{network} was not used",
            "torch.no_grad() around the loop",
            "torch.no_grad() is missing: it costs time and memory for nothing",
        )

    def require_moved(self, position: int, name: str) -> None:
        """The moved tensor of each batch at ``position`` (0 images, 1 labels) is used, up to an error in the count."""
        document = self.document
        if document["handed"] == 0:
            require_finished(self.evidence, self.probe)
            raise Complaint("the cell does not use test_loader", "a loop over test_loader", "the loop was replaced")
        wanted, error = set(range(position, document["handed"], 2)), document["error"]
        right = wanted <= set(document["moved"])
        require(
            right or not wanted <= set(document.get("sent", [])),
            f"the result of {name}.to(device) is not used, the {name} that are not moved are used on",
            f"{name} = {name}.to(device)",
            "`to` leaves its tensor where it is and returns a moved one, which must be kept; on a GPU this is an error",
        )
        stopped = f", or the cell stopped before it with {error['ename']}: {error['evalue']}" if error else ""
        require(right, f"{name} were not moved with .to(device)", f"{name}.to(device)", f"the call is missing{stopped}")
