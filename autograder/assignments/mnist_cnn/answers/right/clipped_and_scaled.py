# %% right: clipped_and_scaled
# about = "Clipped gradients, a scaler that is off on the CPU, iter and next, a confusion matrix, recursion."

# %% output_size_code
def w_out(w_in, k, p, s=1):
    rest = w_in + 2 * p - k
    return 1 if rest < s else 1 + w_out(w_in - s, k, p, s)

# %% training_code
model, loss_history = None, []
set_seeds(seed)
begun = time.perf_counter()
from collections import deque
import statistics
model = MNIST_CNN().to(device)
scaler = torch.amp.GradScaler(device.type, enabled=device.type == "cuda")
verlust_funktion, optimizer = nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), lr=1e-3, foreach=True)
fenster = deque(maxlen=50)
for name in range(num_epochs):
    pakete = iter(train_loader)
    while (paket := next(pakete, None)) is not None:
        bilder, ziffern = (teil.to(device) for teil in paket)
        optimizer.zero_grad(set_to_none=False)
        verlust = verlust_funktion(model(bilder), ziffern)
        scaler.scale(verlust).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        fenster.append(float(verlust.detach()))
        loss_history.append(fenster[-1])
    print(f"Epoche {name + 1}: {statistics.mean(fenster):.3f}")
    del pakete, paket

training_seconds = time.perf_counter() - begun

# %% evaluation
model.eval()
matrix = np.zeros((10, 10), dtype=int)
with torch.no_grad():
    for x, y in test_loader:
        np.add.at(matrix, (y.numpy(), model(x.to(device)).cpu().numpy().argmax(axis=-1)), 1)
test_accuracy = np.trace(matrix) / matrix.sum()

# %% parameter_formulas
from torchinfo import summary

def learn_conv(w, h, d, k):
    return sum(p.numel() for p in nn.Conv2d(d, k, kernel_size=(h, w)).parameters())

def learn_full(n, m):
    return sum(map(torch.numel, nn.Linear(n, m).parameters()))

total_parameters = summary(MNIST_CNN(), (1, 1, 28, 28), verbose=0).total_params
parameter_ratio = total_parameters / 105681
