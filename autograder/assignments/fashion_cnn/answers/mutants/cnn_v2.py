# %% mutants:
# fails = ["v2_architecture"]
# label = "blocks"
# only = ["kernel", "padding", "without_batchnorm2d"]
# %% cnn_v2
nn.Conv2d(inputs, outputs, kernel_size=3, padding=padding), nn.BatchNorm2d(outputs), nn.ReLU()

# %% mutants:
# fails = ["v2_architecture"]
# label = "blocks"
# only = ["without_maxpool2d", "without_dropout"]
# %% cnn_v2
layers += [nn.MaxPool2d(2), nn.Dropout(0.25)]

# %% mutant:
# about = "Padding 1 in block 1: the size at the end is the same."
# fails = ["v2_architecture"]
# %% cnn_v2
# - for inputs, outputs, padding in [(1, 32, 2), (32, 64, 2), (64, 128, 1)]:
for inputs, outputs, padding in [(1, 32, 1), (32, 64, 2), (64, 128, 1)]:

# %% mutant:
# about = "Padding 1 in block 2, made to fit."
# fails = ["v2_architecture"]
# %% cnn_v2
# - for inputs, outputs, padding in [(1, 32, 2), (32, 64, 2), (64, 128, 1)]:
for inputs, outputs, padding in [(1, 32, 2), (32, 64, 1), (64, 128, 1)]:
# - self.output = nn.Linear(128 * 4 * 4, 10)
self.output = nn.Linear(128 * 3 * 3, 10)

# %% mutant:
# about = "Padding 2 in block 3, made to fit."
# fails = ["v2_architecture"]
# %% cnn_v2
# - for inputs, outputs, padding in [(1, 32, 2), (32, 64, 2), (64, 128, 1)]:
for inputs, outputs, padding in [(1, 32, 2), (32, 64, 2), (64, 128, 2)]:
# - self.output = nn.Linear(128 * 4 * 4, 10)
self.output = nn.Linear(128 * 5 * 5, 10)

# %% mutant:
# about = "48 channels in block 2."
# fails = ["v2_architecture"]
# %% cnn_v2
# - for inputs, outputs, padding in [(1, 32, 2), (32, 64, 2), (64, 128, 1)]:
for inputs, outputs, padding in [(1, 32, 2), (32, 48, 2), (48, 128, 1)]:

# %% mutant:
# about = "Only two blocks, made to fit."
# fails = ["v2_architecture"]
# %% cnn_v2
# - for inputs, outputs, padding in [(1, 32, 2), (32, 64, 2), (64, 128, 1)]:
for inputs, outputs, padding in [(1, 32, 2), (32, 64, 2)]:
# - self.output = nn.Linear(128 * 4 * 4, 10)
self.output = nn.Linear(64 * 8 * 8, 10)

# %% mutant:
# about = "Dropout of the images, always."
# fails = ["v2_architecture"]
# %% cnn_v2
# - features = self.blocks(x).flatten(start_dim=1)
features = self.blocks(F.dropout(x, 0.25)).flatten(start_dim=1)

# %% mutant:
# about = "A list as features."
# fails = ["v2_architecture"]
# %% cnn_v2
# - return self.output(features), features
return self.output(features), features.tolist()
