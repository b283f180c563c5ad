# %% mistake: third_block_taken_for_3x3
# about = "Takes the third batch-norm block's 4 x 4 for 3 x 3 and flattens 900 values in place of averaging."
# fails = ["batchnorm_output"]
# %% conv_batchnorm
# - self.pool = nn.AdaptiveAvgPool2d(1)
# - self.output = nn.Linear(100, 10)
self.pool = nn.Identity()
self.output = nn.Linear(100 * 3 * 3, 10)

# %% mistake: average_over_3x3
# about = "Averages over 3 x 3 of the 4 x 4 values, which runs, and leaves a row and a column out."
# fails = ["batchnorm_output"]
# %% conv_batchnorm
# - self.pool = nn.AdaptiveAvgPool2d(1)
self.pool = nn.AvgPool2d(3)

# %% mistake: bare_squeeze
# about = "squeeze without a dimension loses the batch of one image."
# fails = ["batchnorm_single_image"]
# %% conv_batchnorm
# - x = torch.flatten(x, start_dim=1)  # -> N x 100
x = x.squeeze()  # -> N x 100

# %% mistake: blocks_all_numbered_1
# about = "Comments call all three blocks the first."
# equivalent = "only comments are wrong; a person reads them"
# %% conv_maxpool
# - x = self.block2(x)  # -> N x 64 x 7 x 7
# - x = self.block3(x)  # -> N x 100 x 3 x 3
x = self.block2(x)  # block 1
x = self.block3(x)  # block 1

# %% mistake: batch_norm_before_relu
# about = "Batch norm before the ReLU in all three blocks; the later ones rest on the first."
# fails = ["batchnorm_block1"]
# close = true

# %% conv_batchnorm
# - self.block1 = nn.Sequential(nn.Conv2d(1, 32, 3, stride=2, padding=1), nn.ReLU(), nn.BatchNorm2d(32))
self.block1 = nn.Sequential(nn.Conv2d(1, 32, 3, stride=2, padding=1), nn.BatchNorm2d(32), nn.ReLU())
# - self.block2 = nn.Sequential(nn.Conv2d(32, 64, 3, stride=2, padding=1), nn.ReLU(), nn.BatchNorm2d(64))
self.block2 = nn.Sequential(nn.Conv2d(32, 64, 3, stride=2, padding=1), nn.BatchNorm2d(64), nn.ReLU())
# - self.block3 = nn.Sequential(nn.Conv2d(64, 100, 3, stride=2, padding=1), nn.ReLU(), nn.BatchNorm2d(100))
self.block3 = nn.Sequential(nn.Conv2d(64, 100, 3, stride=2, padding=1), nn.BatchNorm2d(100), nn.ReLU())

# %% mistake: pool_forgotten
# about = "No pool in the third block, so that the output layer does not fit."
# fails = ["maxpool_block3"]
# %% conv_maxpool
# - self.block3 = nn.Sequential(nn.Conv2d(64, 100, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2, stride=2))
self.block3 = nn.Sequential(nn.Conv2d(64, 100, 3, padding="same"), nn.ReLU())

# %% mistake: all_pools_forgotten
# about = "Convolutions and ReLUs only, and an output layer of 78,400 values."
# fails = ["maxpool_block1"]

# %% conv_maxpool
class ConvMaxPoolNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        sizes = [1, 32, 64, 100]
        self.convs = nn.ModuleList(nn.Conv2d(i, o, 3, padding=1) for i, o in zip(sizes, sizes[1:]))
        self.output = nn.Linear(78_400, 10)

    def forward(self, x):
        for conv in self.convs:
            x = F.relu(conv(x))
        return self.output(x.flatten(1))

# %% mistake: table_empty
# about = "No figure is filled in."
# fails = ["results_table"]
# %% results_table_code
keys = ["epoch_1_train_loss", "epoch_5_train_loss", "epoch_5_test_accuracy", "parameters"]
results = [
    {"model": name} | dict.fromkeys(keys) for name in ("MultiLayerPerceptron", "ConvMaxPoolNetwork", "ConvBatchNormNetwork")
]
pd.DataFrame(results)

# %% mistake: table_without_rows
# about = "The given row alone."
# fails = ["results_table"]
# %% results_table_code
# - for name, history, found in rows:
for name, history, found in []:

# %% mistake: table_from_another_run
# about = "Figures typed in from another run."
# fails = ["results_table"]

# %% results_table_code
results = [
    {"model": "MultiLayerPerceptron", "epoch_1_train_loss": 0.28, "epoch_5_train_loss": 0.16, "epoch_5_test_accuracy": 95.38,
     "parameters": 79510},
    {"model": "ConvMaxPoolNetwork", "epoch_1_train_loss": 0.24, "epoch_5_train_loss": 0.11, "epoch_5_test_accuracy": 97.02,
     "parameters": 85526},
    {"model": "ConvBatchNormNetwork", "epoch_1_train_loss": 0.17, "epoch_5_train_loss": 0.03, "epoch_5_test_accuracy": 98.70,
     "parameters": 77918},
]
pd.DataFrame(results)

# %% mistake: test_replaced_without_evaluation_mode
# about = "A function test of one's own that leaves the network in training mode."
# fails = ["maxpool_training", "batchnorm_training"]

# %% below show_shapes
def test(model, test_loader, loss_fn, epoch):
    total, correct, seen = 0.0, 0, 0
    for images, labels in test_loader:
        logits = model(images.to(device))
        total += loss_fn(logits, labels.to(device)).item() * len(labels)
        correct += (logits.argmax(1).cpu() == labels).sum().item()
        seen += len(labels)
    return {"test_loss": total / seen, "test_accuracy": 100 * correct / seen}

# %% mistake: own_accuracy_in_training_mode
# about = "Counts in the training loop, in training mode, in place of calling test."
# fails = ["batchnorm_training"]

# %% train_batchnorm
# - tested = test(batchnorm_model, test_loader, loss_fn, epoch)
correct = 0
for images, labels in test_loader:
    correct += (batchnorm_model(images.to(device)).argmax(1).cpu() == labels).sum().item()
tested = {"test_loss": 0.0, "test_accuracy": 100 * correct / len(test_loader.dataset)}

# %% mistake: training_accuracy_kept
# about = "Keeps the accuracy that train measures in training mode as the test accuracy."
# fails = ["maxpool_training"]
# %% train_maxpool
# - maxpool_history.append(trained | tested)
maxpool_history.append(trained | tested | {"test_accuracy": trained["train_accuracy"]})

# %% mistake: training_accuracy_in_the_table
# about = "The table shows the accuracy that train measures in training mode."
# fails = ["results_table"]
# %% results_table_code
# - "epoch_5_test_accuracy": round(history[-1]["test_accuracy"], 2),
"epoch_5_test_accuracy": round(history[-1]["train_accuracy"], 2),

# %% mistake: size_in_prose
# about = "Says in prose that the batch-norm network is better because it has more parameters."
# equivalent = "a person marks the text, no autograded item is wrong"
# %% compare_models [markdown]
# Batch norm adds parameters, so that network is larger and therefore better.
