# %% right: reference
# about = "The reference solution."
# example = true

# %% right: noisy
# about = "Right, but noisy: warnings, text on stderr, prints of shapes, extra cells."

# %% below imports
import warnings
warnings.warn('this library is old')

# %% below fit
print('history again:', history)
history[-1]

# %% cnn_training
# - cnn.eval()
cnn.eval()
print('testing', name, file=sys.stderr)

# %% below train_and_test
example = CNN()(torch.rand(3, 1, 28, 28))
print(example[0].shape)
[part.shape for part in example]

# %% right: looks_at_layers
# about = "Prints layers of the networks, and their gradients, in every function that gets one."

# %% softmax_probabilities_code
# - # TODO probs: the softmax of outputs over the classes, shape (N, 10)
# TODO probs: the softmax of outputs over the classes, shape (N, 10)
print(model.linear)

# %% fit_code
# - # TODO evaluate: validation_step of each batch, validation_epoch_end of all, no gradients
# TODO evaluate: validation_step of each batch, validation_epoch_end of all, no gradients
print(model.linear.weight.shape)
# - history = []
history = []
print(model.linear)

# %% predict_image_code
# - # TODO predict_image: the class of this image
# TODO predict_image: the class of this image
print(model.linear)

# %% cnn_training
# - cnn.train()
cnn.train()
print(cnn.output)
# - loss.backward()
loss.backward()
if seen == 0:
    print(cnn.output.weight.grad.norm())
# - cnn.eval()
cnn.eval()
print(cnn.output.bias.mean())

# %% right: errors_below
# about = "Lines below right answers that stop with an error: what was done by then counts."

# %% softmax_probabilities_code
# - probs = F.softmax(outputs, dim=1)
probs = F.softmax(outputs, dim=1)
probs.sums()

# %% fit_code
# - history += fit(num_epochs_regression, 0.001, model, train_loader, val_loader)
history += fit(num_epochs_regression, 0.001, model, train_loader, val_loader)
print(history[-1]['accuracy'])

# %% regression_curves_code
# - right.set(xlabel="epoch", ylabel="validation loss", title="Loss on Fashion-MNIST")
right.set(xlabel="epoch", ylabel="validation loss", title="Loss on Fashion-MNIST")
right.grids()
