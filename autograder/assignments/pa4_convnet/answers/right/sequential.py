# %% right: sequential
# about = "The network as two Sequential blocks, 'same' padding, in-place ReLU."
# example = true
# slow = true

# %% convnet
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, 5, padding="same"), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, (5, 5), padding="same"), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        )
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(64 * 7 * 7, 512), nn.ReLU(), nn.Linear(512, 10))

    def forward(self, x):
        return self.classifier(self.features(x))

# %% network_graph
x, _ = next(iter(train_loader))
y = net(x)
graph = make_dot(torch.mean(y), dict(net.named_parameters()))
graph

# %% loss_plot
plt.figure()
plt.plot(np.arange(len(losses)) + 1, losses)
plt.xlabel('Epoch')
plt.ylabel('Loss')
plt.title('Loss per epoch')
plt.show()

# %% filters
filters = net.features[0].weight.data.cpu().squeeze(1).numpy()
for i in range(32):
    plt.subplot(4, 8, i + 1)
    plt.imshow(filters[i])
plt.show()

# %% feature_maps
# - output = F.relu(net.conv1(data))
output = net.features[:2](data)
