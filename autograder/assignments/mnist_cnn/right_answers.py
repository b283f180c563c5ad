"""Right answers to mnist_cnn in the styles in which students write: every one must earn every autograded point."""

from __future__ import annotations

from autograder.proof.catalogue import Answer

from . import right_networks as networks
from . import right_training as trainings

FORMULAS = """def learn_conv(w, h, d, k):
    weights = 0
    for _ in range(k):
        weights += w * h * d  # one filter
        weights += 1  # its bias
    return weights


def learn_full(n, m):
    return n * m + m


total_parameters = sum(p.numel() for p in MNIST_CNN().parameters() if p.requires_grad)
parameter_ratio = round(total_parameters / 105681, 2)
"""

LAMBDAS = """learn_conv = lambda w, h, d, k: k * (1 + w * h * d)
learn_full = lambda n, m: m * (n + 1)
total_parameters, parameter_ratio = 329_962, 3.12
"""

BY_LAYER = """def learn_conv(w, h, d, k, bias=True):
    return w * h * d * k + (k if bias else 0)

def learn_full(n: int, m: int) -> int:
    return np.prod([n, m]) + m

mlp = learn_full(784, 120) + learn_full(120, 63) + learn_full(63, 52) + learn_full(52, 10)
total_parameters = np.sum([
    learn_conv(3, 3, d, k) for d, k in [(1, 32), (32, 32), (32, 64), (64, 64)]
]) + learn_full(7 * 7 * 64, 256) + learn_full(256, 10)
parameter_ratio = total_parameters / mlp
print(f"{total_parameters:,} / {mlp:,} = {parameter_ratio:.3f}")
"""

FLOORED = """import math
def w_out(w_in, k, p, s=1):
    return math.floor((w_in - k + 2 * p) / s) + 1
"""

COUNTED_PLACES = """def w_out(w_in: int, k: int, p: int, s: int = 1) -> int:
    return len(range(0, w_in + 2 * p - k + 1, s))
"""

MEASURED = """def w_out(w_in, k, p, s=1):
    with torch.no_grad():
        return nn.Conv2d(1, 1, (1, k), padding=(0, p), stride=(1, s))(torch.zeros(1, 1, 1, w_in)).shape[-1]
"""

UNPADDED_TOTAL = (("parameter_formulas", "64 * 7 * 7", "64 * 4 * 4"),)

RIGHT = [
    Answer(
        "right_without_padding",
        "right",
        "No padding, one pool for both blocks, view; a loop without progress bars that prints means; GPU if there is one.",
        cells={
            "mnist_cnn": networks.UNPADDED,
            "training_code": trainings.PLAIN_LOOP,
            "evaluation": trainings.MEAN_OF_BATCHES,
        },
        edits=UNPADDED_TOTAL,
    ),
    Answer(
        "right_sequential",
        "right",
        "One Sequential with 'same' padding, tuples and in-place ReLU; floor of a division; helper functions in the loop.",
        cells={
            "mnist_cnn": networks.SEQUENTIAL,
            "output_size_code": FLOORED,
            "training_code": trainings.HELPERS,
            "evaluation": trainings.ALL_AT_ONCE,
        },
    ),
    Answer(
        "right_functional",
        "right",
        "No layer modules: parameters and functions. One loss an epoch, and three epochs written as a number.",
        cells={"mnist_cnn": networks.FUNCTIONAL, "training_code": trainings.PER_EPOCH, "evaluation": trainings.COUNTED},
    ),
    Answer(
        "right_blocks",
        "right",
        "A block class in a ModuleList, type hints; losses kept as tensors, nll_loss of log_softmax; formulas by loops.",
        cells={
            "mnist_cnn": networks.BLOCKS,
            "training_code": trainings.TENSORS,
            "parameter_formulas": FORMULAS,
            "evaluation": trainings.OWN_LOADER,
        },
    ),
    Answer(
        "right_lazy",
        "right",
        "Lazy layers set in a loop, names and comments in German, pooling before the second ReLU.",
        cells={"mnist_cnn": networks.LAZY, "output_size_code": COUNTED_PLACES, "evaluation": trainings.NUMBER_FIXED},
    ),
    Answer(
        "right_loop_over_layers",
        "right",
        "A loop over a ModuleList without padding, sizes from w_out, own initial weights; lambdas and numbers filled in.",
        cells={"mnist_cnn": networks.LOOP, "parameter_formulas": LAMBDAS},
    ),
    Answer(
        "right_subclass_of_sequential",
        "right",
        "A subclass of Sequential from an OrderedDict, with padding layers of its own.",
        cells={"mnist_cnn": networks.SUBCLASS, "parameter_formulas": BY_LAYER, "evaluation": trainings.WHOLE_TENSOR},
    ),
    Answer(
        "right_other_names",
        "right",
        "Layers by add_module, other names, ReLU as clamp, maximum and threshold, a method for the features.",
        cells={"mnist_cnn": networks.NAMES, "output_size_code": MEASURED},
    ),
    Answer(
        "right_function_and_closure",
        "right",
        "A function that builds the network, a closure for the optimizer, labels as one-hot rows, losses in an array.",
        cells={"mnist_cnn": networks.FUNCTION, "training_code": trainings.CLOSURE},
    ),
    Answer(
        "right_compiled",
        "right",
        "torch.compile, and mixed precision with a gradient scaler.",
        edits=(
            ("training_code", "model = MNIST_CNN().to(device)", "model = torch.compile(MNIST_CNN().to(device))"),
            (
                "training_code",
                "model.train()",
                "model.train()\nscaler = torch.amp.GradScaler(device.type)",
            ),
            (
                "training_code",
                "        logits = model(images)\n        loss = loss_function(logits, labels)",
                "        with torch.autocast(device.type):\n"
                "            logits = model(images)\n            loss = loss_function(logits, labels)",
            ),
            (
                "training_code",
                "loss.backward()\n        optimizer.step()",
                "scaler.scale(loss).backward()\n        scaler.step(optimizer)\n        scaler.update()",
            ),
        ),
    ),
    Answer(
        "right_float64",
        "right",
        "Weights and images as float64.",
        edits=(
            ("training_code", "MNIST_CNN().to(device)", "MNIST_CNN().to(device).double()"),
            ("training_code", "model(images)", "model(images.double())"),
            ("evaluation", "model(images)", "model(images.double())"),
        ),
    ),
    Answer(
        "right_tried_before",
        "right",
        "Another network learns from two batches first, to see that all fits.",
        cells={"training_code": trainings.TRIED_BEFORE},
    ),
    Answer(
        "right_noisy",
        "right",
        "Warnings, text on stderr, magics, extra cells, helper functions in a cell of its own.",
        edits=(
            ("training_code", "    for images, labels in", "    warnings.warn('epoch begins')\n    for images, labels in"),
            ("evaluation", "model.eval()", "model.eval()\n%matplotlib inline"),
            ("mnist_cnn", "        x = F.relu(self.conv1(x))", "        note(x)\n        x = F.relu(self.conv1(x))"),
        ),
        added=(
            ("imports", "import sys, warnings\n!pip install torchsummary\nprint('note to self', file=sys.stderr)"),
            ("output_size", "def note(x):\n    '''for finding mistakes'''\n    return x.shape\nw_out(28, 3, 1)"),
            ("training", "plt.plot(loss_history)\nloss_history[-1]"),
            ("test_accuracy", "1 / 0"),
        ),
    ),
    Answer(
        "right_notebook_progress_bars",
        "right",
        "Progress bars of tqdm.notebook, and of no library.",
        edits=(
            (
                "training_code",
                'tqdm(range(num_epochs), desc="epochs")',
                'tqdm_notebook(range(num_epochs), desc="epochs")',
            ),
            (
                "training_code",
                "loss_history.append(loss.item())",
                "loss_history.append(loss.item())\n        print(f'\\r{len(loss_history)} batches', end='')",
            ),
        ),
        added=(("imports", "from tqdm.notebook import tqdm as tqdm_notebook"),),
    ),
    Answer(
        "right_counted_by_scikit_learn",
        "right",
        "The right images of each batch counted by a library that Colab has.",
        edits=(
            (
                "evaluation",
                "(predicted == labels).sum().item()",
                "accuracy_score(labels.cpu(), predicted.cpu(), normalize=False)",
            ),
        ),
        added=(("imports", "from sklearn.metrics import accuracy_score"),),
    ),
    Answer(
        "right_shared_modules",
        "right",
        "One ReLU and one pool module for all places; conv, pool, then ReLU.",
        edits=(
            ("mnist_cnn", "        self.pool2 = nn.MaxPool2d(kernel_size=2, stride=2)\n", "        self.relu = nn.ReLU()\n"),
            (
                "mnist_cnn",
                "x = F.relu(self.conv4(x))\n        x = self.pool2(x)",
                "x = self.relu(self.pool1(self.conv4(x)))",
            ),
            (
                "mnist_cnn",
                "x = F.relu(self.conv2(x))\n        x = self.pool1(x)",
                "x = self.relu(self.pool1(self.conv2(x)))",
            ),
        ),
    ),
    Answer(
        "right_model_zero_grad",
        "right",
        "model.zero_grad(), clearing after the step, mean loss by hand, evaluation mode set in the training cell too.",
        edits=(
            ("training_code", "        optimizer.zero_grad()\n", ""),
            ("training_code", "        optimizer.step()\n", "        optimizer.step()\n        model.zero_grad()\n"),
            (
                "training_code",
                "loss = loss_function(logits, labels)",
                "loss = -torch.log_softmax(logits, 1)[torch.arange(len(labels)), labels].mean()",
            ),
        ),
    ),
    Answer(
        "right_float_size_cast",
        "right",
        "w_out with an int() around a float division, and // in the formulas where nothing is left over.",
        edits=(
            ("output_size_code", "(w_in + 2 * p - k) // s + 1", "int((w_in + 2 * p - k) / s + 1)"),
            ("parameter_formulas", "return (n + 1) * m", "return int((n + 1.0) * m)"),
        ),
    ),
    Answer(
        "right_bias_added_by_hand",
        "right",
        "Linear layers without bias and a parameter added after them: the same function and the same number of parameters.",
        edits=(
            (
                "mnist_cnn",
                "self.fc2 = nn.Linear(256, 10)",
                "self.fc2 = nn.Linear(256, 10, bias=False)\n        self.offset = nn.Parameter(torch.zeros(10))",
            ),
            ("mnist_cnn", "x = self.fc2(x)", "x = self.fc2(x) + self.offset"),
        ),
    ),
    Answer(
        "right_first_network_thrown_away",
        "right",
        "Tries a first network before, counts its parameters in the training cell, and trains a second one.",
        edits=(
            (
                "training_code",
                "model = MNIST_CNN().to(device)\n",
                "first = MNIST_CNN()\nprint(sum(p.numel() for p in first.parameters()), 'parameters')\n"
                "model = MNIST_CNN().to(device)\nprint(model)\n",
            ),
        ),
    ),
    Answer(
        "right_arguments_of_the_class",
        "right",
        "A class with arguments, built with keywords; the loss function called as a class and as a function.",
        edits=(
            (
                "mnist_cnn",
                "def __init__(self):\n        super().__init__()",
                "def __init__(self, p=0):\n        super().__init__()",
            ),
            ("mnist_cnn", "nn.Conv2d(1, 32, kernel_size=3, padding=1)", "nn.Conv2d(1, 32, kernel_size=3, padding=p)"),
            ("mnist_cnn", "nn.Conv2d(32, 32, kernel_size=3, padding=1)", "nn.Conv2d(32, 32, kernel_size=3, padding=p)"),
            ("mnist_cnn", "nn.Conv2d(32, 64, kernel_size=3, padding=1)", "nn.Conv2d(32, 64, kernel_size=3, padding=p)"),
            ("mnist_cnn", "nn.Conv2d(64, 64, kernel_size=3, padding=1)", "nn.Conv2d(64, 64, kernel_size=3, padding=p)"),
            ("mnist_cnn", "64 * 7 * 7", "64 * (7 * 7 if p else 4 * 4)"),
            ("training_code", "model = MNIST_CNN()", "model = MNIST_CNN(p=0)"),
            ("training_code", "loss = loss_function(logits, labels)", "loss = nn.CrossEntropyLoss()(logits, labels)"),
            *UNPADDED_TOTAL,
        ),
    ),
]
