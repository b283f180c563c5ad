"""Hidden tests of the accuracy, the filters and the feature maps: ACT18, ACT19, ACT21, ACT23."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from autograder.inside import trace
from autograder.judging import held_out
from autograder.judging.evaluation import Evaluation
from autograder.judging.table import table
from autograder.judging.thresholds import Threshold
from autograder.networks.comparison import Complaint, close, compare, require, up_to_an_error
from autograder.runs.evidence import Evidence

from . import reference

ACCURACY = Threshold("test accuracy", at_least={"full": 0.98, "quick": 0.8, "proof": 0.3})
rests_on_the_layers = pytest.mark.needs(*(f"act{number:02d}" for number in range(1, 7)))
SAME_PICTURE = 0.02  # of its range


@pytest.fixture(scope="session")
def evaluation(evidence: Evidence) -> Evaluation:
    return Evaluation.of(evidence, "accuracy_cell", "test_accuracy")


@table(
    ("act18", 2, "The images of each batch are moved to the device, and the network gets the moved ones.",
     lambda found: found.require_moved(0, "images")),
    ("act18", 1, "So are its labels.", lambda found: found.require_moved(1, "labels")),
)  # fmt: skip
def test_moved(evaluation: Evaluation, required: Callable[[Evaluation], None]) -> None:
    required(evaluation)


@table(
    ("act19", 4, "`err` is the number of misclassified images.", lambda found: found.require_errors("err")),
    ("act19", 1, "`tot` is the number of images seen.", lambda found: found.require_images("tot")),
    (
        "act19",
        1,
        "The network is in evaluation mode while it is tested.",
        lambda found: found.require_evaluation_mode("net"),
    ),
)
@up_to_an_error("accuracy_cell")
def test_counted(evaluation: Evaluation, required: Callable[[Evaluation], None], evidence: Evidence) -> None:
    required(evaluation)


@pytest.mark.item("act19", weight=2)
@pytest.mark.needs("act16")
def test_accuracy(evidence: Evidence) -> None:
    """Your trained network classifies enough of the real test images, which it never saw."""
    where = ("training", "learning_rate", "the network is not trained enough; see ACT16")
    held_out.require_accuracy(ACCURACY, evidence, *where, dataset="mnist", normalised=reference.normalised)


@pytest.fixture(scope="session")
def convolution(evidence: Evidence) -> nn.Conv2d:
    """The student's first convolution, with the weights that the box put into it: a wrong size is reported at ACT1, once."""
    network = compare(evidence, reference.convnet, (4, 1, 28, 28), probe="network", cell="convnet")
    layer = next((layer for layer in network.executed.layers if layer.kind == "conv2d"), None)
    if layer is None:
        raise Complaint(f"no convolution in the forward pass{network.stopped()}", "a first convolution", "see ACT1")
    made = nn.Conv2d(layer["in"], layer["out"], layer["kernel"], layer["stride"], layer["padding"], bias=layer["bias"])
    shapes = {name: list(value.shape) for name, value in made.named_parameters()}
    made.load_state_dict(trace.drawn_weights(0, shapes, evidence.record.seed))
    return made


def _filters(convolution: nn.Conv2d) -> torch.Tensor:
    """Its filters, (O, kH, kW) for one input channel."""
    return convolution.weight.detach()[:, 0]


@pytest.fixture(scope="session")
@up_to_an_error("filters")
def filters(evidence: Evidence, convolution: nn.Conv2d) -> dict[str, Any]:
    found = evidence.document("filters", "filters")
    require(found["count"] is not None, "filters is not a list of arrays", "32 arrays", "ACT21 is open")
    _require_weights(found["count"], evidence, convolution)
    return found


def _require_weights(count: int, evidence: Evidence, convolution: nn.Conv2d) -> None:
    """The arrays hold the first convolution's weights; how they are stored and shown earns nothing without that."""
    wanted = _filters(convolution)
    tensors = evidence.tensors_of("filters")
    require(count == len(wanted), f"{count} filters", f"{len(wanted)}", "not all channels were taken")
    for number, filter_ in enumerate(wanted):
        found = tensors[str(number)].squeeze()
        require(
            found.shape == filter_.shape and close(found, filter_),
            f"filter {number} of shape {tuple(found.shape)} does not hold the weights",
            f"{tuple(filter_.shape)}, the weights",
            "another layer, or scaled",
        )


@pytest.mark.item("act21", weight=2)
@rests_on_the_layers
def test_filters_are_the_weights(filters: dict[str, Any]) -> None:
    """`filters` holds the weights of the first convolution, one filter a channel."""
    assert filters["count"] > 0


@pytest.mark.item("act21", weight=1)
@rests_on_the_layers
@up_to_an_error("filters")
def test_filters_are_numpy(filters: dict[str, Any], evidence: Evidence) -> None:
    """They are numpy arrays of shape (5, 5)."""
    shapes = sorted({tuple(shape) for shape in filters["shapes"]})
    require(filters["numpy"], "tensors or lists", "numpy arrays", ".numpy() was left out")
    require(
        all(len(shape) - shape.count(1) == 2 or shape == (1, 1) for shape in shapes),
        f"shapes {shapes}",
        "(5, 5) each",
        "rows or channels were taken apart",
    )


@pytest.mark.item("act21", weight=1)
@rests_on_the_layers
@up_to_an_error("filters")
def test_filter_pictures(filters: dict[str, Any], convolution: nn.Conv2d, evidence: Evidence) -> None:
    """Each filter is shown as a picture of its own."""
    wanted = _filters(convolution)
    images = [image for figure in filters["figures"] for axes in figure["axes"] for image in axes["images"]]
    pixels = [image for image in images if image["shape"][:2] == list(wanted.shape[1:])]
    require(
        len(pixels) >= len(wanted),
        f"{len(pixels)} pictures of {tuple(wanted.shape[1:])}",
        f"{len(wanted)}",
        "imshow is missing, or several filters share one picture",
    )
    size = wanted[0].numel()
    rows = [torch.tensor(image["pixels"]) for image in pixels if len(image.get("pixels", [])) == size]
    require(bool(rows), "pictures with colours of their own", "one number a pixel", "imshow of an RGB image")
    shown = _scaled(torch.stack(rows))
    matched = sum(bool((_scaled(filter_.reshape(1, -1)) - shown).abs().amax(1).min() < SAME_PICTURE) for filter_ in wanted)
    require(
        matched == len(wanted),
        f"{matched} of the filters are among the pictures",
        f"all {len(wanted)}",
        "the same picture is drawn again and again",
    )


def _scaled(values: torch.Tensor) -> torch.Tensor:
    """Each row (N, pixels) to [0, 1], since students may rescale for display."""
    low, high = values.amin(-1, keepdim=True), values.amax(-1, keepdim=True)
    return (values - low) / (high - low).clamp(min=1e-9)


@pytest.fixture(scope="session")
def maps(evidence: Evidence) -> dict[str, torch.Tensor]:
    evidence.document("feature_maps", "feature_maps")
    return evidence.tensors_of("feature_maps")


@pytest.fixture(scope="session")
def responses(evidence: Evidence, convolution: nn.Conv2d) -> torch.Tensor:
    """conv1(image) for the ten images that the box drew, (10, 1, O, H, W)."""
    images = trace.drawn_images(evidence.record.seed + 1, (10, 1, 1, 28, 28))
    with torch.no_grad():
        return torch.stack([convolution(image) for image in images])


@pytest.fixture(scope="session")
def expected_maps(responses: torch.Tensor) -> torch.Tensor:
    """ReLU(conv1(image)) for these images, (10, 1, O, H, W)."""
    return responses.relu()


def _maps_shown(pictures: torch.Tensor | None, responses: torch.Tensor) -> int:
    """How many maps are among ``pictures`` (N, H, W), rescaled or not, with the ReLU (which has its own test) or not."""
    raw = responses.flatten(0, 2)  # (10 O, H, W)
    if pictures is None or pictures.shape[1:] != raw.shape[1:]:
        return 0
    shown = _scaled(pictures.flatten(1))
    far = [torch.cdist(_scaled(maps.flatten(1)), shown, p=math.inf).amin(1) for maps in (raw.relu(), raw)]
    return int((torch.minimum(*far) < SAME_PICTURE).sum())


@pytest.mark.item("act23", weight=3)
@rests_on_the_layers
@up_to_an_error("feature_maps")
def test_output_is_relu_of_conv1(maps: dict[str, torch.Tensor], expected_maps: torch.Tensor, evidence: Evidence) -> None:
    """`output` is the first convolution of `data` followed by its ReLU, shape (1, 32, 28, 28)."""
    found, wanted = maps.get("output"), expected_maps
    require(found is not None, "no tensor output", "output of shape (1, 32, 28, 28)", "ACT23 is open")
    assert found is not None
    require(
        list(found.shape) == list(wanted.shape[1:]),
        f"shape {tuple(found.shape)}",
        f"{tuple(wanted.shape[1:])}",
        "pooled, flattened, or another layer",
    )
    require(
        bool((found >= 0).all()),
        f"values down to {float(found.min()):.2f}",
        "no value below 0",
        "the ReLU is missing",
    )
    require(
        any(close(found, one) for one in wanted),
        "other values",
        "ReLU(conv1(data))",
        "another layer, or another image",
    )


@pytest.mark.item("act23", weight=1)
@rests_on_the_layers
@up_to_an_error("feature_maps")
def test_one_example_of_each_digit(
    maps: dict[str, torch.Tensor], expected_maps: torch.Tensor, responses: torch.Tensor, evidence: Evidence
) -> None:
    """There are maps for one example of each digit."""
    document = evidence.document("feature_maps", "feature_maps")
    wanted = expected_maps
    kept = [maps[f"map.{digit}"] for digit in range(10) if f"map.{digit}" in maps]
    if len(kept) == 10:
        shapes = sorted({tuple(one.shape) for one in kept})
        require(
            all(one.numel() == wanted[0].numel() for one in kept),
            f"shapes {shapes}",
            "(1, 32, 28, 28)",
            "see above",
        )
        different = len({round(float(one.sum()), 2) for one in kept})
        require(
            different == 10,
            f"{different} different maps",
            "one for each digit",
            "the same example was used again",
        )
        # Clamped, since a ReLU that is missing has cost its points above.
        rows = torch.stack([one.reshape(wanted[0].shape).clamp(min=0) for one in kept])
        # Its own digit first, since that is what it mostly is.
        others = sum(not any(close(row, one) for one in (wanted[digit], *wanted)) for digit, row in enumerate(rows))
        require(
            others == 0, f"{others} maps of something else", "conv1 of the ten examples", "another layer, or other images"
        )
        return
    number, shown = wanted[:, 0, :, 0, 0].numel(), _maps_shown(maps.get("pictures"), responses)
    require(
        shown == number,
        f"maps of {document['digits'] or 0} digits, pictures of {shown} maps",
        f"maps of all ten digits, or pictures of all {number}",
        "the loop over the examples was left out",
    )
