# %% right: reference
# about = "The reference solution."
# example = true

# %% right: with_warnings
# about = "Right, but noisy: warnings and text on stderr, extra cells."
# example = true
# slow = true
# %% below imports
import warnings
warnings.warn('this library is old')
print('note to self', file=sys.stderr)
# %% below act16
print('losses again:', losses)
losses
# %% test_accuracy
# - net.eval()
net.eval()
warnings.warn('testing now')

# %% right: scripted
# about = "A trainer that compiles the network by TorchScript, and trains in mixed precision."
# %% trainer
# - losses = []
losses = []
self.net = torch.jit.script(self.net)
# - output = self.net(images)
with torch.amp.autocast(device.type):
    output = self.net(images)

# %% right: mask_and_einsum
# about = "ReLU as a product with a mask, the last layer as an einsum, an identity after it."

# %% convnet
# - x = F.relu(self.fc1(x))
h = self.fc1(x); x = h * (h > 0)
# - x = self.fc2(x)
x = nn.Identity()(torch.einsum('nk,ok->no', x, self.fc2.weight) + self.fc2.bias)

# %% network_graph
# - images, labels = next(iter(train_loader))
# - graph = make_dot(net(images).mean(), params=dict(net.named_parameters()))
images, labels = next(iter(test_loader))
graph = make_dot(net(images).mean(), {**dict(net.named_parameters())}, show_attrs=True)

# %% right: own_cells
# about = "Functions and constants in cells of its own, trials left between the tasks, answers that use them."

# %% below check_tools
KERNEL = 5


def conv(n_in, n_out):
    return nn.Conv2d(n_in, n_out, KERNEL, padding=KERNEL // 2)


def block(layer, x):
    return F.max_pool2d(layer(x), kernel_size=2).relu()

# %% convnet
# - self.conv1 = nn.Conv2d(1, 32, kernel_size=5, padding=2)
self.conv1 = conv(1, 32)
# - self.conv2 = nn.Conv2d(32, 64, kernel_size=5, padding=2)
self.conv2 = conv(32, 64)
# - x = self.pool2(F.relu(self.conv2(x)))
x = block(self.conv2, x)

# %% below convnet
ConvNet()(torch.zeros(3, 1, 28, 28)).shape

# %% below trainer
%time sum(range(1000))
# t = Trainer(...)

# %% below learning_rate
losses_of_first_try = list(losses)
for n in net.named_children(): print(n)

# %% below test_accuracy
err / tot

# %% right: looks_without_gradients
# about = "A trainer that also counts how many images the network now gets right."
# %% trainer
# - self.optim.step()
self.optim.step()
with torch.no_grad():
    hits = (self.net(images).argmax(dim=1) == labels).sum().item()

# %% right: prints_layers_and_gradients
# about = "Prints the norm of a layer's gradient while it trains, a layer while it tests."
# %% trainer
# - loss.backward()
loss.backward()
if seen == 0:
    print('gradient of conv1', self.net.conv1.weight.grad.norm().item())
# %% test_accuracy
# - net.eval()
net.eval()
print(net.conv1, net.fc2.weight.grad.norm())

# %% right: clips_in_double_precision
# about = "Trains in double precision and clips the gradients."

# %% trainer
# - self.net.train()
self.net.train().double()
# - output = self.net(images)
output = self.net(images.double())
# - ### ACT15: update of the parameters
### ACT15: update of the parameters
nn.utils.clip_grad_norm_(self.net.parameters(), 20.0)

# %% learning_rate
# - losses = trainer.train(num_epochs)
losses = trainer.train(num_epochs)
net.float()

# %% right: moved_in_the_call
# about = "Moves in the calls themselves, with keywords; no error counted by a comparison of two tensors."

# %% test_accuracy
# - x, y = x.to(device), y.to(device)
# - yh = net(x).argmax(dim=1)
y = y.to(device=device, non_blocking=True)
yh = net(x.to(device, torch.float32).reshape(-1, 1, 28, 28)).argmax(dim=1)
# - err += (yh != y).sum().item()
err += sum(a != b for a, b in zip(yh.tolist(), y.cpu().tolist()))

# %% right: errors_below
# about = "Lines below right answers that stop with an error: what was done by then counts."

# %% loss_plot
# - ax.set_title("ConvNet on MNIST")
ax.set_title("ConvNet on MNIST")
ax.set_grid()

# %% test_accuracy
# - accuracy = 1 - err / tot
accuracy = 1 - err / tot
print(err.item())

# %% filters
# - for panel, picture in zip(panels.flat, filters):
# -     panel.imshow(picture, cmap="gray")
# -     panel.axis("off")
for panel, picture in zip(panels.flat, filters):
    panel.imshow(picture, cmap="gray")
    panel.axis("off")
filters.shape

# %% feature_maps
# - for digit, data in examples.items():
# -     data, output = data.to(device), None
# -     ### ACT23: output, the first convolution of data followed by its ReLU
# -     output = F.relu(net.conv1(data))
# -     if output is not None:
# -         feature_maps[digit] = output.detach().cpu()
for digit, data in examples.items():
    data, output = data.to(device), None
    ### ACT23: output, the first convolution of data followed by its ReLU
    output = F.relu(net.conv1(data))
    if output is not None:
        feature_maps[digit] = output.detach().cpu()
feature_maps.shape

# %% right: moved_by_functions
# about = "Moves by torch.as_tensor; shows filters as colour meshes."
# %% test_accuracy
# - x, y = x.to(device), y.to(device)
x, y = (torch.as_tensor(part, device=device) for part in (x, y))
# %% filters
# - panel.imshow(picture, cmap="gray")
panel.pcolormesh(picture, cmap="gray")

# %% right: batch_moved_as_a_list
# about = "Moves the batch as a list, and counts on the processor."

# %% test_accuracy
# - for x, y in test_loader:
for batch in test_loader:
# - x, y = x.to(device), y.to(device)
# - yh = net(x).argmax(dim=1)
batch = [part.to(device) for part in batch]
yh = net(batch[0]).argmax(dim=1).cpu()
# - err += (yh != y).sum().item()
# - tot += len(y)
err += (yh != batch[1].cpu()).sum().item()
tot += len(batch[1])

# %% right: trial_before_the_training
# about = "Tries two rates on networks of their own, then trains with keywords and an optimizer made in the call."

# %% learning_rate
# - set_seeds(seed)
set_seeds(seed)
for rate in (0.1, 0.001):
    trial = ConvNet().to(device)
    adam = torch.optim.Adam(trial.parameters(), lr=rate)
    Trainer(trial, adam, loss_function, test_loader).train(1)
set_seeds(seed)
# - optim = torch.optim.SGD(net.parameters(), lr=learning_rate, momentum=0.9)
# - trainer = Trainer(net, optim, loss_function, train_loader)
# - losses = trainer.train(num_epochs)
trainer = Trainer(train_loader=train_loader, loss_function=loss_function, net=net,
    optim=torch.optim.SGD(params=net.parameters(), lr=learning_rate, momentum=0.9))
losses = trainer.train(epochs=num_epochs)

# %% right: subclass_of_trainer
# about = "Trains in two halves with a subclass of Trainer that says how long it takes."

# %% learning_rate
# - learning_rate, losses = None, []
# - ### ACT16: learning_rate
# - learning_rate = 0.01
learning_rate, losses = None, []


class Timed(Trainer):
    def __init__(self, *parts):
        super().__init__(*parts)
        self.seconds = 0.0

    def train(self, epochs):
        started = time.time()
        found = super().train(epochs)
        self.seconds += time.time() - started
        return found


### ACT16: learning_rate
learning_rate = 0.01
import time
# - trainer = Trainer(net, optim, loss_function, train_loader)
# - losses = trainer.train(num_epochs)
trainer = Timed(net, optim, loss_function, train_loader)
losses = trainer.train(num_epochs // 2) + trainer.train(num_epochs - num_epochs // 2)
print(trainer.seconds)

# %% right: gradients_asked_for
# about = "torch.autograd.grad in place of backward; evaluates a copy; epochs as texts, a title on the left."

# %% trainer
# - loss.backward()
for p, g in zip(self.net.parameters(), torch.autograd.grad(loss, list(self.net.parameters()))):
    p.grad = g

# %% loss_plot
# - ax.plot(epochs, losses, marker="o")
# - ax.set_xticks(epochs)
ax.plot([str(e) for e in epochs], losses)
# - ax.set_title("ConvNet on MNIST")
ax.set_title("ConvNet on MNIST", loc="left")

# %% test_accuracy
# - net.eval()
import copy
evaluated = copy.deepcopy(net).eval()
# - yh = net(x).argmax(dim=1)
yh = evaluated(x).argmax(dim=1)

# %% right: asserts_and_one_hot
# about = "Asserts the shape of the logits, takes one-hot labels, and keeps how often the label is among the best five."
# %% trainer
# - loss = self.loss_function(output, labels)
assert output.shape == (len(images), 10)
loss = self.loss_function(output, F.one_hot(labels, 10).float())
best = output.topk(5, dim=1).indices.eq(labels[:, None]).any(1).sum()

# %% right: reached_through_the_trainer
# about = "Uses the network as an attribute of the trainer, in all cells after the training."

# %% test_accuracy
# - net.eval()
trainer.net.eval()
# - yh = net(x).argmax(dim=1)
yh = trainer.net(x).argmax(dim=1)

# %% filters
# - filters = [weight[0].detach().cpu().numpy() for weight in net.conv1.weight]
filters = [weight[0].detach().cpu().numpy() for weight in trainer.net.conv1.weight]

# %% feature_maps
# - output = F.relu(net.conv1(data))
output = F.relu(trainer.net.conv1(data))

# %% right: weights_from_a_file
# about = "Saves the weights after the training, and tests a new network that loads them."

# %% learning_rate
# - losses = trainer.train(num_epochs)
losses = trainer.train(num_epochs)
torch.save(net.state_dict(), 'convnet.pt')

# %% test_accuracy
# - net.eval()
best = ConvNet()
best.load_state_dict(torch.load('convnet.pt'))
best.to(device).eval()
# - yh = net(x).argmax(dim=1)
yh = best(x).argmax(dim=1)

# %% right: names_of_arguments
# about = "Names the arguments of network, loss function and backward pass; looks again at each batch after its step."

# %% trainer
# - output = self.net(images)
output = self.net(x=images)
# - loss = self.loss_function(output, labels)
loss = self.loss_function(input=output, target=labels)
# - loss.backward()
loss.backward(retain_graph=False)
# - self.optim.step()
self.optim.step()
right = (self.net(images).argmax(1) == labels).sum().item()

# %% right: best_weights_restored
# about = "Keeps the weights of the best epoch and restores them in the end; batches are loaded ahead."

# %% trainer
# - losses = []
losses, best = [], None
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
for epoch in range(epochs):
    total_loss, seen = 0.0, 0
    batches = tqdm(list(self.train_loader), f"epoch {epoch + 1}/{epochs}", file=sys.stdout, ncols=90, mininterval=1)
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
    losses.append(total_loss / seen)
    if losses[-1] == min(losses):
        best = {name: value.clone() for name, value in self.net.state_dict().items()}
self.net.load_state_dict(best)

# %% right: libraries_of_colab
# about = "Imports libraries that Colab has and uses one of them for the curve."

# %% trainer
# - class Trainer:
import cv2
import plotly.express as px
import seaborn as sns


class Trainer:

# %% loss_plot
# - ax.plot(epochs, losses, marker="o")
sns.lineplot(x=list(epochs), y=losses, marker="o", ax=ax)

# %% right: class_written_once_more
# about = "A class with a mistake, and below its check the right one, which counts."
# %% convnet
# - self.conv1 = nn.Conv2d(1, 32, kernel_size=5, padding=2)
self.conv1 = nn.Conv2d(1, 32, kernel_size=5)
# %% below convnet
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, kernel_size=5, padding=2)
        self.pool1 = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=5, padding=2)
        self.pool2 = nn.MaxPool2d(2)
        self.size_linear = 64 * 7 * 7
        self.fc1 = nn.Linear(self.size_linear, 512)
        self.fc2 = nn.Linear(512, 10)

    def forward(self, x):
        x = self.pool1(F.relu(self.conv1(x)))
        x = self.pool2(F.relu(self.conv2(x)))
        x = F.relu(self.fc1(torch.flatten(x, start_dim=1)))
        return self.fc2(x)

# %% right: filters_from_0_to_1
# about = "Filters that are brought into the range from 0 to 1 and clipped, for their pictures."
# %% filters
# - panel.imshow(picture, cmap="gray")
scaled = (picture - picture.min()) / (picture.max() - picture.min())
panel.imshow(np.clip(scaled, 0, 1), cmap="gray")

# %% right: keywords_and_a_second_look
# about = "The arguments by torch's own keywords, and a second forward pass for the accuracy in the loop."
# %% trainer
# - loss = self.loss_function(output, labels)
loss = self.loss_function(input=output, target=labels)
hits = (self.net(images).argmax(1) == labels).sum().item()

# %% right: evaluation_mode_at_the_end_of_training
# about = "The mode is set where the training ends, not where the network is tested."
# %% learning_rate
# - losses = trainer.train(num_epochs)
losses = trainer.train(num_epochs)
net.eval()
# %% test_accuracy
# - net.eval()
