# %% right: reference
# about = "The reference solution."

# %% right: autograd
# about = "The gradient by autograd, which the task does not want but which is right."
# %% gradient_code
def gradient(inputs, targets, weights, bias):
    weights, bias = weights.clone().requires_grad_(), bias.clone().requires_grad_()
    return torch.autograd.grad(loss(predict(inputs, weights, bias), targets), (weights, bias))

# %% right: loops
# about = "Loops over rows and columns, the library's loss."

# %% predict_code
def predict(inputs, weights, bias):
    return torch.stack([sum(w * x for w, x in zip(weights, row)) + bias for row in inputs])


def loss(outputs, targets):
    return torch.nn.functional.mse_loss(outputs, targets)

# %% right: matrix
# about = "Other names, einsum."
# %% gradient_code
def gradient(x, y, w, b):
    residual = (x * w).sum(1) + b - y
    return torch.einsum("n,nd->d", residual, x).mul(2 / len(y)), residual.sum() * 2 / y.numel()

# %% right: in_place
# about = "One vector for weights and bias, changed in place."

# %% descend_code
def descend(inputs, targets, steps, learning_rate):
    theta = torch.zeros(inputs.shape[1] + 1)
    history = []
    while len(history) < steps:
        history.append(loss(predict(inputs, theta[:-1], theta[-1]), targets).item())
        theta -= learning_rate * torch.cat([part.reshape(-1) for part in gradient(inputs, targets, theta[:-1], theta[-1])])
    return theta[:-1], theta[-1], history

# %% right: numpy
# about = "Standardised by numpy."
# %% standardise_code
def standardise(inputs):
    values = inputs.numpy()
    return torch.from_numpy((values - values.mean(axis=0)) / values.std(axis=0))
