# %% mutants:
# fails = ["conv_formula"]
# label = "learn_conv"
# %% parameter_formulas
return (w * h * d + 1) * k

# %% mutants:
# fails = ["full_formula"]
# label = "learn_full"
# %% parameter_formulas
return (n + 1) * m

# %% mutant:
# about = "One bias in all."
# fails = ["conv_formula"]
# %% parameter_formulas
# - return (w * h * d + 1) * k
return w * h * d * k + 1

# %% mutant:
# about = "A bias for each slice."
# fails = ["conv_formula"]
# %% parameter_formulas
# - return (w * h * d + 1) * k
return (w * h + 1) * d * k

# %% mutant:
# about = "Square filters only."
# fails = ["conv_formula"]
# %% parameter_formulas
# - return (w * h * d + 1) * k
return (w * w * d + 1) * k

# %% mutant:
# about = "A number typed in."
# fails = ["conv_formula"]
# %% parameter_formulas
# - return (w * h * d + 1) * k
return 320

# %% mutant:
# about = "Biases of inputs and outputs."
# fails = ["full_formula"]
# %% parameter_formulas
# - return (n + 1) * m
return n * m + n + m

# %% mutant:
# about = "Biases of the inputs."
# fails = ["full_formula"]
# %% parameter_formulas
# - return (n + 1) * m
return n * (m + 1)

# %% mutants:
# fails = ["total_parameters"]
# skip = ["constant"]
# %% parameter_formulas
parameter_ratio = total_parameters / 105_681

# %% mutant:
# about = "The last layer is forgotten."
# fails = ["total_parameters"]
# %% parameter_formulas
# - total_parameters = convolutions + learn_full(64 * 7 * 7, 256) + learn_full(256, 10)
total_parameters = convolutions + learn_full(64 * 7 * 7, 256)

# %% mutant:
# about = "One pooling is forgotten."
# fails = ["total_parameters"]
# %% parameter_formulas
# - total_parameters = convolutions + learn_full(64 * 7 * 7, 256) + learn_full(256, 10)
total_parameters = convolutions + learn_full(64 * 14 * 14, 256) + learn_full(256, 10)

# %% mutant:
# about = "The size without padding."
# fails = ["total_parameters"]
# %% parameter_formulas
# - total_parameters = convolutions + learn_full(64 * 7 * 7, 256) + learn_full(256, 10)
total_parameters = convolutions + learn_full(64 * 4 * 4, 256) + learn_full(256, 10)

# %% mutant:
# about = "The second convolution is forgotten."
# fails = ["total_parameters"]
# %% parameter_formulas
# - convolutions = learn_conv(3, 3, 1, 32) + learn_conv(3, 3, 32, 32) + learn_conv(3, 3, 32, 64) + learn_conv(3, 3, 64, 64)
convolutions = learn_conv(3, 3, 1, 32) + learn_conv(3, 3, 32, 64) + learn_conv(3, 3, 64, 64)

# %% mutant:
# about = "One input channel."
# fails = ["total_parameters"]
# %% parameter_formulas
# - convolutions = learn_conv(3, 3, 1, 32) + learn_conv(3, 3, 32, 32) + learn_conv(3, 3, 32, 64) + learn_conv(3, 3, 64, 64)
convolutions = learn_conv(3, 3, 1, 32) + learn_conv(3, 3, 32, 32) + learn_conv(3, 3, 32, 64) + learn_conv(3, 3, 1, 64)

# %% mutant: parameter_formulas_parameter_ratio_dropped
# about = "`parameter_ratio = total_parameters / 105_681` is left out."
# fails = ["total_parameters"]
# %% parameter_formulas
# - parameter_ratio = total_parameters / 105_681
pass

# %% mutant:
# about = "How much more."
# fails = ["total_parameters"]
# %% parameter_formulas
# - parameter_ratio = total_parameters / 105_681
parameter_ratio = (total_parameters - 105_681) / 105_681
