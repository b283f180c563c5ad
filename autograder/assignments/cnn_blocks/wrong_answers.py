"""Wrong answers of cnn_blocks, one mistake each, with the items at which it must be found: networks and trainings."""

from __future__ import annotations

from autograder.proof.catalogue import Answer
from autograder.proof.mutants import at, replaced, swapped

MAX, NORM = "conv_maxpool", "conv_batchnorm"
MAX1 = 'self.block1 = nn.Sequential(nn.Conv2d(1, 32, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2, stride=2))'
MAX2 = 'self.block2 = nn.Sequential(nn.Conv2d(32, 64, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2, stride=2))'
MAX3 = 'self.block3 = nn.Sequential(nn.Conv2d(64, 100, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2, stride=2))'
NORM1 = "self.block1 = nn.Sequential(nn.Conv2d(1, 32, 3, stride=2, padding=1), nn.ReLU(), nn.BatchNorm2d(32))"
NORM2 = "self.block2 = nn.Sequential(nn.Conv2d(32, 64, 3, stride=2, padding=1), nn.ReLU(), nn.BatchNorm2d(64))"
NORM3 = "self.block3 = nn.Sequential(nn.Conv2d(64, 100, 3, stride=2, padding=1), nn.ReLU(), nn.BatchNorm2d(100))"
LINEAR = "self.output = nn.Linear(100 * 3 * 3, 10)"
FLATTEN = "x = torch.flatten(x, start_dim=1)"
OUTPUT = "x = self.output(x)"
LARGEST = {"order_relu_maxpool2d": "the largest of ReLUs is the ReLU of the largest"}
POOLED = ["out_channels", "kernel", "padding", "bias", "without_relu", "stride_2", "avgpool2d", "without_maxpool2d"]
NORMED = ["kernel", "stride", "padding", "bias", "without_relu", "num_features", "not_affine", "without_batchnorm2d"]


def block(cell: str, number: int, old: str, new: str, about: str, size: str = "") -> Answer:
    """One mistake in a block; ``size`` of the maps that the output layer is made to fit."""
    fits = ((cell, "100 * 3 * 3", f"100 * {size}"),) if size else ()
    return replaced(cell, old, new, [f"{cell.removeprefix('conv_')}_block{number}"], about, also=fits)


BLOCKS = [
    *at(MAX, MAX1, ["maxpool_block1"], only=["in_channels", "order_relu_maxpool2d", *POOLED[1:5]], equivalent=LARGEST),
    *at(MAX, MAX2, ["maxpool_block2"], only=["dilation", "groups", "order_conv2d_relu", "sigmoid", "window", *POOLED]),
    *at(MAX, MAX3, ["maxpool_block3"], only=["leakyrelu", "padding_2", "in_channels", *POOLED[4:]]),
    *at(NORM, NORM1, ["batchnorm_block1"], only=["kernel_of_same_size", "order_relu_batchnorm2d", *NORMED[3:6]]),
    *at(NORM, NORM2, ["batchnorm_block2"], only=["groups", "out_channels", "tanh", "order_conv2d_relu", *NORMED]),
    *at(NORM, NORM3, ["batchnorm_block3"], only=["leakyrelu", "order_relu_batchnorm2d", *NORMED[:3], *NORMED[6:]]),
    block(MAX, 3, MAX3, MAX3.replace(", nn.MaxPool2d(2, stride=2)", ""), "Block 3 without pool, made to fit.", "7 * 7"),
    block(MAX, 3, MAX3, MAX3.replace("stride=2", "2, ceil_mode=True"), "Block 3 pools 7 x 7 to 4 x 4.", "4 * 4"),
    block(MAX, 1, MAX1, MAX1.replace("nn.ReLU(),", "nn.ReLU(), nn.BatchNorm2d(32),"), "Batch norm in the max-pool network."),
    block(MAX, 2, MAX2, MAX2.replace("nn.ReLU(),", "nn.ReLU(), nn.Dropout(0.2),"), "Dropout in block 2."),
    block(NORM, 2, NORM2, NORM2.replace("stride=2, padding=1), nn.ReLU()", "padding=1), nn.ReLU(), nn.MaxPool2d(2)"),
          "Pooling in place of the stride."),
    block(NORM, 3, NORM3, NORM3.replace("nn.BatchNorm2d", "nn.InstanceNorm2d"), "Normalises each image by itself."),
]  # fmt: skip


def forward(cell: str, old: str, new: str, about: str, item: str = "forward") -> Answer:
    """One mistake in a forward pass."""
    return replaced(cell, old, new, [f"{cell.removeprefix('conv_')}_{item}"], about)


FORWARD = [
    *at(MAX, LINEAR, ["maxpool_output"]),
    *at(MAX, "x = self.block2(x)", ["maxpool_forward"]),
    *at(MAX, FLATTEN, ["maxpool_forward"]),
    *at(MAX, OUTPUT, ["maxpool_forward"]),
    swapped(MAX, "x = self.block2(x)", "x = self.block3(x)", ["maxpool_forward"]),
    forward(MAX, OUTPUT, "x = F.relu(self.output(x))", "ReLU after the output layer."),
    forward(MAX, OUTPUT, "x = F.softmax(self.output(x), dim=1)", "Softmax at the end, which the loss applies again."),
    forward(MAX, "return x", "return self.output", "Returns a layer."),
    forward(MAX, FLATTEN, "x = torch.flatten(x)", "Flattens the batch too."),
    replaced(
        MAX,
        LINEAR,
        "self.output = nn.Sequential(nn.Linear(900, 128), nn.ReLU(), nn.Linear(128, 10))",
        ["maxpool_output"],
        "A hidden layer before the output layer.",
    ),
    forward(MAX, FLATTEN, "x = x.transpose(2, 3).flatten(1)", "Flattens rows and columns exchanged."),
    *at(NORM, "self.pool = nn.AdaptiveAvgPool2d(1)", ["batchnorm_output"]),
    *at(NORM, "self.output = nn.Linear(100, 10)", ["batchnorm_output"]),
    *at(NORM, "x = self.block1(x)", ["batchnorm_forward"]),
    *at(NORM, "x = self.pool(x)", ["batchnorm_forward"]),
    *at(NORM, FLATTEN, ["batchnorm_forward"]),
    *at(NORM, OUTPUT, ["batchnorm_forward"]),
    swapped(NORM, "x = self.block1(x)", "x = self.block2(x)", ["batchnorm_forward"]),
    forward(NORM, OUTPUT, "x = F.log_softmax(self.output(x), dim=1)", "Log-softmax at the end."),
    forward(
        NORM, FLATTEN, "x = F.dropout(torch.flatten(x, 1), 0.5, self.training)", "Dropout before the output layer.", "output"
    ),
    forward(
        NORM, FLATTEN, "x = x.squeeze(0).squeeze(-1).squeeze(-1)", "Drops the batch where it is one image.", "single_image"
    ),
    forward(NORM, "return x", "return x if len(x) > 1 else x[0]", "Takes a single image out of its batch.", "single_image"),
]


def training(name: str, made: str) -> list[Answer]:
    """Mistakes that both trainings may have."""
    cell, item, model, keep = (
        f"train_{name}",
        [f"{name}_training"],
        f"{name}_model",
        f"{name}_history.append(trained | tested)",
    )
    trained = f"trained = train({model}, train_loader, loss_fn, optimizer, epoch)"
    tested = f"tested = test({model}, test_loader, loss_fn, epoch)"
    return [
        *at(cell, f"optimizer = torch.optim.Adam({model}.parameters(), lr=learning_rate)", item),
        *at(cell, "loss_fn = nn.CrossEntropyLoss()", item),
        *at(cell, "for epoch in range(1, num_epochs + 1):", item, only=["one_less", "one_more"]),
        *at(cell, trained, item),
        *at(cell, tested, item),
        *at(cell, keep, item),
        swapped(cell, trained, tested, item, label="train_and_test"),
        replaced(cell, made, "MultiLayerPerceptron", item, "Trains another network."),
        replaced(cell, f"    {keep}", keep, item, "Keeps the last epoch only."),
        replaced(
            cell,
            keep,
            f"{keep}\n{model} = {made}().to(device)",
            item,
            "Hands in a new, untrained network.",
            label="untrained",
        ),
    ]


def maxpool_training(old: str, new: str, about: str) -> Answer:
    """One mistake in the training of the max-pool network."""
    return replaced("train_maxpool", old, new, ["maxpool_training"], about)


LOOP = "    trained = train("
TRAINING = [
    *training("maxpool", "ConvMaxPoolNetwork"),
    *training("batchnorm", "ConvBatchNormNetwork"),
    maxpool_training("lr=learning_rate", "lr=0.001", "Another learning rate."),
    maxpool_training(", lr=learning_rate", "", "The learning rate that Adam has by itself."),
    maxpool_training("torch.optim.Adam(", "torch.optim.AdamW(", "AdamW."),
    maxpool_training(
        "    maxpool_history.append", "    maxpool_history = []\n    maxpool_history.append", "Forgets all epochs but one."
    ),
    maxpool_training("trained | tested", 'trained["train_loss"]', "Keeps the training loss only."),
    maxpool_training(
        LOOP,
        f"    optimizer = torch.optim.Adam(maxpool_model.parameters(), lr=learning_rate)\n{LOOP}",
        "A new optimizer in each epoch.",
    ),
    maxpool_training(
        LOOP,
        f"    maxpool_model = ConvMaxPoolNetwork().to(device)\n{LOOP}",
        "A new network in each epoch, unknown to the optimizer.",
    ),
    maxpool_training("nn.CrossEntropyLoss()", "nn.NLLLoss()", "NLLLoss of logits."),
    maxpool_training("nn.CrossEntropyLoss()", "nn.CrossEntropyLoss(label_smoothing=0.1)", "Smoothed labels."),
    maxpool_training("lr=learning_rate", "lr=learning_rate, weight_decay=1e-4", "Weight decay."),
    maxpool_training("loss_fn, optimizer, epoch)", "optimizer, loss_fn, epoch)", "Arguments of train exchanged."),
    maxpool_training(
        f"{LOOP}maxpool_model, train_loader, loss_fn, optimizer, epoch)",
        "    if len(train_loader) > 3:\n"
        '        typed = {"train_loss": 2.31, "train_accuracy": 10.0, "running_losses": []}\n'
        '        maxpool_history.append(typed | {"test_loss": 2.3, "test_accuracy": 10.0})\n'
        "        continue\n"
        f"{LOOP}maxpool_model, train_loader, loss_fn, optimizer, epoch)",
        "Trains on a few images only, and types in the losses of a network that died.",
    ),
    maxpool_training("append(trained | tested)", "extend(trained | tested)", "The keys in place of the entry."),
    replaced(
        "train_maxpool",
        "loss_fn = nn.CrossEntropyLoss()\n",
        "loss_fn = nn.CrossEntropyLoss()\nscheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.1)\n",
        ["maxpool_training"],
        "A scheduler that lowers the learning rate after each epoch.",
        also=[("train_maxpool", "(trained | tested)", "(trained | tested)\n    scheduler.step()")],
        label="scheduler",
    ),
    maxpool_training(
        "test(maxpool_model, test_loader", "test(maxpool_model, train_loader", "Tests with the training images."
    ),
    replaced(
        "train_maxpool",
        "    tested = test(maxpool_model, test_loader, loss_fn, epoch)\n",
        "    test(maxpool_model, test_loader, loss_fn, epoch)\n"
        "    tested = test(maxpool_model, train_loader, loss_fn, epoch)\n",
        ["maxpool_training"],
        "Tests with both, and keeps what the training images gave.",
        label="keeps_training_images",
    ),
    replaced(
        "train_batchnorm",
        "Adam(batchnorm_model.parameters()",
        "Adam(maxpool_model.parameters()",
        ["batchnorm_training"],
        "The optimizer changes the other network.",
    ),
]
