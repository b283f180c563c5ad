"""Training loops and measurements of accuracy of mnist_cnn with one thing wrong."""

from __future__ import annotations

from autograder.proof.mutants import at, replaced, swapped

ADAM = "optimizer = torch.optim.Adam(model.parameters(), lr=0.001)"
EPOCH_LOOP = 'for epoch in tqdm(range(num_epochs), desc="epochs"):'
BATCH_LOOP = 'for images, labels in tqdm(train_loader, desc=f"epoch {epoch + 1}", leave=False):'
LOOP = [
    *at("training_code", "loss_function = nn.CrossEntropyLoss()", ["training"]),
    *at("training_code", ADAM, ["training"]),
    *at("training_code", EPOCH_LOOP, ["training"], target="range(num_epochs)", label="epochs"),
    *at("training_code", BATCH_LOOP, ["training"], target="train_loader", label="batches"),
    replaced(
        "training_code",
        "tqdm(train_loader,",
        "tqdm(DataLoader(train_data, batch_size=batch_size),",
        ["training"],
        "A loader of its own that does not shuffle.",
    ),
    *at("training_code", "optimizer.zero_grad()", ["training"]),
    *at("training_code", "loss.backward()", ["training"]),
    *at("training_code", "optimizer.step()", ["training"]),
    *at("training_code", "loss_history.append(loss.item())", ["training"]),
    swapped("training_code", "optimizer.zero_grad()", "loss.backward()", ["training"], label="zero_grad_backward"),
    swapped("training_code", "loss.backward()", "optimizer.step()", ["training"], label="backward_step"),
    swapped("training_code", "optimizer.zero_grad()", "optimizer.step()", ["training"], label="zero_grad_step"),
    *(
        replaced("training_code", "lr=0.001", f"lr={rate}", ["training"], f"Learning rate {rate}.")
        for rate in ("0.01", "0.0001", "0.002")
    ),
    *(
        replaced("training_code", "torch.optim.Adam", f"torch.optim.{name}", ["training"], f"{name} in place of Adam.")
        for name in ("Adagrad", "RMSprop", "NAdam")
    ),
    replaced(
        "training_code", "model.parameters()", "MNIST_CNN().parameters()", ["training"], "The parameters of another network."
    ),
    replaced(
        "training_code",
        "model.train()",
        "model.train()\nscheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.1)",
        ["training"],
        "A scheduler that lowers the learning rate after each epoch.",
        label="scheduler",
        also=[("training_code", "append(loss.item())", "append(loss.item())\n    scheduler.step()")],
    ),
    replaced("training_code", "lr=0.001", "lr=0.001, weight_decay=1e-2", ["training"], "Weight decay."),
    replaced(
        "training_code",
        "loss_function(logits, labels)",
        "loss_function(labels, logits)",
        ["training"],
        "Arguments exchanged.",
    ),
    replaced(
        "training_code",
        "append(loss.item())",
        "append((sum(loss_history) + loss.item()) / (len(loss_history) + 1))",
        ["training"],
        "A running mean.",
    ),
    replaced(
        "training_code", "logits = model(images)", "logits = MNIST_CNN()(images)", ["training"], "A new network each time."
    ),
    replaced(
        "training_code",
        ADAM,
        f"{ADAM}\noptimizer.zero_grad()",
        ["training"],
        "Gradients are cleared once.",
        also=(("training_code", "        optimizer.zero_grad()\n", ""),),
    ),
    replaced(
        "training_code",
        "loss_function(logits, labels)",
        "F.mse_loss(logits, F.one_hot(labels, 10).float())",
        ["training"],
        "Squared errors.",
    ),
    replaced(
        "training_code",
        "loss_function(logits, labels)",
        "loss_function(logits, labels.roll(1))",
        ["training"],
        "Labels of other images.",
    ),
    replaced(
        "training_code", "loss_function(logits, labels)", "-loss_function(logits, labels)", ["training"], "The wrong sign."
    ),
    replaced(
        "training_code",
        "        optimizer.step()\n        loss",
        "    optimizer.step()\n    loss",
        ["training"],
        "One step and one loss an epoch.",
    ),
    replaced(
        "training_code",
        "        optimizer.step()\n",
        "        optimizer.step()\n        break\n",
        ["training"],
        "One batch an epoch.",
    ),
    replaced(
        "training_code",
        "        optimizer.step()\n",
        "        if len(loss_history) < 20 or loss.item() > 1.0:\n            optimizer.step()\n",
        ["training"],
        "In the end a step for large losses only.",
    ),
    replaced(
        "training_code",
        "loss_history.append(loss.item())",
        "loss_history = loss.item()",
        ["training"],
        "The last loss only.",
    ),
    replaced(
        "training_code",
        "loss_history.append(loss.item())",
        "loss_history.append(epoch)",
        ["training"],
        "Epochs, not losses.",
    ),
    replaced(
        "training_code",
        "\nmodel = MNIST_CNN()",
        "\nnetwork = model = MNIST_CNN()",
        ["training"],
        "Ends with a new network.",
        also=(("training_code", "training_seconds =", "model = MNIST_CNN().to(device)\ntraining_seconds ="),),
    ),
]

EVALUATION = [
    replaced(
        "evaluation",
        "model(images).argmax(dim=1)",
        "(model(images).softmax(1) > 0.5).long().argmax(dim=1)",
        ["test_accuracy"],
        "Classes of a probability above one half only.",
    ),
    replaced(
        "evaluation",
        "test_accuracy = correct / len(test_data)",
        'test_accuracy = f"{correct / len(test_data):.2%}"',
        ["test_accuracy"],
        "A text.",
        also=[("evaluation", 'print(f"test accuracy: {test_accuracy:.4f}")', "print(test_accuracy)")],
    ),
    *at("evaluation", "model.eval()", ["test_accuracy"]),
    *at("evaluation", "with torch.no_grad():", ["test_accuracy"]),
    *at("evaluation", "for images, labels in test_loader:", ["test_accuracy"], target="test_loader", label="batches"),
    *at("evaluation", "predicted = model(images).argmax(dim=1)", ["test_accuracy"]),
    *at("evaluation", "correct += (predicted == labels).sum().item()", ["test_accuracy"]),
    *at("evaluation", "test_accuracy = correct / len(test_data)", ["test_accuracy"], skip=["sign"]),
    replaced(
        "evaluation", "correct / len(test_data)", "1 - correct / len(test_data)", ["test_accuracy"], "The share of errors."
    ),
    replaced(
        "evaluation",
        "correct += (predicted == labels).sum().item()",
        "correct = (predicted == labels).float().mean()",
        ["test_accuracy"],
        "The last batch only.",
        also=(("evaluation", "correct / len(test_data)", "correct.item()"),),
    ),
    replaced(
        "evaluation",
        "        correct += (predicted",
        "    correct += (predicted",
        ["test_accuracy"],
        "Counts after the loop.",
    ),
    replaced(
        "evaluation", "model(images)", "MNIST_CNN().to(device)(images)", ["test_accuracy"], "Tests an untrained network."
    ),
    replaced("evaluation", "model(images)", "logits[:len(images)]", ["test_accuracy"], "Logits of the training."),
]
