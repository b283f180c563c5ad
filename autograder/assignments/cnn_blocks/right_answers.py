"""Right answers of cnn_blocks with trainings, summaries and tables in the ways students write."""

from __future__ import annotations

from autograder.proof.catalogue import Answer

HELPER = '''def run(make, epochs=num_epochs):
    """Trains a new network; returns it and its history."""
    network = make().to(device)
    adam = torch.optim.Adam(network.parameters(), lr=1e-2)
    kept = []
    for epoch in range(epochs):
        entry = {"epoch": epoch + 1}
        entry.update(train(network, train_loader, F.cross_entropy, adam, epoch + 1))
        entry.update(test(network, test_loader, F.cross_entropy, epoch + 1))
        kept.append(entry)
    return network, kept
'''

GPU_TRAINING = """dev = 'cuda' if torch.cuda.is_available() else 'cpu'
maxpool_model = ConvMaxPoolNetwork()
if torch.cuda.is_available():
    maxpool_model.cuda()
maxpool_model = maxpool_model.to(dev)
criterion = nn.CrossEntropyLoss().to(dev)
opt = torch.optim.Adam(params=maxpool_model.parameters(), lr=0.01, betas=(0.9, 0.999))
maxpool_history: list[dict] = []
epoch = 1
while epoch <= num_epochs:
    result = train(model=maxpool_model, train_loader=train_loader, loss_fn=criterion, optimizer=opt, epoch=epoch)
    result = {**result, **test(model=maxpool_model, test_loader=test_loader, loss_fn=criterion, epoch=epoch)}
    maxpool_history += [result]
    epoch += 1
print('fertig:', len(maxpool_history), 'Epochen')  # Ausgabe auf Deutsch
"""

PAIRS = """{name}_model = {kind}().to(device)
loss_fn, optimizer = nn.CrossEntropyLoss(), torch.optim.Adam({name}_model.parameters(), learning_rate)
{name}_history = [
    (train({name}_model, train_loader, loss_fn, optimizer, e), test({name}_model, test_loader, loss_fn, e))
    for e in range(1, 6)
]
"""

PAIRS_TABLE = """results = [{"model": "MultiLayerPerceptron", "epoch_1_train_loss": 0.28, "epoch_5_train_loss": 0.16,
            "epoch_5_test_accuracy": 95.38, "parameters": 784 * 100 + 100 + 100 * 10 + 10}]
for model, pairs in ((maxpool_model, maxpool_history), (batchnorm_model, batchnorm_history)):
    (first, _), (last, tested) = pairs[0], pairs[-1]
    results += [{
        "model": type(model).__name__, "epoch_1_train_loss": first["train_loss"], "epoch_5_train_loss": last["train_loss"],
        "epoch_5_test_accuracy": tested["test_accuracy"], "parameters": sum(p.numel() for p in model.parameters())}]
pd.DataFrame(results)
"""

COLUMNS = """{name}_model = {kind}()
{name}_model.to(device)
optimizer = torch.optim.Adam([{{"params": {name}_model.parameters()}}], lr=1e-2)
{name}_history = {{"loss": [], "accuracy": []}}
for epoch in range(5):
    {name}_history["loss"].append(train({name}_model, train_loader, nn.CrossEntropyLoss(), optimizer, epoch)["train_loss"])
    {name}_history["accuracy"].append(test({name}_model, test_loader, nn.CrossEntropyLoss(), epoch)["test_accuracy"])
"""

COLUMNS_TABLE = """def row(name, history, found):
    return dict(
        model=name,
        epoch_1_train_loss=f"{history['loss'][0]:.2f}",
        epoch_5_train_loss=f"{history['loss'][-1]:.2f}",
        epoch_5_test_accuracy=f"{history['accuracy'][-1]:.1f} %",
        parameters=f"{found.total_params:,}",
    )


given = dict(model="MultiLayerPerceptron", epoch_1_train_loss=0.28, epoch_5_train_loss=0.16, epoch_5_test_accuracy=95.38)
results = [given | {"parameters": "79,510"}, row("max pooling", maxpool_history, maxpool_summary),
           row("batch norm", batchnorm_history, batchnorm_summary)]
print(pd.DataFrame(results).to_string(index=False))
"""

FRAME_TABLE = """results = [{"model": "MultiLayerPerceptron", "epoch_1_train_loss": 0.28, "epoch_5_train_loss": 0.16,
            "epoch_5_test_accuracy": 95.38, "parameters": 79_510}]
frames = {"ConvMaxPoolNetwork": pd.DataFrame(maxpool_history), "ConvBatchNormNetwork": pd.DataFrame(batchnorm_history)}
for (name, frame), count in zip(frames.items(), [85_526, 77_918]):
    results.append({"model": name, "epoch_1_train_loss": frame.train_loss.iloc[0],
                    "epoch_5_train_loss": np.round(frame["train_loss"].iloc[-1], 3),
                    "epoch_5_test_accuracy": float(frame["test_accuracy"].iloc[-1]), "parameters": count})
results = pd.DataFrame(results)
results.set_index("model").style.format(precision=2)
"""

SUMMARIES = """batch, _ = next(iter(train_loader))
mlp = MultiLayerPerceptron().to(device)
mlp_summary = summary(mlp, input_data=batch, col_names=("input_size", "output_size", "num_params"), depth=2)
maxpool_summary = summary(maxpool_model.cpu(), (1, 1, 28, 28), device="cpu")
batchnorm_summary = summary(batchnorm_model, input_size=[64, 1, 28, 28], verbose=1)
print(mlp_summary); print(maxpool_summary.total_params, batchnorm_summary.total_params)
"""

KINDS = {"maxpool": "ConvMaxPoolNetwork", "batchnorm": "ConvBatchNormNetwork"}


ROWS_BEGUN = """results = [
    {"model": "MultiLayerPerceptron", "epoch_1_train_loss": 0.28, "epoch_5_train_loss": 0.16,
     "epoch_5_test_accuracy": 95.38, "parameters": None},
]
results[0]["parameters"] = mlp_summary.total_params
names = ["ConvMaxPoolNetwork", "ConvBatchNormNetwork"]
"""

ROWS_ENDED = """histories, counts = [maxpool_history, batchnorm_history], [maxpool_summary, batchnorm_summary]
for name, history, count in zip(names, histories, counts):
    losses = [epoch["train_loss"] for epoch in history]
    results.append({"model": name, "epoch_1_train_loss": losses[0], "epoch_5_train_loss": losses[-1],
                    "epoch_5_test_accuracy": history[-1]["test_accuracy"], "parameters": count.total_params})
pd.DataFrame(results)
"""


def training(text: str) -> dict[str, str]:
    """Both training cells from one text with ``{name}`` and ``{kind}``."""
    return {f"train_{name}": text.format(name=name, kind=kind) for name, kind in KINDS.items()}


RIGHT = [
    Answer(
        "right_helper_function",
        "right",
        "One function, in a cell of its own, trains both networks; F.cross_entropy; the number of the epoch in each entry.",
        cells={
            "train_maxpool": "maxpool_model, maxpool_history = run(ConvMaxPoolNetwork)",
            "train_batchnorm": "set_seeds(1)\nbatchnorm_model, batchnorm_history = run(ConvBatchNormNetwork)",
        },
        added=(("show_shapes", HELPER),),
    ),
    Answer(
        "right_goes_on_below",
        "right",
        "Answers that end in cells of its own: a helper of a class, a training loop, summaries, rows of the table.",
        cells={
            "train_batchnorm": "set_seeds(seed)\n"
            "batchnorm_model, batchnorm_history = ConvBatchNormNetwork().to(device), []\n"
            "optimizer = torch.optim.Adam(batchnorm_model.parameters(), lr=learning_rate)\nloss_fn = nn.CrossEntropyLoss()",
            "summaries": "mlp_summary = summary(MultiLayerPerceptron(), input_size=(64, 1, 28, 28))\nprint(mlp_summary)",
            "results_table_code": ROWS_BEGUN,
        },
        added=(
            ("conv_batchnorm", "print(ConvBatchNormNetwork())\nbroken ="),
            ("conv_maxpool", 'def convolution(n, m):\n    return nn.Conv2d(n, m, 3, padding="same")'),
            (
                "train_batchnorm",
                "def an_epoch(epoch):\n"
                "    told = train(batchnorm_model, train_loader, loss_fn, optimizer, epoch)\n"
                "    batchnorm_history.append(told | test(batchnorm_model, test_loader, loss_fn, epoch))\n\n\n"
                "for epoch in range(1, num_epochs + 1):\n    an_epoch(epoch)",
            ),
            ("train_batchnorm", "batchnorm_model(torch.zeros(2, 3))"),
            (
                "summaries",
                "maxpool_summary, batchnorm_summary = (\n"
                "    summary(kind(), input_size=(64, 1, 28, 28)) for kind in (ConvMaxPoolNetwork, ConvBatchNormNetwork)\n)",
            ),
            ("results_table_code", ROWS_ENDED),
        ),
        edits=(("conv_maxpool", 'nn.Conv2d(32, 64, 3, padding="same")', "convolution(32, 64)"),),
    ),
    Answer(
        "right_gpu_code",
        "right",
        "GPU-if-available code, a while loop, keyword arguments, prints and comments in German.",
        cells={"train_maxpool": GPU_TRAINING},
        edits=(("train_batchnorm", "loss_fn = nn.CrossEntropyLoss()", "loss_fn = nn.CrossEntropyLoss(reduction='mean')"),),
    ),
    Answer(
        "right_history_of_pairs",
        "right",
        "Histories of pairs, five epochs written out, summaries of the trained networks, counts computed.",
        cells={**training(PAIRS), "summaries": SUMMARIES, "results_table_code": PAIRS_TABLE},
    ),
    Answer(
        "right_history_of_columns",
        "right",
        "Histories as dictionaries of lists, epochs from 0, the table's numbers as texts, printed.",
        cells={**training(COLUMNS), "results_table_code": COLUMNS_TABLE},
    ),
    Answer(
        "right_data_frames",
        "right",
        "Histories through pandas, results replaced by a styled data frame, counts typed in from the summaries.",
        cells={"results_table_code": FRAME_TABLE},
    ),
    Answer(
        "right_derived_in_own_cells",
        "right",
        "Figures taken out of the histories in cells of the student's own, unrounded.",
        added=(
            ("curves", "first_loss = {'max': maxpool_history[0]['train_loss'], 'bn': batchnorm_history[0]['train_loss']}"),
            ("parameter_counts", "bn_last = batchnorm_history[num_epochs - 1]\nprint(bn_last)\nbn_last"),
        ),
        edits=(
            (
                "results_table_code",
                "display(pd.DataFrame(results))",
                "results[1]['epoch_1_train_loss'] = first_loss['max']\n"
                "results[2].update(epoch_1_train_loss=first_loss['bn'], epoch_5_train_loss=bn_last['train_loss'])\n"
                "table = pd.DataFrame.from_records(results)\ntable",
            ),
        ),
    ),
    Answer(
        "right_with_warnings",
        "right",
        "Right, but noisy: warnings and text on stderr, extra cells with pictures, a copied and renamed class.",
        added=(
            ("imports", "import warnings\nwarnings.warn('this library is old')\nprint('note to self', file=sys.stderr)"),
            ("maxpool_forward", "class FirstTry(ConvMaxPoolNetwork):\n    pass\n\n\nprint(FirstTry())"),
            ("results_table", "plt.bar(range(3), [float(row['parameters']) for row in results])\nplt.show()"),
        ),
        edits=(
            ("train_maxpool", "loss_fn = nn.CrossEntropyLoss()", "warnings.warn('go')\nloss_fn = nn.CrossEntropyLoss()"),
        ),
    ),
    Answer(
        "right_comments_in_chinese",
        "right",
        "Without the TODO comments; variables and comments in other languages; the loss a lambda.",
        edits=(
            ("conv_maxpool", "# TODO maxpool_block1: self.block1, convolution 1 -> 32, ReLU, max pooling", "# 第一个卷积块"),
            (
                "conv_batchnorm",
                "# TODO batchnorm_forward: the three blocks, the pooling, drop the two dimensions",
                "# Прямой ход",
            ),
            (
                "train_maxpool",
                "loss_fn = nn.CrossEntropyLoss()",
                "损失 = lambda ŷ, y: F.cross_entropy(ŷ, y)\nloss_fn = 损失",
            ),
            ("summaries", "# TODO parameter_counts: the three summaries, printed", "# 参数数量"),
        ),
    ),
    Answer(
        "right_index_and_other_seed",
        "right",
        "Dimensions dropped by an index with Ellipsis; other seeds; optimizer from torch.optim by its own import.",
        edits=(
            ("conv_batchnorm", "x = torch.flatten(x, start_dim=1)", "x = x[..., 0, 0]"),
            ("train_maxpool", "set_seeds(seed)", "from torch.optim import Adam\nset_seeds(5)"),
            (
                "train_maxpool",
                "torch.optim.Adam(maxpool_model.parameters(), lr=learning_rate)",
                "Adam(maxpool_model.parameters(), 0.01)",
            ),
            ("train_batchnorm", "set_seeds(seed)", "torch.manual_seed(2024)"),
        ),
    ),
    Answer(
        "right_squeeze_of_two",
        "right",
        "squeeze with a tuple of dimensions, the flattening as a layer, the last layer found by unpacking.",
        edits=(
            ("conv_batchnorm", "x = torch.flatten(x, start_dim=1)", "x = x.squeeze((2, 3))"),
            ("conv_maxpool", "x = torch.flatten(x, start_dim=1)", "x = nn.Flatten(1, -1)(x)"),
            ("conv_maxpool", "self.output = nn.Linear(100 * 3 * 3, 10)", "self.output = nn.LazyLinear(10)"),
            (
                "train_maxpool",
                "maxpool_model = ConvMaxPoolNetwork().to(device)",
                "maxpool_model = ConvMaxPoolNetwork().to(device)\n"
                "maxpool_model(next(iter(test_loader))[0].to(device))  # the lazy layer finds its size",
            ),
        ),
    ),
    Answer(
        "right_uses_parts_of_its_networks",
        "right",
        "Training and table use parts that only the student's own networks have.",
        edits=(
            (
                "train_maxpool",
                "optimizer = ",
                "print(maxpool_model.block1[0])\nnn.init.xavier_uniform_(maxpool_model.output.weight)\noptimizer = ",
            ),
            (
                "results_table_code",
                "display(",
                "count = lambda part: sum(weights.numel() for weights in part.parameters())\n"
                "results[2]['parameters'] = sum(count(part) for part in batchnorm_model.children())\n"
                "results[2]['parameters'] += 0 * batchnorm_model.output.in_features\ndisplay(",
            ),
        ),
    ),
]
