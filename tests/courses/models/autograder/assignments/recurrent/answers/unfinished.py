# %% unfinished: untouched_release
# about = "The release as it was handed out."
# not_attempted = ["step", "unroll", "network", "training"]
# blank = ["step_code", "unroll_code", "network_code", "train_code", "manual", "explain"]
