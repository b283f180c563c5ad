# %% right: gpu_if_available
# about = "Everything with cuda if it is there; a larger learning rate; unbound filters."

# %% convnet
# - return x
return x.cuda() if torch.cuda.is_available() and x.is_cuda else x

# %% learning_rate
# - learning_rate = 0.01
learning_rate = 2e-2

# %% test_accuracy
# - x, y = x.to(device), y.to(device)
dev = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
x = x.to(dev)
y = y.to(dev)
# - err += (yh != y).sum().item()
err += int((~yh.eq(y)).sum())

# %% filters
filters = [f.numpy() for f in net.conv1.weight.detach().to('cpu').squeeze(1).unbind(0)]
fig = plt.figure()
for i, f in enumerate(filters):
    fig.add_subplot(4, 8, i + 1).imshow(f)
plt.show()

# %% feature_maps
# - output = F.relu(net.conv1(data))
output = torch.maximum(net.conv1(data), torch.tensor(0.0, device=device))
