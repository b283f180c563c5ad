# %% mutants:
# fails = ["output_size"]
# label = "w_out"
# only = ["sign", "left_only", "sign_2", "left_only_2", "sign_3", "left_only_3", "sign_5"]
# %% output_size_code
return (w_in + 2 * p - k) // s + 1

# %% mutant:
# about = "Rounded up."
# fails = ["output_size"]
# %% output_size_code
# - return (w_in + 2 * p - k) // s + 1
return -((k - w_in - 2 * p) // s) + 1

# %% mutant:
# about = "Rounded."
# fails = ["output_size"]
# %% output_size_code
# - return (w_in + 2 * p - k) // s + 1
return round((w_in + 2 * p - k) / s) + 1

# %% mutant:
# about = "+ 1 too early."
# fails = ["output_size"]
# %% output_size_code
# - return (w_in + 2 * p - k) // s + 1
return (w_in + 2 * p - k + 1) // s

# %% mutant:
# about = "Padding on one side."
# fails = ["output_size"]
# %% output_size_code
# - return (w_in + 2 * p - k) // s + 1
return (w_in + p - k) // s + 1

# %% mutant:
# about = "Another default stride."
# fails = ["output_size"]
# %% output_size_code
# - def w_out(w_in, k, p, s=1):
def w_out(w_in, k, p, s=2):

# %% mutant:
# about = "No default stride."
# fails = ["output_size"]
# %% output_size_code
# - def w_out(w_in, k, p, s=1):
def w_out(w_in, k, p, s):

# %% mutant:
# about = "Arguments in another order."
# fails = ["output_size"]
# %% output_size_code
# - def w_out(w_in, k, p, s=1):
def w_out(w_in, p, k, s=1):

# %% mutant: output_size_code_printed
# about = "Printed, not returned."
# fails = ["output_size"]
# %% output_size_code
# - return (w_in + 2 * p - k) // s + 1
print((w_in + 2 * p - k) // s + 1)
