# %% mutants:
# fails = ["v1_architecture"]
# label = "block1"
# only = ["kernel", "dilation", "not_affine", "without_batchnorm2d", "without_relu", "without_dropout", "p"]
# %% cnn_v1
nn.Conv2d(1, 32, kernel_size=5, padding=2), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)

# %% mutants:
# fails = ["v1_architecture"]
# label = "block2"
# only = ["without_maxpool2d"]
# %% cnn_v1
nn.Conv2d(32, 64, kernel_size=5, padding=2), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)

# %% mutant:
# about = "Batch norm after ReLU."
# fails = ["v1_architecture"]
# %% cnn_v1
# - nn.Conv2d(1, 32, kernel_size=5, padding=2), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)
nn.Conv2d(1, 32, kernel_size=5, padding=2), nn.ReLU(), nn.BatchNorm2d(32), nn.MaxPool2d(2), nn.Dropout(0.25)

# %% mutant:
# about = "Dropout before the pooling."
# fails = ["v1_architecture"]
# %% cnn_v1
# - nn.Conv2d(1, 32, kernel_size=5, padding=2), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)
nn.Conv2d(1, 32, kernel_size=5, padding=2), nn.BatchNorm2d(32), nn.ReLU(), nn.Dropout(0.25), nn.MaxPool2d(2)

# %% mutant:
# about = "Dropout of whole channels."
# fails = ["v1_architecture"]
# %% cnn_v1
# - nn.Conv2d(1, 32, kernel_size=5, padding=2), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)
nn.Conv2d(1, 32, kernel_size=5, padding=2), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout2d(0.25)

# %% mutant:
# about = "ReLU after the pooling."
# equivalent = "the largest of ReLUs is the ReLU of the largest"
# %% cnn_v1
# - nn.Conv2d(32, 64, kernel_size=5, padding=2), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)
nn.Conv2d(32, 64, kernel_size=5, padding=2), nn.BatchNorm2d(64), nn.MaxPool2d(2), nn.ReLU(), nn.Dropout(0.25)

# %% mutant:
# about = "Softmax at the end."
# fails = ["v1_architecture"]
# %% cnn_v1
# - return self.output(features), features
return self.output(features).softmax(1), features

# %% mutant:
# about = "Evaluation mode for ever."
# fails = ["v1_architecture"]
# %% cnn_v1
# - features = self.block2(self.block1(x)).flatten(start_dim=1)
self.eval(); features = self.block2(self.block1(x)).flatten(start_dim=1)

# %% mutant:
# about = "Nothing as features."
# fails = ["v1_architecture"]
# %% cnn_v1
# - return self.output(features), features
return self.output(features), None

# %% mutant:
# about = "The images as features."
# fails = ["v1_architecture"]
# %% cnn_v1
# - return self.output(features), features
return self.output(features), x

# %% mutant:
# about = "Features that are not flattened."
# fails = ["v1_architecture"]
# %% cnn_v1
# - return self.output(features), features
return self.output(features), features.unflatten(1, (64, 7, 7))

# %% mutant:
# about = "Features that are zero."
# fails = ["v1_architecture"]
# %% cnn_v1
# - return self.output(features), features
return self.output(features), 0 * features

# %% mutant:
# about = "Versions whose parameters start at zero."
# fails = ["improvement"]
# %% cnn_v1
# - self.output = nn.Linear(64 * 7 * 7, 10)
self.output = nn.Linear(64 * 7 * 7, 10)
for parameter in self.parameters():
    nn.init.zeros_(parameter)
# %% cnn_v2
# - self.output = nn.Linear(128 * 4 * 4, 10)
self.output = nn.Linear(128 * 4 * 4, 10)
for parameter in self.parameters():
    nn.init.zeros_(parameter)
# %% cnn_v3
# - self.output = nn.Linear(256, 10)
self.output = nn.Linear(256, 10)
for parameter in self.parameters():
    nn.init.zeros_(parameter)
