"""Right answers of pa4_convnet in other styles, for ``autograder prove``: each must earn every autograded point."""

from __future__ import annotations

from autograder.proof.catalogue import Answer

CONV1 = "self.conv1 = nn.Conv2d(1, 32, kernel_size=5, padding=2)"
FC1_LINE = "x = F.relu(self.fc1(x))"

MODULE_LIST = """class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([nn.Conv2d(1, 32, 5, 1, 2), nn.Conv2d(32, 64, 5, 1, 2)])
        self.fc = nn.ModuleList([nn.Linear(3136, 512), nn.Linear(512, 10)])

    def forward(self, x):
        for conv in self.blocks:
            x = F.max_pool2d(F.relu(conv(x)), 2, 2)
        x = x.flatten(1)
        return self.fc[1](F.relu(self.fc[0](x)))
"""

BLOCKS = """class Block(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.c = nn.Conv2d(i, o, 5, padding=2); self.a = nn.ReLU(); self.p = nn.MaxPool2d(2, 2)

    def forward(self, x): return self.p(self.a(self.c(x)))


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.b1, self.b2 = Block(1, 32), Block(32, 64)
        self.size_linear = int(64 * (28 / 4) ** 2)
        self.fc1 = nn.Linear(self.size_linear, 512)
        self.fc2 = nn.Linear(512, 10)

    def forward(self, x):
        x = self.b2(self.b1(x)); x = torch.reshape(x, (-1, self.size_linear))
        x = self.fc1(x); x.relu_(); return self.fc2(x)
"""

INHERITED = """from collections import OrderedDict


class ConvNet(nn.Sequential):
    size_linear = 3136

    def __init__(self):
        super().__init__(OrderedDict([
            ("conv1", nn.Conv2d(in_channels=1, out_channels=32, kernel_size=(5, 5), padding="same")),
            ("relu1", nn.ReLU(True)), ("pool1", nn.MaxPool2d((2, 2), (2, 2))),
            ("conv2", nn.Conv2d(32, 64, (5, 5), (1, 1), (2, 2))), ("relu2", nn.ReLU(True)), ("pool2", nn.MaxPool2d(2)),
            ("flatten", nn.Flatten(start_dim=1, end_dim=-1)),
            ("fc1", nn.Linear(self.size_linear, 512)), ("relu3", nn.ReLU()), ("fc2", nn.Linear(512, 10)),
        ]))
"""

TYPED = '''class ConvNet(nn.Module):
    """Red convolucional: dos bloques y dos capas densas."""

    conv1: nn.Conv2d
    size_linear: int

    def __init__(self, canales: tuple[int, int] = (32, 64), clases: int = 10) -> None:
        super().__init__()
        # capas convolucionales
        self.conv1 = nn.Conv2d(1, canales[0], 5, padding=2)
        self.conv2 = nn.Conv2d(canales[0], canales[1], 5, padding=2)
        self.pool = nn.MaxPool2d(2)
        self.relu = nn.ReLU()
        self.size_linear = canales[1] * 7**2
        # capas densas
        self.fc1 = nn.Linear(in_features=self.size_linear, out_features=512)
        self.fc2 = nn.Linear(in_features=512, out_features=clases)

    def extraer(self, x: torch.Tensor) -> torch.Tensor:
        """Caracteristicas de forma (N, 64, 7, 7)."""
        x = self.pool(self.relu(self.conv1(x)))
        return self.pool(self.relu(self.conv2(x)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = self.extraer(x)
        print("forma", tuple(features.shape))
        return self.fc2(self.relu(self.fc1(features.view(features.size(0), -1))))
'''

BUILT_IN_A_LOOP = """class ConvNet(nn.Module):
    def __init__(self, sizes=(1, 32, 64)):
        super().__init__()
        layers = []
        for before, after in zip(sizes, sizes[1:]):
            layers += [nn.Conv2d(before, after, 5, padding=5 // 2), nn.MaxPool2d(2), nn.ReLU()]
        self.body = nn.Sequential(*layers)
        with torch.no_grad():
            self.size_linear = self.body(torch.zeros(1, 1, 28, 28)).numel()
        setattr(self, "fc1", nn.Linear(self.size_linear, 512))
        self.fc2 = nn.Linear(512, 10)
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)

    def forward(self, x):
        assert x.shape[1:] == (1, 28, 28), x.shape
        return self.fc2(self.fc1(self.body(x).view(-1, self.size_linear)).clamp(min=0))
"""

TUTORIAL_TRAINER = """class Trainer():
    def __init__(self, net=None, optim=None, loss_function=None, train_loader=None):
        self.net = net; self.optim = optim; self.loss_function = loss_function; self.train_loader = train_loader

    def train(self, epochs):
        losses = []
        for epoch in range(epochs):
            epoch_loss = 0.0; epoch_steps = 0
            for i, data in enumerate(self.train_loader, 0):
                X = data[0].to(device); y = data[1].to(device)
                self.optim.zero_grad()
                output = self.net.forward(X)
                loss = self.loss_function.forward(output, y)
                loss.backward(); self.optim.step()
                epoch_loss += loss.item(); epoch_steps += 1
            losses.append(epoch_loss / epoch_steps)
            print("epoch [%d]: loss %.3f" % (epoch+1, losses[-1]))
        return losses
"""

SCHOOL_TRAINER = '''class Trainer:
    """Trains `net` on the batches of `train_loader`."""

    def __init__(self, net: nn.Module, optim: torch.optim.Optimizer, loss_function, train_loader: DataLoader):
        vars(self).update(net=net, optim=optim, loss_function=loss_function, train_loader=train_loader)

    def batches(self):
        for images, labels in self.train_loader:
            yield images.to(device, non_blocking=True), labels.to(device, non_blocking=True)

    def train_epoch(self):
        self.net.train(True)
        sums = torch.zeros(2)
        with torch.enable_grad():
            for images, labels in self.batches():
                loss = self.loss_function(self.net(images), labels)
                self.net.zero_grad()
                loss.backward()
                self.optim.step()
                sums += torch.tensor([loss.item() * images.size(0), images.size(0)])
        return (sums[0] / sums[1]).item()

    def train(self, epochs):
        return [self.train_epoch() for _ in tqdm(range(epochs), file=sys.stderr)]
'''

CLOSURE_TRAINER = """class Trainer:
    def __init__(self, net, optim, loss_function, train_loader):
        self.net, self.optim, self.loss_function, self.train_loader = net, optim, loss_function, train_loader

    def train(self, epochs):
        history = {"loss": []}
        for epoch in range(1, epochs + 1):
            running = []
            for images, labels in iter(self.train_loader):
                images, labels = images.to(device), labels.to(device)

                def closure():
                    self.optim.zero_grad(set_to_none=False)
                    loss = self.loss_function(self.net(images), labels)
                    loss.backward()
                    return loss

                running.append(self.optim.step(closure).detach())
            history["loss"].append(torch.stack(running).mean().item())
        return history["loss"]
"""

FUNCTION_ACCURACY = """def evaluate(model, loader):
    model.train(False); e = n = 0
    for x, y in loader:
        x, y = x.to(device, non_blocking=True), y.to(device)
        e += int(torch.count_nonzero(model(x).topk(1)[1].squeeze(1) - y)); n += len(x)
    return e, n
err, tot = evaluate(net, test_loader)
accuracy = 1 - err/tot
"""

NUMPY_ACCURACY = """net.eval()
true, pred = [], []
with torch.no_grad():
    for x, y in test_loader:
        x = x.to(device); y = y.to(device)
        pred.append(net(x).argmax(1).cpu().numpy()); true.append(y.cpu().numpy())
true, pred = np.concatenate(true), np.concatenate(pred)
err = np.sum(true != pred); tot = true.size; accuracy = (true == pred).mean()
"""

CORRECT_ACCURACY = """net.eval()
correct = tot = 0
with torch.inference_mode():
    for batch in test_loader:
        x, y = [t.to(device) for t in batch]
        correct += (net(x).argmax(-1) == y).float().sum().item(); tot += x.shape[0]
err = tot - correct
accuracy = correct / tot
"""

SOFTMAX_ACCURACY = """net.eval()
err = tot = 0
for x, y in tqdm(test_loader, file=sys.stdout):
    x, y = x.to(device), y.to(device)
    err += sum(1 for a, b in zip(torch.softmax(net(x), 1).argmax(1).tolist(), y.tolist()) if a != b)
    tot += len(y)
accuracy = 1 - err/tot
"""

PLAIN_ACCURACY = """err = 0
tot = 0
net.eval()
for data, target in test_loader:
    if torch.cuda.is_available():
        data, target = data.cuda(), target.cuda()
    data = data.to(device); target = target.to(device)
    with torch.no_grad():
        pred = net(data).max(1)[1]
    err += (pred != target).sum()
    tot += target.size(0)
accuracy = 1 - err / tot
print(accuracy)
"""


def right(
    name: str, about: str, cells: dict[str, str] | None = None, edits: tuple[tuple[str, str, str], ...] = ()
) -> Answer:
    """A right answer of that name."""
    return Answer(f"right_{name}", "right", about, cells=cells or {}, edits=edits)


RIGHT: list[Answer] = [
    right(
        "module_list",
        "Layers in a ModuleList, functional pooling; filters as one array; a graph of random images.",
        {
            "convnet": MODULE_LIST,
            "network_graph": "x = torch.randn(2, 1, 28, 28)\n"
            "graph = make_dot(torch.mean(net(x)), params=dict(net.named_parameters()))",
            "loss_plot": "plt.plot(range(1, num_epochs + 1), losses, 'o-'); plt.xlabel('epoch'); plt.ylabel('loss'); "
            "plt.title('t')\nplt.show()",
            "test_accuracy": PLAIN_ACCURACY,
            "filters": "filters = net.blocks[0].weight.data.cpu().numpy()\nfor i in range(32):\n"
            "    plt.subplot(6, 6, i+1); plt.imshow(filters[i, 0], cmap='gray'); plt.axis('off')\nplt.show()",
        },
        (("feature_maps", "output = F.relu(net.conv1(data))", "output = net.blocks[0](data).detach().clamp(min=0)"),),
    ),
    right(
        "subclassed_blocks",
        "Blocks as a class of their own, statements behind semicolons, a trainer as in many tutorials.",
        {
            "convnet": BLOCKS,
            "trainer": TUTORIAL_TRAINER,
            "loss_plot": "fig, ax = plt.subplots()\nax.plot(losses); ax.set(xlabel='e', ylabel='l', title='t')\nplt.show()",
            "test_accuracy": CORRECT_ACCURACY,
            "filters": "filters = [w.detach().numpy() for w in net.b1.c.weight]\nfig, ax = plt.subplots(4, 8)\n"
            "for a, f in zip(ax.ravel(), filters):\n    a.matshow(f.reshape(5, 5))\nplt.show()",
            "feature_maps": "feature_maps = {}\nfor d in range(10):\n    data = examples[d].to(device)\n"
            "    output = nn.ReLU()(net.b1.c(data))\n    feature_maps[d] = output.detach()",
        },
    ),
    right(
        "class_of_sequential",
        "ConvNet is itself a Sequential with names; tuples for sizes; no forward of its own.",
        {"convnet": INHERITED, "trainer": SCHOOL_TRAINER, "test_accuracy": FUNCTION_ACCURACY},
        (
            (
                "loss_plot",
                'ax.plot(epochs, losses, marker="o")',
                "ax.semilogy(np.arange(1, 1 + len(losses)), np.array(losses))",
            ),
        ),
    ),
    right(
        "scripted",
        "A trainer that compiles the network by TorchScript, and trains in mixed precision.",
        edits=(
            ("trainer", "        losses = []\n", "        losses = []\n        self.net = torch.jit.script(self.net)\n"),
            (
                "trainer",
                "                output = self.net(images)",
                "                with torch.amp.autocast(device.type):\n                    output = self.net(images)",
            ),
        ),
    ),
    right(
        "typed_and_printing",
        "Type hints, comments and docstrings in Spanish, prints in forward, a helper method, one pool and one ReLU for all.",
        {"convnet": TYPED},
        (
            ("trainer", "self.optim.zero_grad()", "for p in self.net.parameters():\n                    p.grad = None"),
            ("learning_rate", "learning_rate = 0.01", "lr: float = 1e-2\nlearning_rate = lr"),
        ),
    ),
    right(
        "built_in_a_loop",
        "Layers from a loop, ReLU after the pooling, the size from a trial pass, weights initialised anew.",
        {
            "convnet": BUILT_IN_A_LOOP,
            "filters": "filters = list(map(np.squeeze, net.body[0].weight.detach().cpu().numpy()))\n"
            "for number, picture in enumerate(filters, start=1):\n    plt.subplot(4, 8, number)\n"
            "    plt.pcolormesh(picture)\n    plt.imshow(picture, cmap='viridis')\nplt.tight_layout()\nplt.show()",
        },
        (("feature_maps", "F.relu(net.conv1(data))", "net.body[2](net.body[0](data))"),),
    ),
    right(
        "closure",
        "A trainer whose optimizer calls a closure; the mean over batches.",
        {"trainer": CLOSURE_TRAINER, "test_accuracy": SOFTMAX_ACCURACY},
    ),
    right(
        "zero_padding_layer",
        "The padding as a layer of its own; gradients cleared after the step; pictures without a list of maps.",
        {
            "filters": "filters = [w.squeeze().detach().cpu().numpy() for w in list(net.parameters())[0]]\n"
            "for i, f in enumerate(filters):\n    plt.figure(); plt.imshow((f - f.min()) / (f.max() - f.min())); plt.show()",
            "feature_maps": "for d, data in examples.items():\n    output = torch.relu(net.conv1(data.to(device)))\n"
            "    fig, ax = plt.subplots(4, 8)\n    for a, m in zip(ax.ravel(), output[0].detach().cpu()):\n"
            "        a.imshow(m)\n    plt.show()",
        },
        (
            ("convnet", CONV1, "self.conv1 = nn.Sequential(nn.ZeroPad2d(2), nn.Conv2d(1, 32, 5))"),
            ("trainer", "                self.optim.zero_grad()\n", ""),
            ("trainer", "self.optim.step()", "self.optim.step()\n                self.optim.zero_grad()"),
        ),
    ),
    right(
        "threshold",
        "ReLU as a threshold; the mean over the dataset's length; a scatter plot; numpy for the errors.",
        {
            "test_accuracy": NUMPY_ACCURACY,
            "loss_plot": "fig, ax = plt.subplots(1, 2)\nax[0].scatter(range(1, 1 + len(losses)), losses); "
            "ax[0].set_xlabel('e'); ax[0].set_ylabel('l'); ax[0].set_title('t')\nplt.show()",
        },
        (
            ("convnet", FC1_LINE, "x = F.threshold(self.fc1(x), 0, 0)"),
            ("trainer", "losses.append(total_loss / seen)", "losses.append(total_loss / len(self.train_loader.dataset))"),
        ),
    ),
    right(
        "where",
        "ReLU by torch.where; means as numpy numbers; gradients set to zero in place.",
        {
            "loss_plot": "plt.plot(torch.arange(1, len(losses)+1), torch.tensor(losses)); plt.xlabel('epoch'); "
            "plt.ylabel('loss'); plt.suptitle('t'); plt.grid(True); plt.show()",
        },
        (
            ("convnet", FC1_LINE, "h = self.fc1(x); x = torch.where(h > 0, h, torch.zeros_like(h))"),
            ("convnet", "self.size_linear = 64 * 7 * 7", "self.size_linear = np.int64(64 * 7 * 7)"),
            ("trainer", "losses.append(total_loss / seen)", "losses.append(np.float64(total_loss / seen))"),
            ("trainer", "return losses", "return np.array(losses)"),
            (
                "trainer",
                "self.optim.zero_grad()",
                "for p in self.net.parameters():\n                    if p.grad is not None: p.grad.zero_()",
            ),
        ),
    ),
    right(
        "mask_and_einsum",
        "ReLU as a product with a mask, the last layer as an einsum, an identity after it.",
        edits=(
            ("convnet", FC1_LINE, "h = self.fc1(x); x = h * (h > 0)"),
            (
                "convnet",
                "x = self.fc2(x)",
                "x = nn.Identity()(torch.einsum('nk,ok->no', x, self.fc2.weight) + self.fc2.bias)",
            ),
            ("network_graph", "next(iter(train_loader))", "next(iter(test_loader))"),
            ("network_graph", "params=dict(net.named_parameters())", "{**dict(net.named_parameters())}, show_attrs=True"),
        ),
    ),
    right(
        "gpu_if_available",
        "Everything with cuda if it is there; a larger learning rate; unbound filters.",
        {
            "filters": "filters = [f.numpy() for f in net.conv1.weight.detach().to('cpu').squeeze(1).unbind(0)]\n"
            "fig = plt.figure()\nfor i, f in enumerate(filters):\n    fig.add_subplot(4, 8, i + 1).imshow(f)\nplt.show()",
        },
        (
            ("convnet", "return x", "return x.cuda() if torch.cuda.is_available() and x.is_cuda else x"),
            ("learning_rate", "learning_rate = 0.01", "learning_rate = 2e-2"),
            (
                "test_accuracy",
                "x, y = x.to(device), y.to(device)",
                'dev = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")\n            x = x.to(dev)\n'
                "            y = y.to(dev)",
            ),
            ("test_accuracy", "err += (yh != y).sum().item()", "err += int((~yh.eq(y)).sum())"),
            ("feature_maps", "F.relu(net.conv1(data))", "torch.maximum(net.conv1(data), torch.tensor(0.0, device=device))"),
        ),
    ),
    Answer(
        "right_own_cells",
        "right",
        "Functions and constants in cells of its own, trials left between the tasks, answers that use them.",
        added=(
            (
                "check_tools",
                "KERNEL = 5\n\n\ndef conv(n_in, n_out):\n"
                "    return nn.Conv2d(n_in, n_out, KERNEL, padding=KERNEL // 2)\n\n\n"
                "def block(layer, x):\n    return F.max_pool2d(layer(x), kernel_size=2).relu()",
            ),
            ("convnet", "ConvNet()(torch.zeros(3, 1, 28, 28)).shape"),
            ("trainer", "%time sum(range(1000))\n# t = Trainer(...)"),
            ("learning_rate", "losses_of_first_try = list(losses)\nfor n in net.named_children(): print(n)"),
            ("test_accuracy", "err / tot"),
        ),
        edits=(
            ("convnet", CONV1, "self.conv1 = conv(1, 32)"),
            ("convnet", "self.conv2 = nn.Conv2d(32, 64, kernel_size=5, padding=2)", "self.conv2 = conv(32, 64)"),
            ("convnet", "x = self.pool2(F.relu(self.conv2(x)))", "x = block(self.conv2, x)"),
        ),
    ),
    Answer(
        "right_goes_on_below",
        "right",
        "Answers that end in cells of its own: a helper, the graph, the training, the pictures, and what was tried.",
        cells={
            "learning_rate": "learning_rate = 0.01\nset_seeds(seed)\nnet = ConvNet().to(device)\n"
            "optim = torch.optim.SGD(net.parameters(), lr=learning_rate, momentum=0.9)\n"
            "trainer = Trainer(net, optim, loss_function, train_loader)",
            "filters": "filters = [kernel[0] for kernel in net.conv1.weight.detach().cpu().numpy()]",
        },
        added=(
            ("trainer", "def clear(optim):\n    optim.zero_grad()"),
            ("network_graph", "graph = make_dot(mean, params=dict(net.named_parameters()))"),
            ("learning_rate", "first, last = losses[0], losses[-1]\ndel trainer\nfirst / last / 0"),
            ("learning_rate", "losses = trainer.train(num_epochs)"),
            ("learning_rate", "trainer.optimizer"),
            ("filters", "for kernel in filters:\n    plt.imshow(kernel)\n    plt.show()\nkernel.nothing"),
        ),
        edits=(
            ("trainer", "self.optim.zero_grad()", "clear(self.optim)"),
            (
                "network_graph",
                "graph = make_dot(net(images).mean(), params=dict(net.named_parameters()))",
                "mean = net(images).mean()",
            ),
        ),
    ),
    right(
        "looks_without_gradients",
        "A trainer that also counts how many images the network now gets right.",
        edits=(
            (
                "trainer",
                "self.optim.step()",
                "self.optim.step()\n                with torch.no_grad():\n"
                "                    hits = (self.net(images).argmax(dim=1) == labels).sum().item()",
            ),
        ),
    ),
    right(
        "prints_layers_and_gradients",
        "Prints the norm of a layer's gradient while it trains, a layer while it tests.",
        edits=(
            (
                "trainer",
                "loss.backward()",
                "loss.backward()\n                if seen == 0:\n"
                "                    print('gradient of conv1', self.net.conv1.weight.grad.norm().item())",
            ),
            ("test_accuracy", "net.eval()", "net.eval()\n    print(net.conv1, net.fc2.weight.grad.norm())"),
        ),
    ),
    right(
        "clips_in_double_precision",
        "Trains in double precision and clips the gradients.",
        edits=(
            ("trainer", "self.net.train()", "self.net.train().double()"),
            ("trainer", "output = self.net(images)", "output = self.net(images.double())"),
            (
                "trainer",
                "self.optim.step()",
                "nn.utils.clip_grad_norm_(self.net.parameters(), 20.0)\n                self.optim.step()",
            ),
            ("learning_rate", "losses = trainer.train(num_epochs)", "losses = trainer.train(num_epochs)\n    net.float()"),
        ),
    ),
    right(
        "moved_in_the_call",
        "Moves in the calls themselves, with keywords; no error counted by a comparison of two tensors.",
        edits=(
            ("test_accuracy", "x, y = x.to(device), y.to(device)", "y = y.to(device=device, non_blocking=True)"),
            ("test_accuracy", "net(x)", "net(x.to(device, torch.float32).reshape(-1, 1, 28, 28))"),
            ("test_accuracy", "(yh != y).sum().item()", "sum(a != b for a, b in zip(yh.tolist(), y.cpu().tolist()))"),
        ),
    ),
    right(
        "errors_below",
        "Lines below right answers that stop with an error: what was done by then counts.",
        edits=(
            ("loss_plot", 'ax.set_title("ConvNet on MNIST")', 'ax.set_title("ConvNet on MNIST")\nax.set_grid()'),
            ("test_accuracy", "    accuracy = 1 - err / tot", "    accuracy = 1 - err / tot\n    print(err.item())"),
            ("filters", 'panel.axis("off")', 'panel.axis("off")\nfilters.shape'),
            (
                "feature_maps",
                "feature_maps[digit] = output.detach().cpu()",
                "feature_maps[digit] = output.detach().cpu()\nfeature_maps.shape",
            ),
        ),
    ),
    right(
        "moved_by_functions",
        "Moves by torch.as_tensor; shows filters as colour meshes.",
        edits=(
            (
                "test_accuracy",
                "x, y = x.to(device), y.to(device)",
                "x, y = (torch.as_tensor(part, device=device) for part in (x, y))",
            ),
            ("filters", 'panel.imshow(picture, cmap="gray")', 'panel.pcolormesh(picture, cmap="gray")'),
        ),
    ),
    right(
        "batch_moved_as_a_list",
        "Moves the batch as a list, and counts on the processor.",
        edits=(
            ("test_accuracy", "for x, y in test_loader:", "for batch in test_loader:"),
            ("test_accuracy", "x, y = x.to(device), y.to(device)", "batch = [part.to(device) for part in batch]"),
            ("test_accuracy", "net(x).argmax(dim=1)", "net(batch[0]).argmax(dim=1).cpu()"),
            ("test_accuracy", "(yh != y)", "(yh != batch[1].cpu())"),
            ("test_accuracy", "len(y)", "len(batch[1])"),
        ),
    ),
    right(
        "trial_before_the_training",
        "Tries two rates on networks of their own, then trains with keywords and an optimizer made in the call.",
        edits=(
            (
                "learning_rate",
                "    net = ConvNet().to(device)\n",
                "    for rate in (0.1, 0.001):\n        trial = ConvNet().to(device)\n"
                "        adam = torch.optim.Adam(trial.parameters(), lr=rate)\n"
                "        Trainer(trial, adam, loss_function, test_loader).train(1)\n"
                "    set_seeds(seed)\n    net = ConvNet().to(device)\n",
            ),
            ("learning_rate", "    optim = torch.optim.SGD(net.parameters(), lr=learning_rate, momentum=0.9)\n", ""),
            (
                "learning_rate",
                "Trainer(net, optim, loss_function, train_loader)",
                "Trainer(train_loader=train_loader, loss_function=loss_function, net=net,\n"
                "        optim=torch.optim.SGD(params=net.parameters(), lr=learning_rate, momentum=0.9))",
            ),
            ("learning_rate", "trainer.train(num_epochs)", "trainer.train(epochs=num_epochs)"),
        ),
    ),
    right(
        "subclass_of_trainer",
        "Trains in two halves with a subclass of Trainer that says how long it takes.",
        edits=(
            (
                "learning_rate",
                "learning_rate, losses = None, []\n",
                "learning_rate, losses = None, []\n\n\nclass Timed(Trainer):\n"
                "    def __init__(self, *parts):\n        super().__init__(*parts)\n        self.seconds = 0.0\n\n"
                "    def train(self, epochs):\n        started = time.time()\n        found = super().train(epochs)\n"
                "        self.seconds += time.time() - started\n        return found\n\n\n",
            ),
            ("learning_rate", "learning_rate = 0.01", "learning_rate = 0.01\nimport time"),
            ("learning_rate", "trainer = Trainer(", "trainer = Timed("),
            (
                "learning_rate",
                "trainer.train(num_epochs)",
                "trainer.train(num_epochs // 2) + trainer.train(num_epochs - num_epochs // 2)\n    print(trainer.seconds)",
            ),
        ),
    ),
    right(
        "gradients_asked_for",
        "torch.autograd.grad in place of backward; evaluates a copy; epochs as texts, a title on the left.",
        edits=(
            (
                "trainer",
                "loss.backward()",
                "for p, g in zip(self.net.parameters(), torch.autograd.grad(loss, list(self.net.parameters()))):\n"
                "                    p.grad = g",
            ),
            ("test_accuracy", "net.eval()", "import copy\n    evaluated = copy.deepcopy(net).eval()"),
            ("test_accuracy", "net(x)", "evaluated(x)"),
            (
                "loss_plot",
                'ax.plot(epochs, losses, marker="o")\nax.set_xticks(epochs)\n',
                "ax.plot([str(e) for e in epochs], losses)\n",
            ),
            ("loss_plot", 'ax.set_title("ConvNet on MNIST")', 'ax.set_title("ConvNet on MNIST", loc="left")'),
        ),
    ),
    right(
        "asserts_and_one_hot",
        "Asserts the shape of the logits, takes one-hot labels, and keeps how often the label is among the best five.",
        edits=(
            (
                "trainer",
                "loss = self.loss_function(output, labels)",
                "assert output.shape == (len(images), 10)\n"
                "                loss = self.loss_function(output, F.one_hot(labels, 10).float())\n"
                "                best = output.topk(5, dim=1).indices.eq(labels[:, None]).any(1).sum()",
            ),
        ),
    ),
]
