# %% unfinished: untouched_release
# about = "The release as it was handed out."
# not_attempted = ["standardise", "predict", "gradient", "descend"]
# blank = ["standardise_code", "predict_code", "gradient_code", "descend_code", "manual", "explain"]
