# %% right: module_list
# about = "Layers in a ModuleList, functional pooling; filters as one array; a graph of random images."

# %% convnet
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([nn.Conv2d(1, 32, 5, 1, 2), nn.Conv2d(32, 64, 5, 1, 2)])
        self.fc = nn.ModuleList([nn.Linear(3136, 512), nn.Linear(512, 10)])

    def forward(self, x):
        for conv in self.blocks:
            x = F.max_pool2d(F.relu(conv(x)), 2, 2)
        x = x.flatten(1)
        return self.fc[1](F.relu(self.fc[0](x)))

# %% network_graph
x = torch.randn(2, 1, 28, 28)
graph = make_dot(torch.mean(net(x)), params=dict(net.named_parameters()))

# %% loss_plot
plt.plot(range(1, num_epochs + 1), losses, 'o-'); plt.xlabel('epoch'); plt.ylabel('loss'); plt.title('t')
plt.show()

# %% test_accuracy
err = 0
tot = 0
net.eval()
for data, target in test_loader:
    if torch.cuda.is_available():
        data, target = data.cuda(), target.cuda()
    data = data.to(device); target = target.to(device)
    with torch.no_grad():
        pred = net(data).max(1)[1]
    err += (pred != target).sum()
    tot += target.size(0)
accuracy = 1 - err / tot
print(accuracy)

# %% filters
filters = net.blocks[0].weight.data.cpu().numpy()
for i in range(32):
    plt.subplot(6, 6, i+1); plt.imshow(filters[i, 0], cmap='gray'); plt.axis('off')
plt.show()

# %% feature_maps
# - output = F.relu(net.conv1(data))
output = net.blocks[0](data).detach().clamp(min=0)
