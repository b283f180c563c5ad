# %% mutants:
# fails = ["cnn_architecture"]
# label = "block1"
# only = ["kernel_of_same_size", "stride", "without_relu", "window"]
# %% cnn
nn.Conv2d(1, 16, kernel_size=5, padding=2), nn.ReLU(), nn.MaxPool2d(2)

# %% mutants:
# fails = ["cnn_architecture"]
# label = "block2"
# only = ["kernel_of_same_size", "padding", "avgpool2d"]
# %% cnn
nn.Conv2d(16, 32, kernel_size=5, padding=2), nn.ReLU(), nn.MaxPool2d(2)

# %% mutants:
# fails = ["cnn_architecture"]
# only = ["bias"]
# %% cnn
self.output = nn.Linear(32 * 7 * 7, 10)

# %% mutant:
# about = "No pooling in block 2, made to fit."
# fails = ["cnn_architecture"]
# close = true
# %% cnn
# - self.block2 = nn.Sequential(nn.Conv2d(16, 32, kernel_size=5, padding=2), nn.ReLU(), nn.MaxPool2d(2))
self.block2 = nn.Sequential(nn.Conv2d(16, 32, kernel_size=5, padding=2), nn.ReLU())
# - self.output = nn.Linear(32 * 7 * 7, 10)
self.output = nn.Linear(32 * 14 * 14, 10)

# %% mutant:
# about = "32 channels in block 1, made to fit."
# fails = ["cnn_architecture"]
# %% cnn
# - self.block1 = nn.Sequential(nn.Conv2d(1, 16, kernel_size=5, padding=2), nn.ReLU(), nn.MaxPool2d(2))
self.block1 = nn.Sequential(nn.Conv2d(1, 32, kernel_size=5, padding=2), nn.ReLU(), nn.MaxPool2d(2))
# - self.block2 = nn.Sequential(nn.Conv2d(16, 32, kernel_size=5, padding=2), nn.ReLU(), nn.MaxPool2d(2))
self.block2 = nn.Sequential(nn.Conv2d(32, 32, kernel_size=5, padding=2), nn.ReLU(), nn.MaxPool2d(2))

# %% mutant:
# about = "A hidden layer."
# fails = ["cnn_architecture"]
# %% cnn
# - self.output = nn.Linear(32 * 7 * 7, 10)
self.output = nn.Sequential(nn.Linear(1568, 64), nn.ReLU(), nn.Linear(64, 10))

# %% mutant:
# about = "Something is added between the blocks."
# fails = ["cnn_architecture"]
# %% cnn
# - x = self.block2(self.block1(x))
x = self.block2(self.block1(x) + 0.1)

# %% mutant:
# about = "The pair in the other order."
# fails = ["cnn_forward"]
# %% cnn
# - return self.output(features), features
return features, self.output(features)

# %% mutant:
# about = "Features that are not flattened."
# fails = ["cnn_forward"]
# %% cnn
# - return self.output(features), features
return self.output(features), x

# %% mutant:
# about = "Features that are zero."
# fails = ["cnn_forward"]
# %% cnn
# - return self.output(features), features
return self.output(features), 0 * features

# %% mutant:
# about = "Nothing is returned."
# fails = ["cnn_forward"]
# %% cnn
# - return self.output(features), features
self.output(features), features

# %% mutant:
# about = "One image loses its batch dimension."
# fails = ["cnn_forward"]
# %% cnn
# - features = x.flatten(start_dim=1)
features = x.squeeze().flatten(start_dim=-3)

# %% mutant:
# about = "Logits alone."
# fails = ["cnn_forward"]
# %% cnn
# - return self.output(features), features
return self.output(features)
# %% cnn_training
# - # TODO training_loop: one step of training; add to total_loss and seen
# - logits, features = cnn(images)
# TODO training_loop: one step of training; add to total_loss and seen
logits = cnn(images)
logits = logits if torch.is_tensor(logits) else logits[0]
# - logits, features = cnn(images)
logits = cnn(images)
logits = logits if torch.is_tensor(logits) else logits[0]

# %% mutant:
# about = "Parameters that start at zero."
# fails = ["cnn_accuracy"]
# %% cnn
# - self.output = nn.Linear(32 * 7 * 7, 10)
self.output = nn.Linear(32 * 7 * 7, 10)
for parameter in self.parameters():
    nn.init.zeros_(parameter)

# %% mutant:
# about = "Prints a shape in each call."
# fails = ["cnn_forward"]
# %% cnn
# - features = x.flatten(start_dim=1)
features = x.flatten(start_dim=1)
print(features.shape)

# %% mutant:
# about = "The blocks run without gradients."
# fails = ["cnn_forward"]
# %% cnn
# - x = self.block2(self.block1(x))
with torch.no_grad():
    x = self.block2(self.block1(x))

# %% mutant:
# about = "Zeros for a single image."
# fails = ["cnn_forward"]
# %% cnn
# - return self.output(features), features
return self.output(features) if len(x) > 1 else torch.zeros(1, 10), features

# %% mutant:
# about = "The number of images is written into the code."
# fails = ["cnn_forward"]
# %% cnn
# - features = x.flatten(start_dim=1)
features = x.view(4, -1)
