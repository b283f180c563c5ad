"""Formulas and counts of mnist_cnn with one thing wrong."""

from __future__ import annotations

from autograder.proof.mutants import at, dropped, replaced

RATIO = "total_parameters / 105_681"
FORMULAS = [
    *at(
        "output_size_code",
        "return (w_in + 2 * p - k) // s + 1",
        ["output_size"],
        label="w_out",
        only=["sign", "left_only", "sign_2", "left_only_2", "sign_3", "left_only_3", "sign_5"],
    ),
    replaced("output_size_code", "(w_in + 2 * p - k) // s", "-((k - w_in - 2 * p) // s)", ["output_size"], "Rounded up."),
    replaced("output_size_code", "(w_in + 2 * p - k) // s", "round((w_in + 2 * p - k) / s)", ["output_size"], "Rounded."),
    replaced(
        "output_size_code", "(w_in + 2 * p - k) // s + 1", "(w_in + 2 * p - k + 1) // s", ["output_size"], "+ 1 too early."
    ),
    replaced("output_size_code", "2 * p", "p", ["output_size"], "Padding on one side."),
    replaced("output_size_code", "s=1):", "s=2):", ["output_size"], "Another default stride."),
    replaced("output_size_code", "s=1):", "s):", ["output_size"], "No default stride."),
    replaced("output_size_code", "k, p, s=1):", "p, k, s=1):", ["output_size"], "Arguments in another order."),
    replaced(
        "output_size_code",
        "return (w_in + 2 * p - k) // s + 1",
        "print((w_in + 2 * p - k) // s + 1)",
        ["output_size"],
        "Printed, not returned.",
        label="printed",
    ),
    *at("parameter_formulas", "return (w * h * d + 1) * k", ["conv_formula"], label="learn_conv"),
    *at("parameter_formulas", "return (n + 1) * m", ["full_formula"], label="learn_full"),
    replaced("parameter_formulas", "(w * h * d + 1) * k", "w * h * d * k + 1", ["conv_formula"], "One bias in all."),
    replaced("parameter_formulas", "(w * h * d + 1) * k", "(w * h + 1) * d * k", ["conv_formula"], "A bias for each slice."),
    replaced("parameter_formulas", "(w * h * d + 1) * k", "(w * w * d + 1) * k", ["conv_formula"], "Square filters only."),
    replaced("parameter_formulas", "(w * h * d + 1) * k", "320", ["conv_formula"], "A number typed in."),
    replaced("parameter_formulas", "(n + 1) * m", "n * m + n + m", ["full_formula"], "Biases of inputs and outputs."),
    replaced("parameter_formulas", "(n + 1) * m", "n * (m + 1)", ["full_formula"], "Biases of the inputs."),
    *at("parameter_formulas", f"parameter_ratio = {RATIO}", ["total_parameters"], skip=["constant"]),
    replaced("parameter_formulas", " + learn_full(256, 10)", "", ["total_parameters"], "The last layer is forgotten."),
    replaced(
        "parameter_formulas", "64 * 7 * 7, 256", "64 * 14 * 14, 256", ["total_parameters"], "One pooling is forgotten."
    ),
    replaced("parameter_formulas", "64 * 7 * 7, 256", "64 * 4 * 4, 256", ["total_parameters"], "The size without padding."),
    replaced(
        "parameter_formulas", "learn_conv(3, 3, 32, 32) + ", "", ["total_parameters"], "The second convolution is forgotten."
    ),
    replaced(
        "parameter_formulas",
        "learn_conv(3, 3, 64, 64)",
        "learn_conv(3, 3, 1, 64)",
        ["total_parameters"],
        "One input channel.",
    ),
    dropped("parameter_formulas", f"parameter_ratio = {RATIO}", ["total_parameters"]),
    replaced("parameter_formulas", RATIO, "(total_parameters - 105_681) / 105_681", ["total_parameters"], "How much more."),
]
