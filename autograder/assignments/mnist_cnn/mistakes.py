"""Known mistakes in mnist_cnn, each with the items at which it must be found."""

from __future__ import annotations

from autograder.proof.catalogue import Answer

TWO_CONVOLUTIONS = """class MNIST_CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=3, padding=1)
        self.pool = nn.MaxPool2d(2, 2)
        self.fc1 = nn.Linear(64 * 7 * 7, 256)
        self.fc2 = nn.Linear(256, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = torch.flatten(x, start_dim=1)
        x = F.relu(self.fc1(x))
        return self.fc2(x)
"""

MISTAKES = [
    Answer(
        "mistake_two_convolutions",
        "mistake",
        "Only two convolutions, 1 -> 32 -> 64, where four are asked; counts its own 824,458 parameters rightly.",
        cells={"mnist_cnn": TWO_CONVOLUTIONS},
        edits=(
            (
                "parameter_formulas",
                "learn_conv(3, 3, 1, 32) + learn_conv(3, 3, 32, 32) + learn_conv(3, 3, 32, 64) + learn_conv(3, 3, 64, 64)",
                "learn_conv(3, 3, 1, 32) + learn_conv(3, 3, 32, 64)",
            ),
        ),
        fails=("architecture",),
        verdicts={"architecture": "partial", "forward": "partial"},
        close=True,
        example=True,
    ),
    Answer(
        "mistake_size_is_a_float",
        "mistake",
        "w_out returns a float: a division with /.",
        edits=(("output_size_code", "// s", "/ s"),),
        fails=("output_size",),
        verdicts={"output_size": "partial"},
        example=True,
    ),
    Answer(
        "mistake_no_biases",
        "mistake",
        "Leaves the biases out of both formulas, and so out of the total.",
        edits=(
            ("parameter_formulas", "(w * h * d + 1) * k", "w * h * d * k"),
            ("parameter_formulas", "(n + 1) * m", "n * m"),
        ),
        fails=("conv_formula", "full_formula"),
        verdicts={"conv_formula": "failed", "full_formula": "failed", "total_parameters": "partial"},
        example=True,
    ),
    Answer(
        "mistake_accuracy_on_the_training_set",
        "mistake",
        "Evaluates on the images that the network was trained on.",
        edits=(
            ("evaluation", "in test_loader", "in train_loader"),
            ("evaluation", "len(test_data)", "len(train_data)"),
        ),
        fails=("test_accuracy",),
        verdicts={"test_accuracy": "partial"},
        example=True,
    ),
    Answer(
        "mistake_right_answers_per_batch",
        "mistake",
        "Divides the number of right answers by the number of batches.",
        edits=(("evaluation", "len(test_data)", "len(test_loader)"),),
        fails=("test_accuracy",),
        verdicts={"test_accuracy": "partial"},
    ),
    Answer(
        "mistake_batches_counted",
        "mistake",
        "Counts a batch as one right answer if all of it is right.",
        edits=(("evaluation", "(predicted == labels).sum().item()", "torch.equal(predicted, labels)"),),
        fails=("test_accuracy",),
        verdicts={"test_accuracy": "partial"},
    ),
    Answer(
        "mistake_softmax_at_the_end",
        "mistake",
        "Ends the network in a softmax, which cross-entropy applies a second time.",
        edits=(("mnist_cnn", "x = self.fc2(x)", "x = F.softmax(self.fc2(x), dim=1)"),),
        fails=("forward",),
        close=True,
    ),
    Answer(
        "mistake_softmax_in_the_loop",
        "mistake",
        "Applies a softmax in the training loop, before cross-entropy.",
        edits=(("training_code", "loss_function(logits, labels)", "loss_function(F.softmax(logits, dim=1), labels)"),),
        fails=("training",),
        verdicts={"training": "partial"},
    ),
    Answer(
        "mistake_percentage",
        "mistake",
        "The accuracy as a percentage.",
        edits=(("evaluation", "correct / len(test_data)", "100 * correct / len(test_data)"),),
        fails=("test_accuracy",),
    ),
    Answer(
        "mistake_ratio_inverted",
        "mistake",
        "The ratio the other way round.",
        edits=(("parameter_formulas", "total_parameters / 105_681", "105_681 / total_parameters"),),
        fails=("total_parameters",),
    ),
    Answer(
        "mistake_total_of_the_other_padding",
        "mistake",
        "A number filled in that belongs to the network without padding.",
        edits=(
            (
                "parameter_formulas",
                "total_parameters = convolutions + learn_full(64 * 7 * 7, 256) + learn_full(256, 10)",
                "total_parameters = 329_962",
            ),
        ),
        fails=("total_parameters",),
    ),
    Answer(
        "mistake_hard_coded_accuracy",
        "mistake",
        "Types in an accuracy.",
        cells={"evaluation": "test_accuracy = 0.9874"},
        fails=("test_accuracy",),
    ),
    Answer(
        "mistake_hard_coded_losses",
        "mistake",
        "Types in losses, and never trains.",
        cells={
            "training_code": "model = MNIST_CNN().to(device)\nloss_history = [0.14, 0.045, 0.03]\ntraining_seconds = 150.0\n"
        },
        fails=("training",),
    ),
]
