"""Wrong answers of pa4_convnet for ``autograder prove``: one mistake each, with the items at which it must be found."""

from __future__ import annotations

from autograder.proof.catalogue import Answer
from autograder.proof.mutants import at, dropped, replaced, swapped

CONV1 = "self.conv1 = nn.Conv2d(1, 32, kernel_size=5, padding=2)"
CONV2 = "self.conv2 = nn.Conv2d(32, 64, kernel_size=5, padding=2)"
POOL1 = "self.pool1 = nn.MaxPool2d(kernel_size=2, stride=2)"
POOL2 = "self.pool2 = nn.MaxPool2d(kernel_size=2, stride=2)"
BLOCK2 = "x = self.pool2(F.relu(self.conv2(x)))"
SIZE = "64 * 7 * 7"
EVALUATION_MODE = "ConvNet has no layer that acts otherwise in evaluation mode, and the task does not ask for train()"


def size(value: str) -> tuple[tuple[str, str, str], ...]:
    """The edit by which a student makes fc1 fit layers of another size."""
    return (("convnet", SIZE, value),)


LAYERS = [
    *at("convnet", CONV1, ["act01"], skip=["without_conv2d"]),
    *at("convnet", CONV2, ["act03"], skip=["without_conv2d"]),
    *at("convnet", POOL1, ["act02"]),
    *at("convnet", POOL2, ["act04"]),
    *at("convnet", f"self.size_linear = {SIZE}", ["act05"], skip=["sign", "sign_2"]),
    *at("convnet", "self.fc2 = nn.Linear(512, 10)", ["act06"]),
    replaced("convnet", SIZE, "64 * (28 / 4) ** 2", ["act05"], "size_linear as a float, which stops __init__."),
    replaced(
        "convnet",
        "nn.Conv2d(1, 32, kernel_size=5, padding=2)",
        "nn.Conv2d(1, 32, kernel_size=5)",
        ["act01"],
        "conv1 without padding, and fc1 made to fit.",
        label="conv1_padding_made_to_fit",
        also=size("64 * 6 * 6"),
    ),
    replaced(
        "convnet",
        "nn.Conv2d(32, 64",
        "nn.Conv2d(32, 128",
        ["act03"],
        "conv2 with 128 channels, and fc1 made to fit.",
        label="conv2_channels_made_to_fit",
        also=size("128 * 7 * 7"),
    ),
    replaced(
        "convnet",
        CONV2,
        CONV2.replace("padding=2", "padding=2, stride=2"),
        ["act03"],
        "conv2 with stride 2, and fc1 made to fit.",
        label="conv2_stride_made_to_fit",
        also=size("64 * 3 * 3"),
    ),
    replaced(
        "convnet",
        POOL2,
        "self.pool2 = nn.MaxPool2d(2, stride=1)",
        ["act04"],
        "pool2 with stride 1, and fc1 made to fit.",
        label="pool2_stride_made_to_fit",
        also=size("64 * 13 * 13"),
    ),
    replaced(
        "convnet",
        "nn.Conv2d(1, 32",
        "nn.Conv2d(1, 16",
        ["act01", "act03"],
        "conv1 with 16 channels, and conv2 made to fit.",
        label="conv1_channels_made_to_fit",
        also=(("convnet", "nn.Conv2d(32, 64", "nn.Conv2d(16, 64"),),
    ),
]

FORWARD = [
    *at("convnet", BLOCK2, ["act07"], equivalent={"order_relu_pool2": "the largest of ReLUs is the ReLU of the largest"}),
    *at("convnet", "x = F.relu(self.fc1(x))", ["act08"]),
    *at("convnet", "x = self.fc2(x)", ["act09"]),
    replaced(
        "convnet",
        BLOCK2,
        "x = F.relu(self.conv2(x))",
        ["act07"],
        "No second pooling, and fc1 made to fit.",
        label="without_pool2_made_to_fit",
        also=size("64 * 14 * 14"),
    ),
    replaced(
        "convnet", BLOCK2, "x = self.pool2(F.relu(self.conv2(x))) * 1.01", ["act07"], "The second block's result is scaled."
    ),
    replaced("convnet", BLOCK2, "h = self.conv2(x); x = self.pool2(F.relu(h) + h)", ["act07"], "A sum around the ReLU."),
    replaced(
        "convnet",
        "x = F.relu(self.fc1(x))",
        "x = F.dropout(F.relu(self.fc1(x)), 0.5, self.training)",
        ["act08"],
        "Dropout after fc1.",
    ),
    replaced("convnet", "x = self.fc2(x)", "x = F.softmax(self.fc2(x), dim=1)", ["act09"], "Softmax at the end."),
    replaced("convnet", "x = self.fc2(x)", "x = F.log_softmax(self.fc2(x), dim=1)", ["act09"], "Log-softmax at the end."),
    replaced("convnet", "return x", "return x.argmax(dim=1)", ["act09"], "Classes in place of logits."),
    replaced("convnet", "return x", "pass", ["act09"], "Nothing is returned."),
    replaced(
        "convnet", "self.pool1(F.relu(self.conv1(x)))", "self.pool1(self.conv1(x))", ["act09"], "The given ReLU is gone."
    ),
]

GRAPH = [
    replaced(
        "network_graph", "net(images).mean()", "net(images)", ["act10"], "The graph of the outputs, not of their mean."
    ),
    replaced("network_graph", ", params=dict(net.named_parameters())", "", ["act10"], "The graph without names."),
    replaced("network_graph", "graph = make_dot", "make_dot", ["act10"], "The graph is not kept."),
    replaced(
        "network_graph",
        "graph = make_dot(net(images).mean(), params=dict(net.named_parameters()))",
        "with torch.no_grad():\n    graph = make_dot(net(images).mean(), params=dict(net.named_parameters()))",
        ["act10"],
        "The graph without gradients, which is empty.",
    ),
    replaced(
        "network_graph", "net(images).mean()", "net.fc1(torch.zeros(1, 3136)).mean()", ["act10"], "The graph of one layer."
    ),
]

TRAINER = [
    *at("trainer", "for epoch in range(epochs):", ["act12"]),
    dropped("trainer", "loss.backward()", ["act14"]),
    dropped("trainer", "self.optim.step()", ["act15"]),
    *at("trainer", "output = self.net(images)", ["act12"]),
    replaced("trainer", "output = self.net(images)", "output = net(images)", ["act12"], "The notebook's network is called."),
    replaced(
        "trainer",
        "output = self.net(images)",
        "with torch.no_grad():\n                    output = self.net(images)",
        ["act12"],
        "The forward pass without gradients.",
    ),
    replaced(
        "trainer",
        "loss = self.loss_function(output, labels)",
        "loss = self.loss_function(labels, output)",
        ["act13"],
        "Outputs and labels in the wrong order.",
    ),
    replaced(
        "trainer",
        "self.loss_function(output, labels)",
        "nn.CrossEntropyLoss()(output, labels)",
        ["act13"],
        "A loss function of its own.",
    ),
    replaced(
        "trainer",
        "self.loss_function(output, labels)",
        "self.loss_function(output.detach().requires_grad_(), labels)",
        ["act14"],
        "The outputs are cut off from the network.",
    ),
    replaced(
        "trainer",
        "                self.optim.zero_grad()\n",
        "",
        ["act11"],
        "The gradients are cleared once an epoch.",
        also=(
            ("trainer", "total_loss, seen = 0.0, 0\n", "total_loss, seen = 0.0, 0\n            self.optim.zero_grad()\n"),
        ),
    ),
    replaced(
        "trainer",
        "self.optim.step()",
        "self.optim.zero_grad()\n                self.optim.step()",
        ["act11"],
        "The gradients are cleared before the step.",
    ),
    replaced(
        "trainer",
        "                self.optim.step()\n",
        "",
        ["act15"],
        "One step an epoch.",
        also=(("trainer", "            losses.append", "            self.optim.step()\n            losses.append"),),
    ),
    swapped("trainer", "loss.backward()", "self.optim.step()", ["act15"]),
    replaced(
        "trainer",
        "loss.backward()",
        "loss.backward()\n                self.optim.step()",
        ["act15"],
        "Two steps a batch.",
    ),
    replaced("trainer", "loss.backward()", "self.optim.step()", ["act14"], "A step in place of the backward pass."),
    replaced(
        "trainer",
        "self.optim.step()",
        "self.optim.step()\n                if seen >= 40:\n                    break",
        ["act15"],
        "A break after some batches, left from a trial.",
    ),
    replaced(
        "trainer",
        "self.optim.step()",
        "if seen < 40 or loss.item() > 1.5:\n                    self.optim.step()",
        ["act15"],
        "After some batches a step for large losses only.",
    ),
    replaced(
        "trainer",
        "loss = self.loss_function(output, labels)",
        "loss = self.loss_function(F.softmax(output, dim=1), labels)",
        ["act13"],
        "A softmax before the loss.",
    ),
    replaced(
        "trainer",
        "loss = self.loss_function(output, labels)",
        "loss = self.loss_function(output, labels) + 0.01 * sum((p ** 2).sum() for p in self.net.parameters())",
        ["act13"],
        "Squares of the parameters in the loss.",
    ),
    replaced(
        "trainer",
        "loss = self.loss_function(output, labels)",
        "loss = self.loss_function(output if epoch == 0 else F.softmax(output, dim=1), labels)",
        ["act13"],
        "A softmax before the loss, from the second epoch on.",
    ),
    replaced("trainer", "loss.backward()", "(-loss).backward()", ["act14"], "The gradient of the negative loss."),
    replaced(
        "trainer", "loss.backward()", "output.sum().backward()", ["act14"], "Backward of the outputs, not of the loss."
    ),
    replaced(
        "trainer",
        "loss.backward()",
        "F.cross_entropy(self.net(images.flip(0)), labels).backward()",
        ["act14"],
        "Backward of another forward pass.",
    ),
    replaced(
        "trainer",
        "loss.backward()",
        "F.nll_loss(output, labels).backward()",
        ["act14"],
        "Backward of another loss than the one computed.",
    ),
    replaced(
        "trainer",
        "loss = self.loss_function(output, labels)",
        "loss = self.loss_function(F.softmax(output, dim=1), labels)",
        ["act13"],
        "A softmax before the loss, and backward of the outputs.",
        also=(("trainer", "loss.backward()", "output.mean().backward()"),),
    ),
    replaced(
        "trainer",
        "loss.backward()",
        "loss.backward(retain_graph=True)\n                loss.backward()",
        ["act14"],
        "Two backward passes a batch.",
    ),
    replaced(
        "trainer",
        "self.optim.step()",
        "optim.step()",
        ["act15"],
        "An optimizer of its own.",
        also=(
            (
                "trainer",
                "self.net.train()",
                "self.net.train()\n        optim = torch.optim.Adam(self.net.parameters(), lr=1e-3)",
            ),
            ("trainer", "self.optim.zero_grad()", "optim.zero_grad()"),
        ),
    ),
    replaced(
        "trainer",
        "self.optim.step()",
        "self.optim.step()\n                with torch.no_grad():\n"
        "                    for p in self.net.parameters():\n                        p -= 0.01 * p.grad",
        ["act15"],
        "An update by hand after the step.",
    ),
    replaced(
        "trainer",
        "self.optim.step()",
        "self.optim.step()\n                for p in self.net.parameters():\n                    p.data.clamp_(-0.05, 0.05)",
        ["act15"],
        "Weights cut after the step.",
    ),
    replaced(
        "trainer",
        "            losses.append(",
        "            self.optim.param_groups[0]['lr'] *= 0.9\n            losses.append(",
        ["act15"],
        "The learning rate is lowered after each epoch.",
    ),
    *at(
        "trainer",
        "self.net.train()",
        [],
        equivalent={"without_train": EVALUATION_MODE, "eval_mode": EVALUATION_MODE},
    ),
    *at("trainer", "losses.append(total_loss / seen)", ["act16"]),
    replaced(
        "trainer", "losses.append(total_loss / seen)", "losses.append(loss.item())", ["act16"], "The last loss of an epoch."
    ),
    replaced("trainer", "return losses", "pass", ["act16"], "train() returns nothing."),
    replaced("trainer", "return losses", "return losses[-1]", ["act16"], "Only the last epoch's loss is returned."),
]

TRAINING = [
    replaced("learning_rate", "learning_rate = 0.01", "learning_rate = 1e-7", ["act16"], "A rate far too small."),
    replaced("learning_rate", "learning_rate = 0.01", "learning_rate = 30.0", ["act16"], "A rate far too large."),
    replaced(
        "learning_rate",
        "losses = trainer.train(num_epochs)",
        "losses = [0.5, 0.1, 0.05, 0.04, 0.03, 0.028, 0.025, 0.02, 0.018, 0.016][:num_epochs]",
        ["act16"],
        "Losses typed in.",
    ),
    replaced(
        "learning_rate",
        "trainer.train(num_epochs)",
        "trainer.train(num_epochs + 1)",
        ["act16"],
        "One epoch too many.",
    ),
    replaced(
        "learning_rate",
        "trainer.train(num_epochs)",
        "trainer.train(num_epochs - 1)",
        ["act16"],
        "One epoch too few.",
    ),
]

SGD = "torch.optim.SGD(net.parameters(), lr=learning_rate, momentum=0.9)"
TRAINED_OTHERWISE = [
    replaced(
        "learning_rate",
        SGD,
        "torch.optim.Adam(net.parameters(), lr=learning_rate)",
        ["act16"],
        "Adam in place of SGD.",
        also=(("learning_rate", "learning_rate = 0.01", "learning_rate = 0.001"),),
    ),
    replaced(
        "learning_rate",
        "SGD(net.parameters()",
        "SGD(list(net.parameters())[:-1]",
        ["act16"],
        "One parameter is left out of the optimizer.",
    ),
    replaced("learning_rate", "lr=learning_rate", "lr=0.02", ["act16"], "Another rate than learning_rate."),
    replaced("learning_rate", ", momentum=0.9", "", ["act16"], "SGD without momentum."),
    replaced("learning_rate", "momentum=0.9", "momentum=0.9, nesterov=True", ["act16"], "Another kind of momentum."),
    replaced("learning_rate", "momentum=0.9", "momentum=0.9, weight_decay=1e-3", ["act16"], "With weight decay."),
    replaced("learning_rate", "function, train_loader)", "function, test_loader)", ["act16"], "Trained on the test images."),
    replaced(
        "learning_rate",
        "learning_rate = 0.01",
        "learning_rate = 0.01\ntrain_loader = DataLoader(train_data, batch_size=8, shuffle=False)",
        ["act16"],
        "A loader of its own.",
    ),
    replaced(
        "learning_rate",
        "losses = trainer.train(num_epochs)",
        "trainer.train(num_epochs)\n    losses = trainer.train(num_epochs)",
        ["act16"],
        "Trained twice.",
    ),
]

PLOT = [
    dropped("loss_plot", 'ax.set_xlabel("epoch")', ["act17"]),
    dropped("loss_plot", 'ax.set_ylabel("mean training loss")', ["act17"]),
    dropped("loss_plot", 'ax.set_title("ConvNet on MNIST")', ["act17"]),
    dropped("loss_plot", 'ax.plot(epochs, losses, marker="o")', ["act17"]),
    replaced(
        "loss_plot", "ax.plot(epochs, losses", "ax.plot(epochs[1:], losses[1:]", ["act17"], "The first epoch is left out."
    ),
    replaced("loss_plot", "ax.plot(epochs, losses", "ax.plot(losses, epochs", ["act17"], "The axes are exchanged."),
    replaced(
        "loss_plot",
        "ax.plot(epochs, losses",
        "ax.plot([1, 2, 3, 4, 5], [0.5, 0.1, 0.05, 0.03, 0.02]",
        ["act17"],
        "Losses typed in.",
    ),
    replaced("loss_plot", "plt.show()", 'plt.close("all")', ["act17"], "The figure is closed, not shown."),
    replaced("loss_plot", "ax.plot(epochs, losses", "ax.plot(epochs, lossess", ["act17"], "A name misspelt."),
]

ACCURACY = [
    replaced(
        "test_accuracy", "x, y = x.to(device), y.to(device)", "x = x.to(device)", ["act18"], "Only the images are moved."
    ),
    dropped("test_accuracy", "x, y = x.to(device), y.to(device)", ["act18"]),
    replaced(
        "test_accuracy",
        "x, y = x.to(device), y.to(device)",
        "x.to(device)\n            y.to(device)",
        ["act18"],
        "The moved tensors are not kept.",
    ),
    replaced(
        "test_accuracy",
        "x, y = x.to(device), y.to(device)",
        "x = x.to(device)\n            y.to(device)",
        ["act18"],
        "The moved labels are not kept.",
    ),
    replaced(
        "test_accuracy",
        "x, y = x.to(device), y.to(device)",
        "images, labels = x.to(device), y.to(device)",
        ["act18"],
        "The moved tensors get names that are not used.",
    ),
    replaced(
        "test_accuracy",
        "x, y = x.to(device), y.to(device)",
        "x, y = x.to(torch.float32), y.to(torch.int64)",
        ["act18"],
        "Another type in place of another device.",
    ),
    replaced(
        "test_accuracy",
        "err += (yh != y).sum().item()",
        "pass",
        ["act19"],
        "Neither errors nor images are counted.",
        also=(("test_accuracy", "tot += len(y)", "pass"),),
    ),
    *at("test_accuracy", "err += (yh != y).sum().item()", ["act19"], label="err"),
    *at("test_accuracy", "tot += len(y)", ["act19"]),
    replaced(
        "test_accuracy", "tot += len(y)", "tot += test_loader.batch_size", ["act19"], "Each batch counts as a full one."
    ),
    replaced(
        "test_accuracy", "err += (yh != y).sum().item()", "err += (yh != y).any().item()", ["act19"], "Counts batches."
    ),
    *at("test_accuracy", "yh = net(x).argmax(dim=1)", ["act19"]),
    *at("test_accuracy", "for x, y in test_loader:", ["act18", "act19"]),
    dropped("test_accuracy", "net.eval()", ["act19"]),
    replaced(
        "test_accuracy", "err += (yh != y).sum().item()", "err += (yh - y).abs().sum().item()", ["act19"], "Sums distances."
    ),
    replaced(
        "test_accuracy", "err += (yh != y).sum().item()", "err += (yh - y).sum().item()", ["act19"], "Sums differences."
    ),
]

FILTERS = [
    replaced("filters", ".detach().cpu().numpy()", ".detach()", ["act21"], "Tensors, not numpy arrays."),
    replaced("filters", "net.conv1.weight", "net.conv2.weight[:32]", ["act21"], "Filters of the second layer."),
    replaced("filters", "net.conv1.weight]", "net.conv1.weight[:16]]", ["act21"], "Half of the filters."),
    dropped("filters", 'panel.imshow(picture, cmap="gray")', ["act21"]),
    replaced("filters", "panel.imshow(picture", "panel.imshow(filters[0]", ["act21"], "The same picture in each panel."),
    replaced("filters", "weight[0]", "weight[0, 0]", ["act21"], "A row of each filter."),
    replaced("filters", "weight[0].detach()", "weight[0].detach().abs()", ["act21"], "Without the signs."),
    replaced("filters", "net.conv1.weight]", "ConvNet().conv1.weight]", ["act21"], "Filters of an untrained network."),
]

MAPS = [
    *at("feature_maps", "output = F.relu(net.conv1(data))", ["act23"], label="output"),
    replaced(
        "feature_maps",
        "F.relu(net.conv1(data))",
        "net.pool1(F.relu(net.conv1(data)))",
        ["act23"],
        "After the pooling.",
    ),
    replaced(
        "feature_maps",
        "F.relu(net.conv1(data))",
        "F.relu(net.conv2(F.relu(net.conv1(data))))",
        ["act23"],
        "The second layer's maps.",
    ),
    replaced("feature_maps", "net.conv1(data)", "net.conv1(examples[0].to(device))", ["act23"], "Always the same digit."),
]

WRONG: list[Answer] = [*LAYERS, *FORWARD, *GRAPH, *TRAINER, *TRAINING, *TRAINED_OTHERWISE, *PLOT, *ACCURACY, *FILTERS, *MAPS]
