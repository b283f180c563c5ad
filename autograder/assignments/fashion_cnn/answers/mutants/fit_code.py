# %% mutant: fit_code_step_dropped
# about = "`optimizer.step()` is left out."
# fails = ["fit"]
# %% fit_code
# - optimizer.step()
pass

# %% mutant: fit_code_zero_grad_dropped
# about = "`optimizer.zero_grad()` is left out."
# fails = ["fit"]
# %% fit_code
# - optimizer.zero_grad()
pass

# %% mutant: fit_code_backward_and_zero_grad_swapped
# about = "`loss.backward()` and `optimizer.zero_grad()` are exchanged."
# fails = ["fit"]
# %% fit_code
# - loss.backward()
# - optimizer.step()
# - optimizer.zero_grad()
optimizer.zero_grad()
optimizer.step()
loss.backward()

# %% mutant:
# about = "Trains on the validation images."
# fails = ["fit"]
# %% fit_code
# - for batch in train_loader:
for batch in val_loader:

# %% mutant:
# about = "Its own optimizer, not opt_func."
# fails = ["fit"]
# %% fit_code
# - optimizer = opt_func(model.parameters(), lr)
optimizer = torch.optim.SGD(model.parameters(), lr)

# %% mutant:
# about = "A result for each batch."
# fails = ["fit"]
# %% fit_code
# - result = evaluate(model, val_loader)
# - model.epoch_end(epoch + 1, result)
# - history.append(result)
    result = evaluate(model, val_loader)
    model.epoch_end(epoch + 1, result)
    history.append(result)

# %% mutant:
# about = "A loss of its own, not training_step."
# fails = ["fit"]
# %% fit_code
# - loss = model.training_step(batch)
images, labels = batch
loss = F.cross_entropy(model(images), labels)

# %% mutant:
# about = "Another learning rate from the sixth epoch on."
# fails = ["fit"]
# %% fit_code
# - for batch in train_loader:
# -     loss = model.training_step(batch)
# -     loss.backward()
# -     optimizer.step()
# -     optimizer.zero_grad()
for batch in train_loader:
    loss = model.training_step(batch)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
if epoch == 5:
    optimizer.param_groups[0]['lr'] *= 0.1

# %% mutant:
# about = "The first batch alone."
# fails = ["fit"]
# %% fit_code
# - return model.validation_epoch_end(results)
return model.validation_epoch_end(results[:1])

# %% mutant:
# about = "Without the untrained model."
# fails = ["fit"]
# %% fit_code
# - history = [evaluate(model, val_loader)]
# - history += fit(num_epochs_regression, 0.001, model, train_loader, val_loader)
history = fit(num_epochs_regression, 0.001, model, train_loader, val_loader)

# %% mutant:
# about = "The first result comes last."
# fails = ["fit"]
# %% fit_code
# - history = [evaluate(model, val_loader)]
# - history += fit(num_epochs_regression, 0.001, model, train_loader, val_loader)
history = fit(num_epochs_regression, 0.001, model, train_loader, val_loader)
history += [evaluate(model, val_loader)]

# %% mutant:
# about = "An epoch too many."
# fails = ["fit"]
# %% fit_code
# - history += fit(num_epochs_regression, 0.001, model, train_loader, val_loader)
history += fit(num_epochs_regression + 1, 0.001, model, train_loader, val_loader)

# %% mutant:
# about = "A break after some batches."
# fails = ["fit"]
# %% fit_code
# - for batch in train_loader:
for number, batch in enumerate(train_loader):
    if number == 20:
        break

# %% mutant:
# about = "Results written by hand."
# fails = ["fit"]
# %% fit_code
# - history += fit(num_epochs_regression, 0.001, model, train_loader, val_loader)
history += [{'val_loss': 0.8, 'val_acc': 0.7}] * num_epochs_regression

# %% mutant:
# about = "A new, untrained model in place of the trained one."
# fails = ["regression_accuracy"]
# %% fit_code
# - history += fit(num_epochs_regression, 0.001, model, train_loader, val_loader)
history += fit(num_epochs_regression, 0.001, model, train_loader, val_loader)
model = MnistModel().to(device)
