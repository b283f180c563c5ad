# %% mutants:
# fails = ["batchnorm_block1"]
# only = ["kernel_of_same_size", "order_relu_batchnorm2d", "bias", "without_relu", "num_features"]
# %% conv_batchnorm
self.block1 = nn.Sequential(nn.Conv2d(1, 32, 3, stride=2, padding=1), nn.ReLU(), nn.BatchNorm2d(32))

# %% mutants:
# fails = ["batchnorm_block2"]
# only = [
#     "groups", "out_channels", "tanh", "order_conv2d_relu", "kernel", "stride", "padding", "bias", "without_relu",
#     "num_features", "not_affine", "without_batchnorm2d",
# ]
# %% conv_batchnorm
self.block2 = nn.Sequential(nn.Conv2d(32, 64, 3, stride=2, padding=1), nn.ReLU(), nn.BatchNorm2d(64))

# %% mutants:
# fails = ["batchnorm_block3"]
# only = ["leakyrelu", "order_relu_batchnorm2d", "kernel", "stride", "padding", "not_affine", "without_batchnorm2d"]
# %% conv_batchnorm
self.block3 = nn.Sequential(nn.Conv2d(64, 100, 3, stride=2, padding=1), nn.ReLU(), nn.BatchNorm2d(100))

# %% mutant:
# about = "Pooling in place of the stride."
# fails = ["batchnorm_block2"]
# %% conv_batchnorm
# - self.block2 = nn.Sequential(nn.Conv2d(32, 64, 3, stride=2, padding=1), nn.ReLU(), nn.BatchNorm2d(64))
self.block2 = nn.Sequential(nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.BatchNorm2d(64))

# %% mutant:
# about = "Normalises each image by itself."
# fails = ["batchnorm_block3"]
# %% conv_batchnorm
# - self.block3 = nn.Sequential(nn.Conv2d(64, 100, 3, stride=2, padding=1), nn.ReLU(), nn.BatchNorm2d(100))
self.block3 = nn.Sequential(nn.Conv2d(64, 100, 3, stride=2, padding=1), nn.ReLU(), nn.InstanceNorm2d(100))

# %% mutants:
# fails = ["batchnorm_output"]
# %% conv_batchnorm
self.pool = nn.AdaptiveAvgPool2d(1)
# %% conv_batchnorm
self.output = nn.Linear(100, 10)

# %% mutants:
# fails = ["batchnorm_forward"]
# %% conv_batchnorm
x = self.block1(x)
# %% conv_batchnorm
x = self.pool(x)
# %% conv_batchnorm
x = torch.flatten(x, start_dim=1)
# %% conv_batchnorm
x = self.output(x)

# %% mutant: conv_batchnorm_block1_and_block2_swapped
# about = "`x = self.block1(x)` and `x = self.block2(x)` are exchanged."
# fails = ["batchnorm_forward"]
# %% conv_batchnorm
# - x = self.block1(x)  # N x 1 x 28 x 28 -> N x 32 x 14 x 14
# - x = self.block2(x)  # -> N x 64 x 7 x 7
x = self.block2(x)  # N x 1 x 28 x 28 -> N x 32 x 14 x 14
x = self.block1(x)  # -> N x 64 x 7 x 7

# %% mutant:
# about = "Log-softmax at the end."
# fails = ["batchnorm_forward"]
# %% conv_batchnorm
# - x = self.output(x)  # -> N x 10
x = F.log_softmax(self.output(x), dim=1)  # -> N x 10

# %% mutant:
# about = "Dropout before the output layer."
# fails = ["batchnorm_output"]
# %% conv_batchnorm
# - x = torch.flatten(x, start_dim=1)  # -> N x 100
x = F.dropout(torch.flatten(x, 1), 0.5, self.training)  # -> N x 100

# %% mutant:
# about = "Drops the batch where it is one image."
# fails = ["batchnorm_single_image"]
# %% conv_batchnorm
# - x = torch.flatten(x, start_dim=1)  # -> N x 100
x = x.squeeze(0).squeeze(-1).squeeze(-1)  # -> N x 100

# %% mutant:
# about = "Takes a single image out of its batch."
# fails = ["batchnorm_single_image"]
# %% conv_batchnorm
# - return x
return x if len(x) > 1 else x[0]

# %% mutant:
# about = "Zeros for a single image."
# fails = ["batchnorm_single_image"]
# %% conv_batchnorm
# - return x
return x if len(x) > 1 else torch.zeros(1, 10)
