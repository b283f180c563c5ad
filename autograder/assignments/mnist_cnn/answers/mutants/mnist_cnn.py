# %% mutants:
# fails = ["architecture"]
# skip = ["without_conv2d"]
# %% mnist_cnn
self.conv1 = nn.Conv2d(1, 32, kernel_size=3, padding=1)

# %% mutants:
# fails = ["architecture"]
# only = ["out_channels", "kernel", "padding", "bias", "groups"]
# %% mnist_cnn
self.conv2 = nn.Conv2d(32, 32, kernel_size=3, padding=1)

# %% mutants:
# fails = ["architecture"]
# skip = ["without_conv2d"]
# %% mnist_cnn
self.conv3 = nn.Conv2d(32, 64, kernel_size=3, padding=1)

# %% mutants:
# fails = ["architecture"]
# only = ["out_channels", "kernel", "padding", "bias"]
# %% mnist_cnn
self.conv4 = nn.Conv2d(64, 64, kernel_size=3, padding=1)

# %% mutants:
# fails = ["architecture"]
# %% mnist_cnn
self.pool1 = nn.MaxPool2d(kernel_size=2, stride=2)
# %% mnist_cnn
self.pool2 = nn.MaxPool2d(kernel_size=2, stride=2)
# %% mnist_cnn
self.fc1 = nn.Linear(64 * 7 * 7, 256)
# %% mnist_cnn
self.fc2 = nn.Linear(256, 10)

# %% mutant: mnist_cnn_conv4_channels_made_to_fit
# about = "conv4 with 128 channels, and fc1 made to fit."
# fails = ["architecture"]
# %% mnist_cnn
# - self.conv4 = nn.Conv2d(64, 64, kernel_size=3, padding=1)
self.conv4 = nn.Conv2d(64, 128, kernel_size=3, padding=1)
# - self.fc1 = nn.Linear(64 * 7 * 7, 256)
self.fc1 = nn.Linear(128 * 7 * 7, 256)

# %% mutant: mnist_cnn_conv1_channels_made_to_fit
# about = "conv1 with 16 channels, and conv2 made to fit."
# fails = ["architecture"]
# %% mnist_cnn
# - self.conv1 = nn.Conv2d(1, 32, kernel_size=3, padding=1)
# - self.conv2 = nn.Conv2d(32, 32, kernel_size=3, padding=1)
self.conv1 = nn.Conv2d(1, 16, kernel_size=3, padding=1)
self.conv2 = nn.Conv2d(16, 32, kernel_size=3, padding=1)

# %% mutant: mnist_cnn_conv3_stride_made_to_fit
# about = "conv3 with stride 2, and fc1 made to fit."
# fails = ["architecture"]
# %% mnist_cnn
# - self.conv3 = nn.Conv2d(32, 64, kernel_size=3, padding=1)
self.conv3 = nn.Conv2d(32, 64, kernel_size=3, padding=1, stride=2)
# - self.fc1 = nn.Linear(64 * 7 * 7, 256)
self.fc1 = nn.Linear(64 * 3 * 3, 256)

# %% mutant: mnist_cnn_pool2_stride_made_to_fit
# about = "pool2 with stride 1, and fc1 made to fit."
# fails = ["architecture"]
# %% mnist_cnn
# - self.pool2 = nn.MaxPool2d(kernel_size=2, stride=2)
self.pool2 = nn.MaxPool2d(2, stride=1)
# - self.fc1 = nn.Linear(64 * 7 * 7, 256)
self.fc1 = nn.Linear(64 * 13 * 13, 256)

# %% mutant:
# about = "An adaptive average pooling."
# fails = ["architecture"]
# %% mnist_cnn
# - x = self.pool2(x)
x = F.adaptive_avg_pool2d(x, 7)

# %% mutant:
# about = "Dropout."
# fails = ["architecture"]
# %% mnist_cnn
# - x = self.pool1(x)
x = F.dropout(self.pool1(x), 0.25, self.training)

# %% mutant:
# about = "A batch norm."
# fails = ["architecture"]

# %% mnist_cnn
# - def __init__(self):
# -     super().__init__()
# -     # TODO block 1: two convolutions, 1 -> 32 -> 32 channels, and the pooling
# -     self.conv1 = nn.Conv2d(1, 32, kernel_size=3, padding=1)
# -     self.conv2 = nn.Conv2d(32, 32, kernel_size=3, padding=1)
# -     self.pool1 = nn.MaxPool2d(kernel_size=2, stride=2)
# -     # TODO block 2: two convolutions, 32 -> 64 -> 64 channels, and the pooling
# -     self.conv3 = nn.Conv2d(32, 64, kernel_size=3, padding=1)
# -     self.conv4 = nn.Conv2d(64, 64, kernel_size=3, padding=1)
# -     self.pool2 = nn.MaxPool2d(kernel_size=2, stride=2)
# -     # TODO classifier: two fully connected layers, -> 256 -> 10
# -     self.fc1 = nn.Linear(64 * 7 * 7, 256)
# -     self.fc2 = nn.Linear(256, 10)
# -
# - def forward(self, x):
def __init__(self):
    super().__init__()
    # TODO block 1: two convolutions, 1 -> 32 -> 32 channels, and the pooling
    self.conv1 = nn.Conv2d(1, 32, kernel_size=3, padding=1)
    self.conv2 = nn.Conv2d(32, 32, kernel_size=3, padding=1)
    self.pool1 = nn.MaxPool2d(kernel_size=2, stride=2)
    # TODO block 2: two convolutions, 32 -> 64 -> 64 channels, and the pooling
    self.conv3 = nn.Conv2d(32, 64, kernel_size=3, padding=1)
    self.conv4 = nn.Conv2d(64, 64, kernel_size=3, padding=1)
    self.pool2 = nn.MaxPool2d(kernel_size=2, stride=2)
    # TODO classifier: two fully connected layers, -> 256 -> 10
    self.fc1 = nn.Linear(64 * 7 * 7, 256)
    self.fc2 = nn.Linear(256, 10)

    self.norm = nn.BatchNorm2d(32)

def forward(self, x):
# - x = F.relu(self.conv2(x))
x = F.relu(self.norm(self.conv2(x)))

# %% mutant:
# about = "A third fully connected layer."
# fails = ["architecture"]

# %% mnist_cnn
# - def __init__(self):
# -     super().__init__()
# -     # TODO block 1: two convolutions, 1 -> 32 -> 32 channels, and the pooling
# -     self.conv1 = nn.Conv2d(1, 32, kernel_size=3, padding=1)
# -     self.conv2 = nn.Conv2d(32, 32, kernel_size=3, padding=1)
# -     self.pool1 = nn.MaxPool2d(kernel_size=2, stride=2)
# -     # TODO block 2: two convolutions, 32 -> 64 -> 64 channels, and the pooling
# -     self.conv3 = nn.Conv2d(32, 64, kernel_size=3, padding=1)
# -     self.conv4 = nn.Conv2d(64, 64, kernel_size=3, padding=1)
# -     self.pool2 = nn.MaxPool2d(kernel_size=2, stride=2)
# -     # TODO classifier: two fully connected layers, -> 256 -> 10
# -     self.fc1 = nn.Linear(64 * 7 * 7, 256)
# -     self.fc2 = nn.Linear(256, 10)
# -
# - def forward(self, x):
def __init__(self):
    super().__init__()
    # TODO block 1: two convolutions, 1 -> 32 -> 32 channels, and the pooling
    self.conv1 = nn.Conv2d(1, 32, kernel_size=3, padding=1)
    self.conv2 = nn.Conv2d(32, 32, kernel_size=3, padding=1)
    self.pool1 = nn.MaxPool2d(kernel_size=2, stride=2)
    # TODO block 2: two convolutions, 32 -> 64 -> 64 channels, and the pooling
    self.conv3 = nn.Conv2d(32, 64, kernel_size=3, padding=1)
    self.conv4 = nn.Conv2d(64, 64, kernel_size=3, padding=1)
    self.pool2 = nn.MaxPool2d(kernel_size=2, stride=2)
    # TODO classifier: two fully connected layers, -> 256 -> 10
    self.fc1 = nn.Linear(64 * 7 * 7, 256)
    self.fc2 = nn.Linear(256, 10)

    self.fc3 = nn.Linear(256, 256)

def forward(self, x):
# - x = F.relu(self.fc1(x))
x = F.relu(self.fc3(F.relu(self.fc1(x))))

# %% mutant:
# about = "Padding in some convolutions only: none in conv1."
# fails = ["architecture"]
# %% mnist_cnn
# - self.conv1 = nn.Conv2d(1, 32, kernel_size=3, padding=1)
self.conv1 = nn.Conv2d(1, 32, kernel_size=3)
# - self.fc1 = nn.Linear(64 * 7 * 7, 256)
self.fc1 = nn.Linear(64 * 6 * 6, 256)
# %% parameter_formulas
# - total_parameters = convolutions + learn_full(64 * 7 * 7, 256) + learn_full(256, 10)
total_parameters = convolutions + learn_full(64 * 6 * 6, 256) + learn_full(256, 10)

# %% mutant:
# about = "Padding in some convolutions only: none in conv4."
# fails = ["architecture"]
# %% mnist_cnn
# - self.conv4 = nn.Conv2d(64, 64, kernel_size=3, padding=1)
self.conv4 = nn.Conv2d(64, 64, kernel_size=3)
# - self.fc1 = nn.Linear(64 * 7 * 7, 256)
self.fc1 = nn.Linear(64 * 6 * 6, 256)
# %% parameter_formulas
# - total_parameters = convolutions + learn_full(64 * 7 * 7, 256) + learn_full(256, 10)
total_parameters = convolutions + learn_full(64 * 6 * 6, 256) + learn_full(256, 10)

# %% mutant:
# about = "Padding in some convolutions only: none in conv1, conv2."
# fails = ["architecture"]
# %% mnist_cnn
# - self.conv1 = nn.Conv2d(1, 32, kernel_size=3, padding=1)
# - self.conv2 = nn.Conv2d(32, 32, kernel_size=3, padding=1)
self.conv1 = nn.Conv2d(1, 32, kernel_size=3)
self.conv2 = nn.Conv2d(32, 32, kernel_size=3)
# - self.fc1 = nn.Linear(64 * 7 * 7, 256)
self.fc1 = nn.Linear(64 * 6 * 6, 256)
# %% parameter_formulas
# - total_parameters = convolutions + learn_full(64 * 7 * 7, 256) + learn_full(256, 10)
total_parameters = convolutions + learn_full(64 * 6 * 6, 256) + learn_full(256, 10)

# %% mutant:
# about = "Padding in some convolutions only: none in conv3, conv4."
# fails = ["architecture"]
# %% mnist_cnn
# - self.conv3 = nn.Conv2d(32, 64, kernel_size=3, padding=1)
# - self.conv4 = nn.Conv2d(64, 64, kernel_size=3, padding=1)
self.conv3 = nn.Conv2d(32, 64, kernel_size=3)
self.conv4 = nn.Conv2d(64, 64, kernel_size=3)
# - self.fc1 = nn.Linear(64 * 7 * 7, 256)
self.fc1 = nn.Linear(64 * 5 * 5, 256)
# %% parameter_formulas
# - total_parameters = convolutions + learn_full(64 * 7 * 7, 256) + learn_full(256, 10)
total_parameters = convolutions + learn_full(64 * 5 * 5, 256) + learn_full(256, 10)

# %% mutant:
# about = "Padding in some convolutions only: none in conv2, conv3, conv4."
# fails = ["architecture"]
# %% mnist_cnn
# - self.conv2 = nn.Conv2d(32, 32, kernel_size=3, padding=1)
self.conv2 = nn.Conv2d(32, 32, kernel_size=3)
# - self.conv3 = nn.Conv2d(32, 64, kernel_size=3, padding=1)
# - self.conv4 = nn.Conv2d(64, 64, kernel_size=3, padding=1)
self.conv3 = nn.Conv2d(32, 64, kernel_size=3)
self.conv4 = nn.Conv2d(64, 64, kernel_size=3)
# - self.fc1 = nn.Linear(64 * 7 * 7, 256)
self.fc1 = nn.Linear(64 * 4 * 4, 256)
# %% parameter_formulas
# - total_parameters = convolutions + learn_full(64 * 7 * 7, 256) + learn_full(256, 10)
total_parameters = convolutions + learn_full(64 * 4 * 4, 256) + learn_full(256, 10)

# %% mutant: mnist_cnn_no_padding_size_of_padding
# about = "No padding anywhere, and fc1 as with padding."
# fails = ["architecture"]
# %% mnist_cnn
# - self.conv1 = nn.Conv2d(1, 32, kernel_size=3, padding=1)
# - self.conv2 = nn.Conv2d(32, 32, kernel_size=3, padding=1)
self.conv1 = nn.Conv2d(1, 32, kernel_size=3)
self.conv2 = nn.Conv2d(32, 32, kernel_size=3)
# - self.conv3 = nn.Conv2d(32, 64, kernel_size=3, padding=1)
# - self.conv4 = nn.Conv2d(64, 64, kernel_size=3, padding=1)
self.conv3 = nn.Conv2d(32, 64, kernel_size=3)
self.conv4 = nn.Conv2d(64, 64, kernel_size=3)

# %% mutants:
# fails = ["forward"]
# %% mnist_cnn
x = F.relu(self.conv1(x))

# %% mutants:
# fails = ["forward"]
# only = ["without_relu", "without_conv2", "sigmoid"]
# %% mnist_cnn
x = F.relu(self.conv2(x))

# %% mutants:
# fails = ["forward"]
# only = ["without_relu", "not_kept", "tanh"]
# %% mnist_cnn
x = F.relu(self.conv3(x))

# %% mutants:
# fails = ["forward"]
# only = ["without_relu", "leaky_relu", "order_conv4_relu"]
# %% mnist_cnn
x = F.relu(self.conv4(x))

# %% mutants:
# fails = ["forward"]
# %% mnist_cnn
x = self.pool1(x)
# %% mnist_cnn
x = self.pool2(x)
# %% mnist_cnn
x = torch.flatten(x, start_dim=1)
# %% mnist_cnn
x = F.relu(self.fc1(x))
# %% mnist_cnn
x = self.fc2(x)

# %% mutant:
# about = "Log-softmax at the end."
# fails = ["forward"]
# %% mnist_cnn
# - x = self.fc2(x)
x = F.log_softmax(self.fc2(x), dim=1)

# %% mutant:
# about = "ReLU at the end."
# fails = ["forward"]
# %% mnist_cnn
# - x = self.fc2(x)
x = F.relu(self.fc2(x))

# %% mutant:
# about = "Sigmoid at the end."
# fails = ["forward"]
# %% mnist_cnn
# - x = self.fc2(x)
x = torch.sigmoid(self.fc2(x))

# %% mutant:
# about = "Classes in place of logits."
# fails = ["forward"]
# %% mnist_cnn
# - return x
return x.argmax(dim=1)

# %% mutant:
# about = "Nothing is returned."
# fails = ["forward"]
# %% mnist_cnn
# - return x
pass

# %% mutant:
# about = "A batch size written into the code."
# fails = ["forward"]
# %% mnist_cnn
# - x = torch.flatten(x, start_dim=1)
x = x.view(100, -1)

# %% mutant:
# about = "A batch size that fits this run."
# fails = ["forward"]
# %% mnist_cnn
# - x = torch.flatten(x, start_dim=1)
x = x.view(8, -1)

# %% mutant:
# about = "A sum around the second convolution."
# fails = ["forward"]
# %% mnist_cnn
# - x = F.relu(self.conv1(x))
# - x = F.relu(self.conv2(x))
h = F.relu(self.conv1(x))
x = h + F.relu(self.conv2(h))

# %% mutant:
# about = "A factor before the last layer."
# fails = ["forward"]
# %% mnist_cnn
# - x = self.fc2(x)
x = self.fc2(2 * x)

# %% mutant:
# about = "Values reversed before the fully connected layers."
# fails = ["forward"]
# %% mnist_cnn
# - x = torch.flatten(x, start_dim=1)
x = x.permute(0, 2, 3, 1).flatten(1).reshape(-1, 3136).flip(1)

# %% mutant:
# about = "Zeros for a single image."
# fails = ["forward"]
# %% mnist_cnn
# - return x
return x if len(x) > 1 else torch.zeros(1, 10)
