# %% mutants:
# fails = ["act12"]
# %% trainer
for epoch in range(epochs):

# %% mutant: trainer_backward_dropped
# about = "`loss.backward()` is left out."
# fails = ["act14"]
# %% trainer
# - loss.backward()
pass

# %% mutant: trainer_step_dropped
# about = "`self.optim.step()` is left out."
# fails = ["act15"]
# %% trainer
# - self.optim.step()
pass

# %% mutants:
# fails = ["act12"]
# %% trainer
output = self.net(images)

# %% mutant:
# about = "The notebook's network is called."
# fails = ["act12"]
# %% trainer
# - output = self.net(images)
output = net(images)

# %% mutant:
# about = "The forward pass without gradients."
# fails = ["act12"]
# %% trainer
# - output = self.net(images)
with torch.no_grad():
    output = self.net(images)

# %% mutant:
# about = "Outputs and labels in the wrong order."
# fails = ["act13"]
# %% trainer
# - loss = self.loss_function(output, labels)
loss = self.loss_function(labels, output)

# %% mutant:
# about = "A loss function of its own."
# fails = ["act13"]
# %% trainer
# - loss = self.loss_function(output, labels)
loss = nn.CrossEntropyLoss()(output, labels)

# %% mutant:
# about = "The outputs are cut off from the network."
# fails = ["act14"]
# %% trainer
# - loss = self.loss_function(output, labels)
loss = self.loss_function(output.detach().requires_grad_(), labels)

# %% mutant:
# about = "The gradients are cleared once an epoch."
# fails = ["act11"]
# %% trainer
# - total_loss, seen = 0.0, 0
total_loss, seen = 0.0, 0
self.optim.zero_grad()
# - self.optim.zero_grad()
# - ### ACT12: output, the forward pass
### ACT12: output, the forward pass

# %% mutant:
# about = "The gradients are cleared before the step."
# fails = ["act11"]
# %% trainer
# - ### ACT15: update of the parameters
### ACT15: update of the parameters
self.optim.zero_grad()

# %% mutant:
# about = "One step an epoch."
# fails = ["act15"]
# %% trainer
# - for images, labels in batches:
# -     images, labels = images.to(device), labels.to(device)
# -     ### ACT11: set the gradients to zero
# -     self.optim.zero_grad()
# -     ### ACT12: output, the forward pass
# -     output = self.net(images)
# -     ### ACT13: loss
# -     loss = self.loss_function(output, labels)
# -     ### ACT14: backward pass
# -     loss.backward()
# -     ### ACT15: update of the parameters
# -     self.optim.step()
# -     total_loss, seen = total_loss + loss.item() * len(labels), seen + len(labels)
# -     batches.set_postfix(loss=f"{total_loss / seen:.4f}", refresh=False)
for images, labels in batches:
    images, labels = images.to(device), labels.to(device)
    ### ACT11: set the gradients to zero
    self.optim.zero_grad()
    ### ACT12: output, the forward pass
    output = self.net(images)
    ### ACT13: loss
    loss = self.loss_function(output, labels)
    ### ACT14: backward pass
    loss.backward()
    ### ACT15: update of the parameters
    total_loss, seen = total_loss + loss.item() * len(labels), seen + len(labels)
    batches.set_postfix(loss=f"{total_loss / seen:.4f}", refresh=False)
self.optim.step()

# %% mutant: trainer_backward_and_step_swapped
# about = "`loss.backward()` and `self.optim.step()` are exchanged."
# fails = ["act15"]
# %% trainer
# - loss.backward()
# - ### ACT15: update of the parameters
# - self.optim.step()
self.optim.step()
### ACT15: update of the parameters
loss.backward()

# %% mutant:
# about = "Two steps a batch."
# fails = ["act15"]
# %% trainer
# - loss.backward()
loss.backward()
self.optim.step()

# %% mutant:
# about = "A step in place of the backward pass."
# fails = ["act14"]
# %% trainer
# - loss.backward()
self.optim.step()

# %% mutant:
# about = "A break after some batches, left from a trial."
# fails = ["act15"]
# %% trainer
# - self.optim.step()
self.optim.step()
if seen >= 40:
    break

# %% mutant:
# about = "After some batches a step for large losses only."
# fails = ["act15"]
# %% trainer
# - self.optim.step()
if seen < 40 or loss.item() > 1.5:
    self.optim.step()

# %% mutant:
# about = "A softmax before the loss."
# fails = ["act13"]
# %% trainer
# - loss = self.loss_function(output, labels)
loss = self.loss_function(F.softmax(output, dim=1), labels)

# %% mutant:
# about = "Squares of the parameters in the loss."
# fails = ["act13"]
# %% trainer
# - loss = self.loss_function(output, labels)
loss = self.loss_function(output, labels) + 0.01 * sum((p ** 2).sum() for p in self.net.parameters())

# %% mutant:
# about = "A softmax before the loss, from the second epoch on."
# fails = ["act13"]
# %% trainer
# - loss = self.loss_function(output, labels)
loss = self.loss_function(output if epoch == 0 else F.softmax(output, dim=1), labels)

# %% mutant:
# about = "The gradient of the negative loss."
# fails = ["act14"]
# %% trainer
# - loss.backward()
(-loss).backward()

# %% mutant:
# about = "Backward of the outputs, not of the loss."
# fails = ["act14"]
# %% trainer
# - loss.backward()
output.sum().backward()

# %% mutant:
# about = "Backward of another forward pass."
# fails = ["act14"]
# %% trainer
# - loss.backward()
F.cross_entropy(self.net(images.flip(0)), labels).backward()

# %% mutant:
# about = "Backward of another loss than the one computed."
# fails = ["act14"]
# %% trainer
# - loss.backward()
F.nll_loss(output, labels).backward()

# %% mutant:
# about = "A softmax before the loss, and backward of the outputs."
# fails = ["act13"]
# %% trainer
# - loss = self.loss_function(output, labels)
loss = self.loss_function(F.softmax(output, dim=1), labels)
# - loss.backward()
output.mean().backward()

# %% mutant:
# about = "Two backward passes a batch."
# fails = ["act14"]
# %% trainer
# - ### ACT14: backward pass
### ACT14: backward pass
loss.backward(retain_graph=True)

# %% mutant:
# about = "An optimizer of its own."
# fails = ["act15"]
# %% trainer
# - self.net.train()
self.net.train()
optim = torch.optim.Adam(self.net.parameters(), lr=1e-3)
# - self.optim.zero_grad()
optim.zero_grad()
# - self.optim.step()
optim.step()

# %% mutant:
# about = "An update by hand after the step."
# fails = ["act15"]
# %% trainer
# - self.optim.step()
self.optim.step()
with torch.no_grad():
    for p in self.net.parameters():
        p -= 0.01 * p.grad

# %% mutant:
# about = "Weights cut after the step."
# fails = ["act15"]
# %% trainer
# - self.optim.step()
self.optim.step()
for p in self.net.parameters():
    p.data.clamp_(-0.05, 0.05)

# %% mutant:
# about = "The learning rate is lowered after each epoch."
# fails = ["act15"]
# %% trainer
# - for images, labels in batches:
# -     images, labels = images.to(device), labels.to(device)
# -     ### ACT11: set the gradients to zero
# -     self.optim.zero_grad()
# -     ### ACT12: output, the forward pass
# -     output = self.net(images)
# -     ### ACT13: loss
# -     loss = self.loss_function(output, labels)
# -     ### ACT14: backward pass
# -     loss.backward()
# -     ### ACT15: update of the parameters
# -     self.optim.step()
# -     total_loss, seen = total_loss + loss.item() * len(labels), seen + len(labels)
# -     batches.set_postfix(loss=f"{total_loss / seen:.4f}", refresh=False)
for images, labels in batches:
    images, labels = images.to(device), labels.to(device)
    ### ACT11: set the gradients to zero
    self.optim.zero_grad()
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
self.optim.param_groups[0]['lr'] *= 0.9

# %% mutants:
# fails = []
# equivalent.without_train = "no layer of ConvNet acts otherwise in evaluation mode, and the task does not ask for train()"
# equivalent.eval_mode = "no layer of ConvNet acts otherwise in evaluation mode, and the task does not ask for train()"
# %% trainer
self.net.train()

# %% mutants:
# fails = ["act16"]
# %% trainer
losses.append(total_loss / seen)

# %% mutant:
# about = "The last loss of an epoch."
# fails = ["act16"]
# %% trainer
# - losses.append(total_loss / seen)
losses.append(loss.item())

# %% mutant:
# about = "train() returns nothing."
# fails = ["act16"]
# %% trainer
# - return losses
pass

# %% mutant:
# about = "Only the last epoch's loss is returned."
# fails = ["act16"]
# %% trainer
# - return losses
return losses[-1]
