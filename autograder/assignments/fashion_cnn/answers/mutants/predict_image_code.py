# %% mutants:
# fails = ["predict_image"]
# only = ["axis"]
# %% predict_image_code
return logits.argmax(dim=1).item()

# %% mutant:
# about = "No batch dimension."
# fails = ["predict_image"]
# %% predict_image_code
# - logits = model(img.unsqueeze(0).to(device))
logits = model(img.to(device))
