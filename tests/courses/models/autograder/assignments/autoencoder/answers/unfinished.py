# %% unfinished: untouched_release
# about = "The release as it was handed out."
# not_attempted = ["layers", "forward", "training"]
# blank = ["network", "train_code", "manual", "explain"]
