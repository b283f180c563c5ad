# %% unfinished: untouched_release
# about = "The release as it was handed out."
# not_attempted = [
#     "softmax_regression", "validation_epoch", "softmax_probabilities", "accuracy", "fit", "regression_accuracy",
#     "regression_curves", "predict_image", "cnn_architecture", "cnn_forward", "cnn_loop", "evaluate_model",
#     "cnn_accuracy", "v1_architecture", "v2_architecture", "v3_architecture", "improvement",
# ]
# blank = [
#     "softmax_regression_code", "softmax_probabilities_code", "accuracy_code", "fit_code", "regression_curves_code",
#     "predict_image_code", "cnn", "cnn_training", "cnn_v1", "cnn_v2", "cnn_v3", "manual", "conclusions",
# ]
# example = true

# %% unfinished: only_the_first_version
# about = "Version 1 is there, and better than the plain CNN; versions 2 and 3 are not attempted."
# not_attempted = ["v2_architecture", "v3_architecture"]
# blank = ["cnn_v2", "cnn_v3"]

# %% unfinished: syntax_error_in_training
# about = "A syntax error in the cell of the training loop."
# failed = ["cnn_loop", "evaluate_model", "cnn_accuracy", "improvement"]
# example = true
# %% cnn_training
# - loss.backward()
loss.backward(
