# %% mutants:
# fails = ["maxpool_block1"]
# only = ["in_channels", "order_relu_maxpool2d", "kernel", "padding", "bias", "without_relu"]
# equivalent.order_relu_maxpool2d = "the largest of ReLUs is the ReLU of the largest"
# %% conv_maxpool
self.block1 = nn.Sequential(nn.Conv2d(1, 32, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2, stride=2))

# %% mutants:
# fails = ["maxpool_block2"]
# only = [
#     "dilation", "groups", "order_conv2d_relu", "sigmoid", "window", "out_channels", "kernel", "padding", "bias",
#     "without_relu", "stride_2", "avgpool2d", "without_maxpool2d",
# ]
# %% conv_maxpool
self.block2 = nn.Sequential(nn.Conv2d(32, 64, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2, stride=2))

# %% mutants:
# fails = ["maxpool_block3"]
# only = ["leakyrelu", "padding_2", "in_channels", "without_relu", "stride_2", "avgpool2d", "without_maxpool2d"]
# %% conv_maxpool
self.block3 = nn.Sequential(nn.Conv2d(64, 100, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2, stride=2))

# %% mutant:
# about = "Block 3 without pool, made to fit."
# fails = ["maxpool_block3"]
# close = true
# %% conv_maxpool
# - self.block3 = nn.Sequential(nn.Conv2d(64, 100, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2, stride=2))
self.block3 = nn.Sequential(nn.Conv2d(64, 100, 3, padding="same"), nn.ReLU())
# - self.output = nn.Linear(100 * 3 * 3, 10)
self.output = nn.Linear(100 * 7 * 7, 10)

# %% mutant:
# about = "Block 3 pools 7 x 7 to 4 x 4."
# fails = ["maxpool_block3"]
# %% conv_maxpool
# - self.block3 = nn.Sequential(nn.Conv2d(64, 100, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2, stride=2))
self.block3 = nn.Sequential(nn.Conv2d(64, 100, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2, 2, ceil_mode=True))
# - self.output = nn.Linear(100 * 3 * 3, 10)
self.output = nn.Linear(100 * 4 * 4, 10)

# %% mutant:
# about = "Batch norm in the max-pool network."
# fails = ["maxpool_block1"]
# %% conv_maxpool
# - self.block1 = nn.Sequential(nn.Conv2d(1, 32, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2, stride=2))
self.block1 = nn.Sequential(nn.Conv2d(1, 32, 3, padding="same"), nn.ReLU(), nn.BatchNorm2d(32), nn.MaxPool2d(2, stride=2))

# %% mutant:
# about = "Dropout in block 2."
# fails = ["maxpool_block2"]
# %% conv_maxpool
# - self.block2 = nn.Sequential(nn.Conv2d(32, 64, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2, stride=2))
self.block2 = nn.Sequential(nn.Conv2d(32, 64, 3, padding="same"), nn.ReLU(), nn.Dropout(0.2), nn.MaxPool2d(2, stride=2))

# %% mutants:
# fails = ["maxpool_output"]
# %% conv_maxpool
self.output = nn.Linear(100 * 3 * 3, 10)

# %% mutants:
# fails = ["maxpool_forward"]
# %% conv_maxpool
x = self.block2(x)
# %% conv_maxpool
x = torch.flatten(x, start_dim=1)
# %% conv_maxpool
x = self.output(x)

# %% mutant: conv_maxpool_block2_and_block3_swapped
# about = "`x = self.block2(x)` and `x = self.block3(x)` are exchanged."
# fails = ["maxpool_forward"]
# %% conv_maxpool
# - x = self.block2(x)  # -> N x 64 x 7 x 7
# - x = self.block3(x)  # -> N x 100 x 3 x 3
x = self.block3(x)  # -> N x 64 x 7 x 7
x = self.block2(x)  # -> N x 100 x 3 x 3

# %% mutant:
# about = "ReLU after the output layer."
# fails = ["maxpool_forward"]
# %% conv_maxpool
# - x = self.output(x)  # -> N x 10
x = F.relu(self.output(x))  # -> N x 10

# %% mutant:
# about = "Softmax at the end, which the loss applies again."
# fails = ["maxpool_forward"]
# %% conv_maxpool
# - x = self.output(x)  # -> N x 10
x = F.softmax(self.output(x), dim=1)  # -> N x 10

# %% mutant:
# about = "Returns a layer."
# fails = ["maxpool_forward"]
# %% conv_maxpool
# - return x
return self.output

# %% mutant:
# about = "Flattens the batch too."
# fails = ["maxpool_forward"]
# %% conv_maxpool
# - x = torch.flatten(x, start_dim=1)  # -> N x 900
x = torch.flatten(x)  # -> N x 900

# %% mutant:
# about = "A hidden layer before the output layer."
# fails = ["maxpool_output"]
# %% conv_maxpool
# - self.output = nn.Linear(100 * 3 * 3, 10)
self.output = nn.Sequential(nn.Linear(900, 128), nn.ReLU(), nn.Linear(128, 10))

# %% mutant:
# about = "Flattens rows and columns exchanged."
# fails = ["maxpool_forward"]
# %% conv_maxpool
# - x = torch.flatten(x, start_dim=1)  # -> N x 900
x = x.transpose(2, 3).flatten(1)  # -> N x 900

# %% mutant:
# about = "Gradients end before the output layer."
# fails = ["maxpool_forward"]
# %% conv_maxpool
# - x = torch.flatten(x, start_dim=1)  # -> N x 900
x = torch.flatten(x, start_dim=1).detach()
