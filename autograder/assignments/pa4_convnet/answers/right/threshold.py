# %% right: threshold
# about = "ReLU as a threshold; the mean over the dataset's length; a scatter plot; numpy for the errors."

# %% convnet
# - x = F.relu(self.fc1(x))
x = F.threshold(self.fc1(x), 0, 0)

# %% trainer
# - losses.append(total_loss / seen)
losses.append(total_loss / len(self.train_loader.dataset))

# %% loss_plot
fig, ax = plt.subplots(1, 2)
ax[0].scatter(range(1, 1 + len(losses)), losses); ax[0].set_xlabel('e'); ax[0].set_ylabel('l'); ax[0].set_title('t')
plt.show()

# %% test_accuracy
net.eval()
true, pred = [], []
with torch.no_grad():
    for x, y in test_loader:
        x = x.to(device); y = y.to(device)
        pred.append(net(x).argmax(1).cpu().numpy()); true.append(y.cpu().numpy())
true, pred = np.concatenate(true), np.concatenate(pred)
err = np.sum(true != pred); tot = true.size; accuracy = (true == pred).mean()
