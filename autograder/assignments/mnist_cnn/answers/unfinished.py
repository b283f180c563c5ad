# %% unfinished: untouched_release
# about = "The release as it was handed out."
# not_attempted = [
#     "output_size", "architecture", "forward", "training", "test_accuracy", "conv_formula", "full_formula",
#     "total_parameters",
# ]
# blank = [
#     "output_size_code", "mnist_cnn", "training_code", "evaluation", "parameter_formulas", "exploration", "manual",
#     "compare_accuracy_and_time", "when_cnn",
# ]
# example = true

# %% unfinished: syntax_error_in_training
# about = "A syntax error in the training cell."
# failed = ["training"]
# partial = ["test_accuracy"]
# example = true
# %% training_code
# - loss.backward()
loss.backward(
