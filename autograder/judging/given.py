"""Judge a loop that was given its parts (:mod:`autograder.inside.given`), each line in the run that shows this line."""

from __future__ import annotations

from dataclasses import dataclass

from ..inside import given
from ..inside.given import LOSS_FACTOR, MOMENTUM, RATE
from ..runs.evidence import Evidence
from .effects import breach, followed, multiplied
from .optimizers import Momentum
from .training import Training

SGD = f"SGD with learning rate {RATE} and momentum {MOMENTUM}, as it was given"


LOSSES = multiplied(LOSS_FACTOR, "the given loss function", "cross-entropy in place of the given loss function")


@dataclass(frozen=True)
class GivenLoop:
    """The loop that ``probe`` watched after ``cell``, with networks of the class that the probe ``network`` described."""

    evidence: Evidence
    probe: str
    cell: str
    network: str

    def _run(self, *names: str) -> Training:
        """The last of these runs that there is."""
        ran = self.evidence.document(self.probe, self.cell).get("runs")
        if not isinstance(ran, dict) or given.OWN not in ran:
            raise breach()
        return followed(
            self.evidence,
            self.probe,
            self.cell,
            network=self.network,
            optimizer=lambda: Momentum(RATE, MOMENTUM),
            told=SGD,
            losses=LOSSES,
            run=[name for name in names if name in ran][-1],
        )

    def as_it_is(self) -> Training:
        """The student's own loop."""
        return self._run(given.OWN)

    def with_forward(self) -> Training:
        """With a forward pass of the given network, where it had none with gradients."""
        return self._run(given.OWN, given.FORWARD)

    def with_backward(self) -> Training:
        """With a backward pass of the given loss, too, where there was none."""
        return self._run(given.OWN, given.FORWARD, given.BACKWARD)

    def with_clearing(self) -> Training:
        """With gradients that are there at the step, where they were not."""
        return self._run(given.OWN, given.FORWARD, given.BACKWARD, given.CLEARED)

    def require_gradients_cleared(self) -> None:
        """Each batch starts with cleared gradients, and they are still there when the optimizer steps."""
        self.with_backward().require_cleared("zero_grad()")

    def require_forward(self, call: str) -> None:
        """The given network sees each batch once in each epoch, by such a ``call``."""
        own = self.as_it_is()
        own.require_passes((given.EPOCHS,), call)
        own.require_forward(call)

    def require_loss(self, cause: str) -> None:
        """The given loss function gets the logits and labels of each batch."""
        self.with_forward().require_given_loss(cause)

    def require_backward(self, cause: str) -> None:
        """Each batch has one backward pass, of the loss, that reaches the network's parameters."""
        self.with_forward().require_backward(cause)

    def require_step(self, cause: str) -> None:
        """The given optimizer takes one step a batch, after the backward pass, and nothing else changes the parameters."""
        mended = self.with_clearing()
        mended.require_step(cause)
        mended.require_optimizer(SGD, least=3)

    def require_mean_losses(self) -> None:
        """What is returned is the mean loss of each epoch, over its images or its batches."""
        self.as_it_is().require_mean_losses(of_batches=True)
