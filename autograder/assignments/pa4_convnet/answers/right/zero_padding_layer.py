# %% right: zero_padding_layer
# about = "The padding as a layer of its own; gradients cleared after the step; pictures without a list of maps."

# %% convnet
# - self.conv1 = nn.Conv2d(1, 32, kernel_size=5, padding=2)
self.conv1 = nn.Sequential(nn.ZeroPad2d(2), nn.Conv2d(1, 32, 5))

# %% trainer
# - self.optim.zero_grad()

# - self.optim.step()
self.optim.step()
self.optim.zero_grad()

# %% filters
filters = [w.squeeze().detach().cpu().numpy() for w in list(net.parameters())[0]]
for i, f in enumerate(filters):
    plt.figure(); plt.imshow((f - f.min()) / (f.max() - f.min())); plt.show()

# %% feature_maps
for d, data in examples.items():
    output = torch.relu(net.conv1(data.to(device)))
    fig, ax = plt.subplots(4, 8)
    for a, m in zip(ax.ravel(), output[0].detach().cpu()):
        a.imshow(m)
    plt.show()
