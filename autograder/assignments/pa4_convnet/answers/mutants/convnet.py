# %% mutants:
# fails = ["act01"]
# skip = ["without_conv2d"]
# %% convnet
self.conv1 = nn.Conv2d(1, 32, kernel_size=5, padding=2)

# %% mutants:
# fails = ["act03"]
# skip = ["without_conv2d"]
# %% convnet
self.conv2 = nn.Conv2d(32, 64, kernel_size=5, padding=2)

# %% mutants:
# fails = ["act02"]
# %% convnet
self.pool1 = nn.MaxPool2d(kernel_size=2, stride=2)

# %% mutants:
# fails = ["act04"]
# %% convnet
self.pool2 = nn.MaxPool2d(kernel_size=2, stride=2)

# %% mutants:
# fails = ["act05"]
# skip = ["sign", "sign_2"]
# %% convnet
self.size_linear = 64 * 7 * 7

# %% mutants:
# fails = ["act06"]
# %% convnet
self.fc2 = nn.Linear(512, 10)

# %% mutant:
# about = "size_linear as a float, which stops __init__."
# fails = ["act05"]
# %% convnet
# - self.size_linear = 64 * 7 * 7
self.size_linear = 64 * (28 / 4) ** 2

# %% mutant: convnet_conv1_padding_made_to_fit
# about = "conv1 without padding, and fc1 made to fit."
# fails = ["act01"]
# %% convnet
# - self.conv1 = nn.Conv2d(1, 32, kernel_size=5, padding=2)
self.conv1 = nn.Conv2d(1, 32, kernel_size=5)
# - self.size_linear = 64 * 7 * 7
self.size_linear = 64 * 6 * 6

# %% mutant: convnet_conv2_channels_made_to_fit
# about = "conv2 with 128 channels, and fc1 made to fit."
# fails = ["act03"]
# %% convnet
# - self.conv2 = nn.Conv2d(32, 64, kernel_size=5, padding=2)
self.conv2 = nn.Conv2d(32, 128, kernel_size=5, padding=2)
# - self.size_linear = 64 * 7 * 7
self.size_linear = 128 * 7 * 7

# %% mutant: convnet_conv2_stride_made_to_fit
# about = "conv2 with stride 2, and fc1 made to fit."
# fails = ["act03"]
# %% convnet
# - self.conv2 = nn.Conv2d(32, 64, kernel_size=5, padding=2)
self.conv2 = nn.Conv2d(32, 64, kernel_size=5, padding=2, stride=2)
# - self.size_linear = 64 * 7 * 7
self.size_linear = 64 * 3 * 3

# %% mutant: convnet_pool2_stride_made_to_fit
# about = "pool2 with stride 1, and fc1 made to fit."
# fails = ["act04"]
# %% convnet
# - self.pool2 = nn.MaxPool2d(kernel_size=2, stride=2)
self.pool2 = nn.MaxPool2d(2, stride=1)
# - self.size_linear = 64 * 7 * 7
self.size_linear = 64 * 13 * 13

# %% mutant: convnet_conv1_channels_made_to_fit
# about = "conv1 with 16 channels, and conv2 made to fit."
# fails = ["act01", "act03"]
# %% convnet
# - self.conv1 = nn.Conv2d(1, 32, kernel_size=5, padding=2)
self.conv1 = nn.Conv2d(1, 16, kernel_size=5, padding=2)
# - self.conv2 = nn.Conv2d(32, 64, kernel_size=5, padding=2)
self.conv2 = nn.Conv2d(16, 64, kernel_size=5, padding=2)

# %% mutants:
# fails = ["act07"]
# equivalent.order_relu_pool2 = "the largest of ReLUs is the ReLU of the largest"
# %% convnet
x = self.pool2(F.relu(self.conv2(x)))

# %% mutants:
# fails = ["act08"]
# %% convnet
x = F.relu(self.fc1(x))

# %% mutants:
# fails = ["act09"]
# %% convnet
x = self.fc2(x)

# %% mutant: convnet_without_pool2_made_to_fit
# about = "No second pooling, and fc1 made to fit."
# fails = ["act07"]
# %% convnet
# - self.size_linear = 64 * 7 * 7
self.size_linear = 64 * 14 * 14
# - x = self.pool2(F.relu(self.conv2(x)))
x = F.relu(self.conv2(x))

# %% mutant:
# about = "The second block's result is scaled."
# fails = ["act07"]
# %% convnet
# - x = self.pool2(F.relu(self.conv2(x)))
x = self.pool2(F.relu(self.conv2(x))) * 1.01

# %% mutant:
# about = "A sum around the ReLU."
# fails = ["act07"]
# %% convnet
# - x = self.pool2(F.relu(self.conv2(x)))
h = self.conv2(x); x = self.pool2(F.relu(h) + h)

# %% mutant:
# about = "Dropout after fc1."
# fails = ["act08"]
# %% convnet
# - x = F.relu(self.fc1(x))
x = F.dropout(F.relu(self.fc1(x)), 0.5, self.training)

# %% mutant:
# about = "Softmax at the end."
# fails = ["act09"]
# %% convnet
# - x = self.fc2(x)
x = F.softmax(self.fc2(x), dim=1)

# %% mutant:
# about = "Log-softmax at the end."
# fails = ["act09"]
# %% convnet
# - x = self.fc2(x)
x = F.log_softmax(self.fc2(x), dim=1)

# %% mutant:
# about = "Classes in place of logits."
# fails = ["act09"]
# %% convnet
# - return x
return x.argmax(dim=1)

# %% mutant:
# about = "Nothing is returned."
# fails = ["act09"]
# %% convnet
# - return x
pass

# %% mutant:
# about = "The given ReLU is gone."
# fails = ["act09"]
# %% convnet
# - x = self.pool1(F.relu(self.conv1(x)))  # N x 1 x 28 x 28 -> N x 32 x 14 x 14
x = self.pool1(self.conv1(x))  # N x 1 x 28 x 28 -> N x 32 x 14 x 14

# %% mutant:
# about = "Gradients end in forward."
# fails = ["act09"]
# %% convnet
# - x = F.relu(self.fc1(x))
x = F.relu(self.fc1(x)).detach()

# %% mutant:
# about = "Returns the features besides."
# fails = ["act09"]
# %% convnet
# - return x
return x, x

# %% mutant:
# about = "Zeros for a single image."
# fails = ["act09"]
# %% convnet
# - return x
return x if len(x) > 1 else torch.zeros(1, 10)

# %% mutant:
# about = "Mixes the images of a batch."
# fails = ["act09"]
# %% convnet
# - return x
return x + 0.1 * x.mean(0)
