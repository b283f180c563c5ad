# %% right: reference
# about = "The reference solution."
# example = true

# %% right: compiled
# about = "torch.compile, and mixed precision with a gradient scaler."

# %% training_code
# - model = MNIST_CNN().to(device)
model = torch.compile(MNIST_CNN().to(device))
# - model.train()
model.train()
scaler = torch.amp.GradScaler(device.type)
# - logits = model(images)
# - loss = loss_function(logits, labels)
with torch.autocast(device.type):
    logits = model(images)
    loss = loss_function(logits, labels)
# - loss.backward()
# - optimizer.step()
scaler.scale(loss).backward()
scaler.step(optimizer)
scaler.update()

# %% right: float64
# about = "Weights and images as float64."
# %% training_code
# - model = MNIST_CNN().to(device)
model = MNIST_CNN().to(device).double()
# - logits = model(images)
logits = model(images.double())
# %% evaluation
# - predicted = model(images).argmax(dim=1)
predicted = model(images.double()).argmax(dim=1)

# %% right: noisy
# about = "Warnings, text on stderr, magics, extra cells, helper functions in a cell of its own."

# %% below imports
import sys, warnings
!pip install torchsummary
print('note to self', file=sys.stderr)

# %% below output_size
def note(x):
    '''for finding mistakes'''
    return x.shape
w_out(28, 3, 1)

# %% mnist_cnn
# - # TODO forward: block 1, block 2, flatten, classifier
# TODO forward: block 1, block 2, flatten, classifier
note(x)

# %% training_code
# - for epoch in tqdm(range(num_epochs), desc="epochs"):
for epoch in tqdm(range(num_epochs), desc="epochs"):
    warnings.warn('epoch begins')

# %% below training
plt.plot(loss_history)
loss_history[-1]

# %% evaluation
# - model.eval()
model.eval()
%matplotlib inline

# %% below test_accuracy
1 / 0

# %% right: notebook_progress_bars
# about = "Progress bars of tqdm.notebook, and of no library."

# %% below imports
from tqdm.notebook import tqdm as tqdm_notebook

# %% training_code
# - for epoch in tqdm(range(num_epochs), desc="epochs"):
for epoch in tqdm_notebook(range(num_epochs), desc="epochs"):
# - loss_history.append(loss.item())
loss_history.append(loss.item())
print(f'\r{len(loss_history)} batches', end='')

# %% right: counted_by_scikit_learn
# about = "The right images of each batch counted by a library that Colab has."
# %% below imports
from sklearn.metrics import accuracy_score
# %% evaluation
# - correct += (predicted == labels).sum().item()
correct += accuracy_score(labels.cpu(), predicted.cpu(), normalize=False)

# %% right: shared_modules
# about = "One ReLU and one pool module for all places; conv, pool, then ReLU."
# %% mnist_cnn
# - self.pool2 = nn.MaxPool2d(kernel_size=2, stride=2)
self.relu = nn.ReLU()
# - x = F.relu(self.conv2(x))
# - x = self.pool1(x)
x = self.relu(self.pool1(self.conv2(x)))
# - x = F.relu(self.conv4(x))
# - x = self.pool2(x)
x = self.relu(self.pool1(self.conv4(x)))

# %% right: model_zero_grad
# about = "model.zero_grad(), clearing after the step, mean loss by hand, evaluation mode set in the training cell too."
# %% training_code
# - loss = loss_function(logits, labels)
# - optimizer.zero_grad()
loss = -torch.log_softmax(logits, 1)[torch.arange(len(labels)), labels].mean()
# - optimizer.step()
optimizer.step()
model.zero_grad()

# %% right: float_size_cast
# about = "w_out with an int() around a float division, and // in the formulas where nothing is left over."
# %% output_size_code
# - return (w_in + 2 * p - k) // s + 1
return int((w_in + 2 * p - k) / s + 1)
# %% parameter_formulas
# - return (n + 1) * m
return int((n + 1.0) * m)

# %% right: bias_added_by_hand
# about = "Linear layers without bias and a parameter added after them: the same function and the same number of parameters."
# %% mnist_cnn
# - self.fc2 = nn.Linear(256, 10)
self.fc2 = nn.Linear(256, 10, bias=False)
self.offset = nn.Parameter(torch.zeros(10))
# - x = self.fc2(x)
x = self.fc2(x) + self.offset

# %% right: first_network_thrown_away
# about = "Tries a first network before, counts its parameters in the training cell, and trains a second one."

# %% training_code
# - # TODO training: model, loss, optimizer, and the loop over epochs and batches
# - model = MNIST_CNN().to(device)
# TODO training: model, loss, optimizer, and the loop over epochs and batches
first = MNIST_CNN()
print(sum(p.numel() for p in first.parameters()), 'parameters')
model = MNIST_CNN().to(device)
print(model)

# %% right: arguments_of_the_class
# about = "A class with arguments, built with keywords; the loss function called as a class and as a function."

# %% mnist_cnn
# - def __init__(self):
def __init__(self, p=0):
# - self.conv1 = nn.Conv2d(1, 32, kernel_size=3, padding=1)
# - self.conv2 = nn.Conv2d(32, 32, kernel_size=3, padding=1)
self.conv1 = nn.Conv2d(1, 32, kernel_size=3, padding=p)
self.conv2 = nn.Conv2d(32, 32, kernel_size=3, padding=p)
# - self.conv3 = nn.Conv2d(32, 64, kernel_size=3, padding=1)
# - self.conv4 = nn.Conv2d(64, 64, kernel_size=3, padding=1)
self.conv3 = nn.Conv2d(32, 64, kernel_size=3, padding=p)
self.conv4 = nn.Conv2d(64, 64, kernel_size=3, padding=p)
# - self.fc1 = nn.Linear(64 * 7 * 7, 256)
self.fc1 = nn.Linear(64 * (7 * 7 if p else 4 * 4), 256)

# %% training_code
# - model = MNIST_CNN().to(device)
model = MNIST_CNN(p=0).to(device)
# - loss = loss_function(logits, labels)
loss = nn.CrossEntropyLoss()(logits, labels)

# %% parameter_formulas
# - total_parameters = convolutions + learn_full(64 * 7 * 7, 256) + learn_full(256, 10)
total_parameters = convolutions + learn_full(64 * 4 * 4, 256) + learn_full(256, 10)

# %% right: groups_by_layer
# about = "An optimizer with a group for each layer; a second forward pass; all batches of an epoch in a list."

# %% training_code
# - optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
optimizer = torch.optim.Adam([{'params': layer.parameters()} for layer in model.children()], lr=0.001)
# - for images, labels in tqdm(train_loader, desc=f"epoch {epoch + 1}", leave=False):
for images, labels in tqdm(list(train_loader), desc=f"epoch {epoch + 1}", leave=False):
# - optimizer.step()
optimizer.step()
right = (model(images).argmax(dim=1) == labels).sum().item()

# %% right: weights_from_a_file
# about = "Saves the weights after the training, and loads them into a new network in the accuracy cell."

# %% training_code
# - for epoch in tqdm(range(num_epochs), desc="epochs"):
# -     for images, labels in tqdm(train_loader, desc=f"epoch {epoch + 1}", leave=False):
# -         images, labels = images.to(device), labels.to(device)
# -         logits = model(images)
# -         loss = loss_function(logits, labels)
# -         optimizer.zero_grad()
# -         loss.backward()
# -         optimizer.step()
# -         loss_history.append(loss.item())
for epoch in tqdm(range(num_epochs), desc="epochs"):
    for images, labels in tqdm(train_loader, desc=f"epoch {epoch + 1}", leave=False):
        images, labels = images.to(device), labels.to(device)
        logits = model(images)
        loss = loss_function(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss_history.append(loss.item())
torch.save(model.state_dict(), 'own.pt')

# %% evaluation
# - model.eval()
best = MNIST_CNN().to(device)
best.load_state_dict(torch.load('own.pt'))
best.eval()
# - predicted = model(images).argmax(dim=1)
predicted = best(images).argmax(dim=1)

# %% right: weights_loaded_back
# about = "Loads the weights back into the network itself, and sets evaluation mode at the end of the training alone."

# %% training_code
# - for epoch in tqdm(range(num_epochs), desc="epochs"):
# -     for images, labels in tqdm(train_loader, desc=f"epoch {epoch + 1}", leave=False):
# -         images, labels = images.to(device), labels.to(device)
# -         logits = model(images)
# -         loss = loss_function(logits, labels)
# -         optimizer.zero_grad()
# -         loss.backward()
# -         optimizer.step()
# -         loss_history.append(loss.item())
for epoch in tqdm(range(num_epochs), desc="epochs"):
    for images, labels in tqdm(train_loader, desc=f"epoch {epoch + 1}", leave=False):
        images, labels = images.to(device), labels.to(device)
        logits = model(images)
        loss = loss_function(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss_history.append(loss.item())
model.eval()
torch.save(model.state_dict(), 'own.pt')

# %% evaluation
# - model.eval()
print(model.load_state_dict(torch.load('own.pt')))

# %% right: looks_at_layers
# about = "Prints a layer before the training, its gradient within, and another layer before the evaluation."
# %% training_code
# - model.train()
model.train()
print(model.conv1)
# - loss.backward()
loss.backward()
if not loss_history:
    print(model.conv1.weight.grad.norm())
# %% evaluation
# - model.eval()
model.eval()
print(model.fc2, model.fc2.weight.shape)

# %% right: errors_below
# about = "Lines below right answers that stop with an error: what was done by then counts."
# %% evaluation
# - test_accuracy = correct / len(test_data)
test_accuracy = correct / len(test_data)
print(test_accuracy.item())

# %% right: methods_of_the_class
# about = "The class trains and tests itself by methods of its own."
# %% mnist_cnn
# - def forward(self, x):
def fit(self, loader, epochs):
    optimizer = torch.optim.Adam(self.parameters(), lr=0.001)
    history = []
    self.train()
    for _ in range(epochs):
        for images, labels in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(self(images.to(device)), labels.to(device))
            loss.backward()
            optimizer.step()
            history.append(loss.item())
    return history

@torch.no_grad()
def accuracy(self, loader):
    self.eval()
    hits = sum((self(x.to(device)).argmax(1).cpu() == y).sum().item() for x, y in loader)
    return hits / len(loader.dataset)

def forward(self, x):
# %% training_code
set_seeds(seed)
begun = time.perf_counter()
model = MNIST_CNN().to(device)
loss_history = model.fit(train_loader, num_epochs)
training_seconds = time.perf_counter() - begun
# %% evaluation
test_accuracy = model.accuracy(test_loader)
print(test_accuracy)

# %% right: groups_of_parameters
# about = "The optimizer has a group for the convolutions and one for the fully connected layers."
# %% training_code
# - optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
convolutions = [model.conv1, model.conv2, model.conv3, model.conv4]
groups = [[value for part in parts for value in part.parameters()] for parts in (convolutions, [model.fc1, model.fc2])]
optimizer = torch.optim.Adam([{"params": group} for group in groups], lr=0.001)
