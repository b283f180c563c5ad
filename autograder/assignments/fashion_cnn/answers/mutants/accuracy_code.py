# %% mutants:
# fails = ["accuracy"]
# only = ["axis"]
# %% accuracy_code
predictions = outputs.argmax(dim=1)

# %% mutants:
# fails = ["accuracy"]
# label = "fraction"
# only = ["sum"]
# %% accuracy_code
return (predictions == labels).float().mean()

# %% mutant:
# about = "Percents."
# fails = ["accuracy"]
# %% accuracy_code
# - return (predictions == labels).float().mean()
return (predictions == labels).float().mean() * 100

# %% mutant:
# about = "A typo."
# fails = ["accuracy"]
# %% accuracy_code
# - return (predictions == labels).float().mean()
return (prediction == labels).float().mean()
