# %% mutants:
# fails = ["softmax_probabilities"]
# only = ["axis"]
# %% softmax_probabilities_code
probs = F.softmax(outputs, dim=1)

# %% mutant:
# about = "Only one image."
# fails = ["softmax_probabilities"]
# %% softmax_probabilities_code
# - probs = F.softmax(outputs, dim=1)
probs = F.softmax(outputs[0], dim=0)

# %% mutant:
# about = "Divided by the sum over all images."
# fails = ["softmax_probabilities"]
# %% softmax_probabilities_code
# - probs = F.softmax(outputs, dim=1)
probs = outputs.exp() / outputs.exp().sum()
