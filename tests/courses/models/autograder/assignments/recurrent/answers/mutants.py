# %% mutant:
# about = "No bias."
# fails = ["step"]
# %% step_code
# - return torch.tanh(inputs @ w_in.T + hidden @ w_hidden.T + bias)
return torch.tanh(inputs @ w_in.T + hidden @ w_hidden.T)

# %% mutant:
# about = "The weights are not transposed."
# fails = ["step"]
# %% step_code
# - return torch.tanh(inputs @ w_in.T + hidden @ w_hidden.T + bias)
return torch.tanh(inputs @ w_in.T + hidden @ w_hidden + bias)

# %% mutant:
# about = "A sigmoid."
# fails = ["step"]
# %% step_code
# - return torch.tanh(inputs @ w_in.T + hidden @ w_hidden.T + bias)
return torch.sigmoid(inputs @ w_in.T + hidden @ w_hidden.T + bias)

# %% mutant:
# about = "Each step starts anew."
# fails = ["unroll"]
# %% unroll_code
# - hidden = step(inputs, hidden, w_in, w_hidden, bias)
# - states.append(hidden)
state = step(inputs, hidden, w_in, w_hidden, bias)
states.append(state)

# %% mutant:
# about = "Backwards."
# fails = ["unroll"]
# %% unroll_code
# - for inputs in sequences.unbind(dim=1):
for inputs in sequences.flip(1).unbind(dim=1):

# %% mutant:
# about = "Steps first."
# fails = ["unroll"]
# %% unroll_code
# - return torch.stack(states, dim=1)
return torch.stack(states)

# %% mutant:
# about = "All states."
# fails = ["network"]
# %% network_code
# - return self.linear(states[:, -1])
return self.linear(states)

# %% mutant:
# about = "The first state."
# fails = ["network"]
# %% network_code
# - return self.linear(states[:, -1])
return self.linear(states[:, 0])

# %% mutant:
# about = "The last sequence."
# fails = ["network"]
# %% network_code
# - return self.linear(states[:, -1])
return self.linear(states[-1])

# %% mutant: train_code_backward_dropped
# about = "`loss.backward()` is left out."
# fails = ["training"]
# %% train_code
# - loss.backward()
pass

# %% mutant: train_code_step_dropped
# about = "`optimizer.step()` is left out."
# fails = ["training"]
# %% train_code
# - optimizer.step()
pass

# %% mutant:
# about = "Five steps only."
# fails = ["training"]
# %% train_code
# - for _ in range(steps):
for _ in range(5):

# %% mutant:
# about = "The labels exchanged."
# fails = ["training"]
# %% train_code
# - sequences, labels = draw_sequences(batch_size)
sequences, labels = draw_sequences(batch_size)
labels = 1 - labels
