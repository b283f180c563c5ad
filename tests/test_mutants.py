"""Operators make the mistakes that students make, as legal code that differs, in whatever style the solution is written."""

import ast

import pytest

from autograder.proof import mutants, operators


def changed(code: str) -> dict[str, str]:
    return {mutation.operator: mutation.code for mutation in operators.mutations(code)}


def test_a_convolution() -> None:
    assert changed("self.conv1 = nn.Conv2d(1, 32, kernel_size=5, padding=2)") == {
        "in_channels": "self.conv1 = nn.Conv2d(3, 32, kernel_size=5, padding=2)",
        "out_channels": "self.conv1 = nn.Conv2d(1, 16, kernel_size=5, padding=2)",
        "kernel": "self.conv1 = nn.Conv2d(1, 32, kernel_size=3, padding=2)",
        "kernel_of_same_size": "self.conv1 = nn.Conv2d(1, 32, kernel_size=3, padding=1)",
        "stride": "self.conv1 = nn.Conv2d(1, 32, kernel_size=5, padding=2, stride=2)",
        "padding": "self.conv1 = nn.Conv2d(1, 32, kernel_size=5, padding=0)",
        "dilation": "self.conv1 = nn.Conv2d(1, 32, kernel_size=5, padding=2, dilation=2)",
        "bias": "self.conv1 = nn.Conv2d(1, 32, kernel_size=5, padding=2, bias=False)",
        "without_conv2d": "self.conv1 = nn.Identity()",
    }


def test_arguments_by_position_tuples_and_words() -> None:
    found = changed("conv = torch.nn.LazyConv2d(64, (5, 5), 2, 'same', bias=False)")
    assert found["kernel"] == "conv = torch.nn.LazyConv2d(64, 3, 2, 'same', bias=False)"
    assert found["stride"] == "conv = torch.nn.LazyConv2d(64, (5, 5), 1, 'same', bias=False)"
    assert found["padding"] == "conv = torch.nn.LazyConv2d(64, (5, 5), 2, 0, bias=False)"
    assert found["bias"] == "conv = torch.nn.LazyConv2d(64, (5, 5), 2, 'same', bias=True)"


def test_functional_layers() -> None:
    assert changed("F.conv2d(x, self.w, self.b, padding=2)")["stride"] == "F.conv2d(x, self.w, self.b, padding=2, stride=2)"
    found = changed("x = F.max_pool2d(F.relu(x), 2)")
    assert found["stride"] == "x = F.max_pool2d(F.relu(x), 2, stride=1)"
    assert found["avg_pool2d"] == "x = F.avg_pool2d(F.relu(x), 2)"
    assert found["without_max_pool2d"] == "x = F.relu(x)"
    assert found["without_relu"] == "x = F.max_pool2d(x, 2)"


@pytest.mark.parametrize(
    ("code", "operator", "expected"),
    [
        ("self.pool = nn.MaxPool2d(2)", "window", "self.pool = nn.MaxPool2d(3)"),
        ("self.pool = nn.MaxPool2d(2)", "window_of_same_stride", "self.pool = nn.MaxPool2d(3, stride=2)"),
        ("self.pool = nn.AdaptiveAvgPool2d(1)", "output_size", "self.pool = nn.AdaptiveAvgPool2d(2)"),
        ("self.fc = nn.Linear(100, 10)", "out_features", "self.fc = nn.Linear(100, 11)"),
        ("self.fc = nn.Linear(n_in, 10)", "in_features", "self.fc = nn.Linear(n_in // 2, 10)"),
        ("self.norm = nn.BatchNorm2d(32)", "without_batchnorm2d", "self.norm = nn.Identity()"),
        ("self.norm = nn.BatchNorm2d(32)", "not_affine", "self.norm = nn.BatchNorm2d(32, affine=False)"),
        ("self.drop = nn.Dropout(0.25)", "p", "self.drop = nn.Dropout(0.5)"),
        (
            "layers = nn.Sequential(nn.ReLU(), nn.Flatten())",
            "order_relu_flatten",
            "layers = nn.Sequential(nn.Flatten(), nn.ReLU())",
        ),
        ("x = x.relu()", "tanh", "x = torch.tanh(x)"),
        ("x = self.pool2(F.relu(self.conv2(x)))", "order_conv2_relu", "x = self.pool2(self.conv2(F.relu(x)))"),
        ("x = self.pool2(F.relu(self.conv2(x)))", "without_conv2", "x = self.pool2(F.relu(x))"),
        ("x = self.fc2(x)", "not_kept", "self.fc2(x)"),
        ("x = torch.flatten(x, 1)", "axis", "x = torch.flatten(x, 0)"),
        ("probs = F.softmax(outputs, dim=1)", "axis", "probs = F.softmax(outputs, dim=0)"),
        ("best = logits.argmax(-1)", "axis", "best = logits.argmax(0)"),
        ("optimizer.zero_grad()", "without_zero_grad", "pass"),
        ("net.eval()", "train_mode", "net.train()"),
        ("for epoch in range(num_epochs):", "one_less", "for epoch in range(num_epochs - 1):"),
        ("for epoch in range(1, num_epochs + 1):", "left_only", "for epoch in range(1, num_epochs):"),
        ("for x, y in test_loader:", "other_data", "for x, y in train_loader:"),
        ("with torch.no_grad():", "with_gradients", "with torch.enable_grad():"),
        ("err += (yh != y).sum().item()", "overwritten", "err = (yh != y).sum().item()"),
        ("err += (yh != y).sum().item()", "negated", "err += (yh == y).sum().item()"),
        ("total += len(labels)", "counted_once", "total += 1"),
        ("return (w - k + 2 * p) // s + 1", "left_only", "return (w - k + 2 * p) // s"),
        ("return (w - k + 2 * p) // s + 1", "sign_2", "return (w - k + 2 * p) / s + 1"),
        ("return (n + 1) * m", "left_only_2", "return (n) * m"),
        ("optimizer = Adam(net.parameters(), lr=0.01)", "rate", "optimizer = Adam(net.parameters(), lr=0.01 / 1000)"),
    ],
)
def test_operators(code: str, operator: str, expected: str) -> None:
    assert changed(code)[operator] == expected


def test_sizes_inside_a_layer_are_not_arithmetic() -> None:
    assert not {"sign", "left_only", "constant"} & set(changed("self.fc = nn.Linear(64 * 7 * 7, 10)"))


def test_the_text_around_a_change_stays() -> None:
    found = changed("größe = 3  # 'é' is two bytes\n        x = F.relu(self.fc1( x ))  # hidden layer")
    assert found["without_relu"] == "größe = 3  # 'é' is two bytes\n        x = self.fc1(x)  # hidden layer"
    assert all(text.endswith("# hidden layer") for text in found.values())


SNIPPETS = [
    "x = self.pool2(F.relu(self.conv2(x)))",
    "losses.append(total_loss / seen)",
    "for images, labels in train_loader:\n        optimizer.zero_grad()\n        loss_fn(model(images), labels).backward()",
    "if total:\n    accuracy = 1 - err / total",
    "return w * h * d * k + k",
    "nn.Sequential(nn.Conv2d(1, 16, 5, padding=2), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25))",
    "val_acc = torch.stack([x['val_acc'] for x in outputs]).mean()",
]


@pytest.mark.parametrize("code", SNIPPETS)
def test_mutants_are_legal_different_and_named_once(code: str) -> None:
    found = operators.mutations(code)
    original = ast.dump(operators.parse(code)[0])
    assert found
    assert len({mutation.operator for mutation in found}) == len({mutation.code for mutation in found}) == len(found)
    for mutation in found:
        assert ast.dump(operators.parse(mutation.code)[0]) != original
        assert mutation.new in mutation.code
        assert mutation.old in code


def test_what_is_no_python_is_refused() -> None:
    with pytest.raises(ValueError, match="not Python"):
        operators.mutations("nn.Conv2d(1,")


def test_answers_have_names_items_and_reasons() -> None:
    found = mutants.at(
        "convnet",
        "x = self.pool(F.relu(self.conv(x)))",
        ["forward"],
        label="block",
        skip=["not_kept"],
        equivalent={"order_relu_pool": "the largest of ReLUs is the ReLU of the largest"},
    )
    by_name = {answer.name.removeprefix("mutant_convnet_block_"): answer for answer in found}
    assert "not_kept" not in by_name
    assert by_name["without_relu"].fails == ("forward",)
    assert by_name["without_relu"].edits == (
        ("convnet", "x = self.pool(F.relu(self.conv(x)))", "x = self.pool(self.conv(x))"),
    )
    assert by_name["order_relu_pool"].fails == ()
    assert by_name["order_relu_pool"].equivalent
    assert all(answer.kind == "mutant" and answer.about.endswith(".") for answer in found)
    assert by_name["without_relu"].about == "Without relu: `self.conv(x)` for `F.relu(self.conv(x))`."


def test_labels_come_from_the_code() -> None:
    assert mutants.at("net", "self.conv1 = nn.Conv2d(1, 2, 3)", ["a"], only=["bias"])[0].name == "mutant_net_conv1_bias"
    assert mutants.at("net", "optim.step()", ["a"])[0].name == "mutant_net_step_without_step"
    assert mutants.slug("The sum, not the mean.") == "the_sum_not_the_mean"


def test_an_operator_that_does_not_apply_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\['kernal'\] do not apply to 'nn.Conv2d\(1, 2, 3\)', only \["):
        mutants.at("net", "nn.Conv2d(1, 2, 3)", ["a"], skip=["kernal"])
    with pytest.raises(ValueError, match="only"):
        mutants.at("net", "x = 1", ["a"])
