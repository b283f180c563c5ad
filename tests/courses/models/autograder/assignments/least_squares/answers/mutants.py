# %% mutant:
# about = "The deviation divides by N - 1."
# fails = ["standardise"]
# %% standardise_code
# - return (inputs - inputs.mean(dim=0)) / inputs.std(dim=0, correction=0)
return (inputs - inputs.mean(dim=0)) / inputs.std(dim=0, correction=1)

# %% mutant:
# about = "One mean for all columns."
# fails = ["standardise"]
# %% standardise_code
# - return (inputs - inputs.mean(dim=0)) / inputs.std(dim=0, correction=0)
return (inputs - inputs.mean()) / inputs.std(dim=0, correction=0)

# %% mutant:
# about = "Divides by the variance."
# fails = ["standardise"]
# %% standardise_code
# - return (inputs - inputs.mean(dim=0)) / inputs.std(dim=0, correction=0)
return (inputs - inputs.mean(dim=0)) / inputs.var(dim=0, correction=0)

# %% mutant:
# about = "No bias."
# fails = ["predict"]
# %% predict_code
# - return inputs @ weights + bias
return inputs @ weights

# %% mutant:
# about = "The sum of the squared errors."
# fails = ["predict"]
# %% predict_code
# - return ((outputs - targets) ** 2).mean()
return ((outputs - targets) ** 2).sum()

# %% mutant:
# about = "Absolute errors."
# fails = ["predict"]
# %% predict_code
# - return ((outputs - targets) ** 2).mean()
return (outputs - targets).abs().mean()

# %% mutant:
# about = "The factor 2 is missing."
# fails = ["gradient"]
# %% gradient_code
# - by_weights = 2 * inputs.T @ errors / len(inputs)
by_weights = inputs.T @ errors / len(inputs)

# %% mutant:
# about = "Divides by the number of columns."
# fails = ["gradient"]
# %% gradient_code
# - by_weights = 2 * inputs.T @ errors / len(inputs)
by_weights = 2 * inputs.T @ errors / inputs.shape[1]

# %% mutant:
# about = "The wrong sign."
# fails = ["gradient"]
# %% gradient_code
# - errors = predict(inputs, weights, bias) - targets
errors = targets - predict(inputs, weights, bias)

# %% mutant:
# about = "The derivative by the bias is a sum."
# fails = ["gradient"]
# %% gradient_code
# - by_bias = 2 * errors.mean()
by_bias = 2 * errors.sum()

# %% mutant:
# about = "Up the slope."
# fails = ["descend"]
# %% descend_code
# - weights = weights - learning_rate * by_weights
weights = weights + learning_rate * by_weights

# %% mutant:
# about = "The bias stays 0."
# fails = ["descend"]
# %% descend_code
# - bias = bias - learning_rate * by_bias
pass

# %% mutant:
# about = "One step only."
# fails = ["descend"]
# %% descend_code
# - for _ in range(steps):
for _ in range(1):
