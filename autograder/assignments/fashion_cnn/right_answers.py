"""Right answers to fashion_cnn in the ways students write them: all earn every autograded point."""

from __future__ import annotations

from autograder.proof.catalogue import Answer

from .right_layers import IN_ONE_LIST, INHERITED, LAZY, PADDED_BEFORE, SAME_PADDING
from .right_loops import (
    CURVES_ON_TWO_FIGURES,
    EVALUATE_INFERENCE,
    MOVED_TO_DEVICE,
    OTHER_KEYS,
    TRAIN_WITH_PARTS,
)
from .right_networks import BLOCK_CLASSES, FUNCTIONAL, MODULE_LIST
from .right_styles import CIRCULATED, HINTED, STEP_BY_STEP

RIGHT = [
    Answer(
        "right_circulated",
        "right",
        "As in exercises that circulate: reshape, torch.max, criterion, conv1 as a Sequential; means weighted, as asked.",
        cells=CIRCULATED,
        example=True,
    ),
    Answer("right_functional", "right", "No layer modules at all: parameters, buffers and functions.", cells=FUNCTIONAL),
    Answer("right_module_list", "right", "ModuleLists, and a loop over the layers in forward.", cells=MODULE_LIST),
    Answer("right_block_classes", "right", "A block as a class of its own, used by all networks.", cells=BLOCK_CLASSES),
    Answer("right_lazy", "right", "Lazy layers that find their sizes in the first pass.", cells=LAZY),
    Answer("right_same_padding", "right", "padding='same', tuples, in-place ReLU, strides written out.", cells=SAME_PADDING),
    Answer("right_inherited", "right", "Each version inherits from the one before.", cells=INHERITED),
    Answer("right_padded_before", "right", "ZeroPad2d and F.pad before convolutions without padding.", cells=PADDED_BEFORE),
    Answer("right_in_one_list", "right", "Layers by a function, an OrderedDict, add_module and setattr.", cells=IN_ONE_LIST),
    Answer(
        "right_step_by_step",
        "right",
        "One line a step, pool before ReLU, German names and comments.",
        cells=STEP_BY_STEP,
    ),
    Answer("right_hinted", "right", "Type hints, docstrings and functions of one's own.", cells=HINTED),
    Answer("right_moved_to_device", "right", "Moves everything to the device once more.", cells=MOVED_TO_DEVICE),
    Answer("right_other_keys", "right", "The batch sizes travel under another name, results as tensors.", cells=OTHER_KEYS),
    Answer("right_inference_mode", "right", "inference_mode, generators and set_grad_enabled.", cells=EVALUATE_INFERENCE),
    Answer("right_train_with_parts", "right", "Loops with optimizers built in other ways.", cells=TRAIN_WITH_PARTS),
    Answer(
        "right_published_numbers",
        "right",
        "Writes out the published number of epochs; two figures, scatter and percent.",
        cells=CURVES_ON_TWO_FIGURES,
        edits=(("fit_code", "fit(num_epochs_regression, 0.001, model", "fit(10, 1e-3, model"),),
    ),
    Answer(
        "right_noisy",
        "right",
        "Right, but noisy: warnings, text on stderr, prints of shapes, extra cells.",
        edits=(
            ("cnn", "features = x.flatten(start_dim=1)", "features = x.flatten(start_dim=1); print(features.shape)"),
            ("cnn_training", "    cnn.eval()\n", "    cnn.eval()\n    print('testing', name, file=sys.stderr)\n"),
        ),
        added=(
            ("imports", "import warnings\nwarnings.warn('this library is old')"),
            ("train_and_test", "example = CNN()(torch.rand(3, 1, 28, 28))\n[part.shape for part in example]"),
            ("fit", "print('history again:', history)\nhistory[-1]"),
        ),
    ),
]
