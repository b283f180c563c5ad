# %% mutants:
# fails = ["v3_architecture"]
# label = "blocks"
# only = ["kernel", "without_batchnorm2d"]
# %% cnn_v3
nn.Conv2d(inputs, outputs, kernel_size=3, padding=padding), nn.BatchNorm2d(outputs), nn.ReLU()

# %% mutants:
# fails = ["v3_architecture"]
# label = "blocks"
# only = ["p"]
# %% cnn_v3
layers += [nn.MaxPool2d(2), nn.Dropout(0.25)]

# %% mutants:
# fails = ["v3_architecture"]
# label = "hidden"
# only = ["out_features", "sigmoid", "without_batchnorm1d", "without_relu", "without_dropout", "p"]
# %% cnn_v3
nn.Linear(128 * 4 * 4, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Dropout(0.5)

# %% mutants:
# fails = ["v3_architecture"]
# only = ["bias"]
# %% cnn_v3
self.output = nn.Linear(256, 10)

# %% mutant:
# about = "Batch norm after ReLU."
# fails = ["v3_architecture"]
# %% cnn_v3
# - self.hidden = nn.Sequential(nn.Linear(128 * 4 * 4, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Dropout(0.5))
self.hidden = nn.Sequential(nn.Linear(128 * 4 * 4, 256), nn.ReLU(), nn.BatchNorm1d(256), nn.Dropout(0.5))

# %% mutant:
# about = "Dropout before ReLU."
# equivalent = "dropout sets to zero or scales by a positive factor, which ReLU lets pass"
# %% cnn_v3
# - self.hidden = nn.Sequential(nn.Linear(128 * 4 * 4, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Dropout(0.5))
self.hidden = nn.Sequential(nn.Linear(128 * 4 * 4, 256), nn.BatchNorm1d(256), nn.Dropout(0.5), nn.ReLU())

# %% mutant:
# about = "Layer norm."
# fails = ["v3_architecture"]
# %% cnn_v3
# - self.hidden = nn.Sequential(nn.Linear(128 * 4 * 4, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Dropout(0.5))
self.hidden = nn.Sequential(nn.Linear(128 * 4 * 4, 256), nn.LayerNorm(256), nn.ReLU(), nn.Dropout(0.5))

# %% mutant:
# about = "A ReLU at the end."
# fails = ["v3_architecture"]
# %% cnn_v3
# - return self.output(self.hidden(features)), features
return self.output(self.hidden(features)).relu(), features

# %% mutant:
# about = "What comes out of the hidden layer as features."
# fails = ["v3_architecture"]
# %% cnn_v3
# - return self.output(self.hidden(features)), features
features = self.hidden(features)
return self.output(features), features

# %% mutant:
# about = "Padding 1 in block 2, made to fit."
# fails = ["v3_architecture"]
# %% cnn_v3
# - for inputs, outputs, padding in [(1, 32, 2), (32, 64, 2), (64, 128, 1)]:
for inputs, outputs, padding in [(1, 32, 2), (32, 64, 1), (64, 128, 1)]:
# - self.hidden = nn.Sequential(nn.Linear(128 * 4 * 4, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Dropout(0.5))
self.hidden = nn.Sequential(nn.Linear(128 * 3 * 3, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Dropout(0.5))
