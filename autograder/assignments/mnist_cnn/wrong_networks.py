"""Networks of mnist_cnn with one thing wrong, in a layer or in the forward pass."""

from __future__ import annotations

from autograder.proof.mutants import at, replaced

CONVOLUTIONS = {
    "conv1": "nn.Conv2d(1, 32, kernel_size=3, padding=1)",
    "conv2": "nn.Conv2d(32, 32, kernel_size=3, padding=1)",
    "conv3": "nn.Conv2d(32, 64, kernel_size=3, padding=1)",
    "conv4": "nn.Conv2d(64, 64, kernel_size=3, padding=1)",
}
SIZE = "64 * 7 * 7"
BLOCK_1 = "x = F.relu(self.conv1(x))\n        x = F.relu(self.conv2(x))"


def fitting(size: str) -> tuple[tuple[str, str, str], ...]:
    """The edit by which a student makes the first fully connected layer fit other layers before it."""
    return (("mnist_cnn", SIZE, size),)


def without_padding(*names: str) -> tuple[tuple[str, str, str], ...]:
    """The edits that take the padding from some convolutions."""
    return tuple(("mnist_cnn", CONVOLUTIONS[name], CONVOLUTIONS[name].replace(", padding=1", "")) for name in names)


FEW = ("out_channels", "kernel", "padding", "bias")
LAYERS = [
    *at("mnist_cnn", f"self.conv1 = {CONVOLUTIONS['conv1']}", ["architecture"], skip=["without_conv2d"]),
    *at("mnist_cnn", f"self.conv2 = {CONVOLUTIONS['conv2']}", ["architecture"], only=[*FEW, "groups"]),
    *at("mnist_cnn", f"self.conv3 = {CONVOLUTIONS['conv3']}", ["architecture"], skip=["without_conv2d"]),
    *at("mnist_cnn", f"self.conv4 = {CONVOLUTIONS['conv4']}", ["architecture"], only=FEW),
    *at("mnist_cnn", "self.pool1 = nn.MaxPool2d(kernel_size=2, stride=2)", ["architecture"]),
    *at("mnist_cnn", "self.pool2 = nn.MaxPool2d(kernel_size=2, stride=2)", ["architecture"]),
    *at("mnist_cnn", f"self.fc1 = nn.Linear({SIZE}, 256)", ["architecture"]),
    *at("mnist_cnn", "self.fc2 = nn.Linear(256, 10)", ["architecture"]),
    replaced(
        "mnist_cnn",
        "nn.Conv2d(64, 64",
        "nn.Conv2d(64, 128",
        ["architecture"],
        "conv4 with 128 channels, and fc1 made to fit.",
        label="conv4_channels_made_to_fit",
        also=fitting("128 * 7 * 7"),
    ),
    replaced(
        "mnist_cnn",
        "nn.Conv2d(1, 32",
        "nn.Conv2d(1, 16",
        ["architecture"],
        "conv1 with 16 channels, and conv2 made to fit.",
        label="conv1_channels_made_to_fit",
        also=(("mnist_cnn", "nn.Conv2d(32, 32", "nn.Conv2d(16, 32"),),
    ),
    replaced(
        "mnist_cnn",
        CONVOLUTIONS["conv3"],
        CONVOLUTIONS["conv3"].replace("padding=1", "padding=1, stride=2"),
        ["architecture"],
        "conv3 with stride 2, and fc1 made to fit.",
        label="conv3_stride_made_to_fit",
        also=fitting("64 * 3 * 3"),
    ),
    replaced(
        "mnist_cnn",
        "self.pool2 = nn.MaxPool2d(kernel_size=2, stride=2)",
        "self.pool2 = nn.MaxPool2d(2, stride=1)",
        ["architecture"],
        "pool2 with stride 1, and fc1 made to fit.",
        label="pool2_stride_made_to_fit",
        also=fitting("64 * 13 * 13"),
    ),
    replaced(
        "mnist_cnn",
        "x = self.pool2(x)",
        "x = F.adaptive_avg_pool2d(x, 7)",
        ["architecture"],
        "An adaptive average pooling.",
    ),
    replaced(
        "mnist_cnn", "x = self.pool1(x)", "x = F.dropout(self.pool1(x), 0.25, self.training)", ["architecture"], "Dropout."
    ),
    replaced(
        "mnist_cnn",
        "x = F.relu(self.conv2(x))",
        "x = F.relu(self.norm(self.conv2(x)))",
        ["architecture"],
        "A batch norm.",
        also=(
            (
                "mnist_cnn",
                "    def forward(self, x):",
                "        self.norm = nn.BatchNorm2d(32)\n\n    def forward(self, x):",
            ),
        ),
    ),
    replaced(
        "mnist_cnn",
        "x = F.relu(self.fc1(x))",
        "x = F.relu(self.fc3(F.relu(self.fc1(x))))",
        ["architecture"],
        "A third fully connected layer.",
        also=(
            (
                "mnist_cnn",
                "    def forward(self, x):",
                "        self.fc3 = nn.Linear(256, 256)\n\n    def forward(self, x):",
            ),
        ),
    ),
    *(
        replaced(
            "mnist_cnn",
            SIZE,
            size,
            ["architecture"],
            f"Padding in some convolutions only: none in {', '.join(names)}.",
            also=(*without_padding(*names), ("parameter_formulas", SIZE, size)),
        )
        for names, size in (
            (("conv1",), "64 * 6 * 6"),
            (("conv4",), "64 * 6 * 6"),
            (("conv1", "conv2"), "64 * 6 * 6"),
            (("conv3", "conv4"), "64 * 5 * 5"),
            (("conv2", "conv3", "conv4"), "64 * 4 * 4"),
        )
    ),
    replaced(
        "mnist_cnn",
        CONVOLUTIONS["conv1"],
        CONVOLUTIONS["conv1"].replace(", padding=1", ""),
        ["architecture"],
        "No padding anywhere, and fc1 as with padding.",
        label="no_padding_size_of_padding",
        also=without_padding("conv2", "conv3", "conv4"),
    ),
]

FORWARD = [
    *at("mnist_cnn", "x = F.relu(self.conv1(x))", ["forward"]),
    *at("mnist_cnn", "x = F.relu(self.conv2(x))", ["forward"], only=["without_relu", "without_conv2", "sigmoid"]),
    *at("mnist_cnn", "x = F.relu(self.conv3(x))", ["forward"], only=["without_relu", "not_kept", "tanh"]),
    *at("mnist_cnn", "x = F.relu(self.conv4(x))", ["forward"], only=["without_relu", "leaky_relu", "order_conv4_relu"]),
    *at("mnist_cnn", "x = self.pool1(x)", ["forward"]),
    *at("mnist_cnn", "x = self.pool2(x)", ["forward"]),
    *at("mnist_cnn", "x = torch.flatten(x, start_dim=1)", ["forward"]),
    *at("mnist_cnn", "x = F.relu(self.fc1(x))", ["forward"]),
    *at("mnist_cnn", "x = self.fc2(x)", ["forward"]),
    replaced(
        "mnist_cnn", "x = self.fc2(x)", "x = F.log_softmax(self.fc2(x), dim=1)", ["forward"], "Log-softmax at the end."
    ),
    replaced("mnist_cnn", "x = self.fc2(x)", "x = F.relu(self.fc2(x))", ["forward"], "ReLU at the end."),
    replaced("mnist_cnn", "x = self.fc2(x)", "x = torch.sigmoid(self.fc2(x))", ["forward"], "Sigmoid at the end."),
    replaced("mnist_cnn", "return x", "return x.argmax(dim=1)", ["forward"], "Classes in place of logits."),
    replaced("mnist_cnn", "return x", "pass", ["forward"], "Nothing is returned."),
    replaced(
        "mnist_cnn", "torch.flatten(x, start_dim=1)", "x.view(100, -1)", ["forward"], "A batch size written into the code."
    ),
    replaced("mnist_cnn", "torch.flatten(x, start_dim=1)", "x.view(8, -1)", ["forward"], "A batch size that fits this run."),
    replaced(
        "mnist_cnn",
        BLOCK_1,
        "h = F.relu(self.conv1(x))\n        x = h + F.relu(self.conv2(h))",
        ["forward"],
        "A sum around the second convolution.",
    ),
    replaced("mnist_cnn", "x = self.fc2(x)", "x = self.fc2(2 * x)", ["forward"], "A factor before the last layer."),
    replaced(
        "mnist_cnn",
        "x = torch.flatten(x, start_dim=1)",
        "x = x.permute(0, 2, 3, 1).flatten(1).reshape(-1, 3136).flip(1)",
        ["forward"],
        "Values reversed before the fully connected layers.",
    ),
]
