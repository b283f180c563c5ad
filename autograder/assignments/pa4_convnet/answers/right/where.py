# %% right: where
# about = "ReLU by torch.where; means as numpy numbers; gradients set to zero in place."

# %% convnet
# - self.size_linear = 64 * 7 * 7
self.size_linear = np.int64(64 * 7 * 7)
# - x = F.relu(self.fc1(x))
h = self.fc1(x); x = torch.where(h > 0, h, torch.zeros_like(h))

# %% trainer
# - for epoch in range(epochs):
# -     total_loss, seen = 0.0, 0
# -     batches = tqdm(self.train_loader, f"epoch {epoch + 1}/{epochs}", file=sys.stdout, ncols=90, mininterval=1)
# -     for images, labels in batches:
# -         images, labels = images.to(device), labels.to(device)
# -         ### ACT11: set the gradients to zero
# -         self.optim.zero_grad()
# -         ### ACT12: output, the forward pass
# -         output = self.net(images)
# -         ### ACT13: loss
# -         loss = self.loss_function(output, labels)
# -         ### ACT14: backward pass
# -         loss.backward()
# -         ### ACT15: update of the parameters
# -         self.optim.step()
# -         total_loss, seen = total_loss + loss.item() * len(labels), seen + len(labels)
# -         batches.set_postfix(loss=f"{total_loss / seen:.4f}", refresh=False)
# -     losses.append(total_loss / seen)
# - return losses
for epoch in range(epochs):
    total_loss, seen = 0.0, 0
    batches = tqdm(self.train_loader, f"epoch {epoch + 1}/{epochs}", file=sys.stdout, ncols=90, mininterval=1)
    for images, labels in batches:
        images, labels = images.to(device), labels.to(device)
        ### ACT11: set the gradients to zero
        for p in self.net.parameters():
            if p.grad is not None: p.grad.zero_()
        ### ACT12: output, the forward pass
        output = self.net(images)
        ### ACT13: loss
        loss = self.loss_function(output, labels)
        ### ACT14: backward pass
        loss.backward()
        ### ACT15: update of the parameters
        self.optim.step()
        total_loss, seen = total_loss + loss.item() * len(labels), seen + len(labels)
        batches.set_postfix(loss=f"{total_loss / seen:.4f}", refresh=False)
    losses.append(np.float64(total_loss / seen))
return np.array(losses)

# %% loss_plot
plt.plot(torch.arange(1, len(losses)+1), torch.tensor(losses)); plt.xlabel('epoch'); plt.ylabel('loss'); plt.suptitle('t'); plt.grid(True); plt.show()
