# %% right: subclass_of_sequential
# about = "A subclass of Sequential from an OrderedDict, with padding layers of its own."

# %% mnist_cnn
from collections import OrderedDict


class MNIST_CNN(nn.Sequential):
    def __init__(self):
        layers, channels = OrderedDict(), 1
        for block, width in enumerate((32, 64)):
            for half in "ab":
                layers[f"pad{block}{half}"] = nn.ZeroPad2d(1)
                layers[f"conv{block}{half}"] = nn.Conv2d(channels, width, 3)
                layers[f"relu{block}{half}"] = nn.ReLU()
                channels = width
            layers[f"pool{block}"] = nn.MaxPool2d(2, 2)
        layers |= {"flat": nn.Flatten(), "fc1": nn.Linear(3136, 256), "relu": nn.ReLU(), "fc2": nn.Linear(256, 10)}
        super().__init__(layers)

# %% evaluation
model.eval()
x = test_data.data.unsqueeze(1).float() / 255
with torch.no_grad():
    guesses = torch.cat([model(part.to(device)).argmax(1).cpu() for part in x.split(100)])
test_accuracy = (guesses == test_data.targets).double().mean().item()

# %% parameter_formulas
def learn_conv(w, h, d, k, bias=True):
    return w * h * d * k + (k if bias else 0)

def learn_full(n: int, m: int) -> int:
    return np.prod([n, m]) + m

mlp = learn_full(784, 120) + learn_full(120, 63) + learn_full(63, 52) + learn_full(52, 10)
total_parameters = np.sum([
    learn_conv(3, 3, d, k) for d, k in [(1, 32), (32, 32), (32, 64), (64, 64)]
]) + learn_full(7 * 7 * 64, 256) + learn_full(256, 10)
parameter_ratio = total_parameters / mlp
print(f"{total_parameters:,} / {mlp:,} = {parameter_ratio:.3f}")
