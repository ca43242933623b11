#!/usr/bin/env python3
"""NovoGrad step by step in NumPy, from algorithm 1 of Ginsburg et al. 2019. Prints the expected numbers of tests/train/novograd_test.cpp.

    python scripts/reference/make_novograd_reference.py
"""

import numpy as np

BETA1, BETA2, EPSILON = 0.95, 0.98, 1e-8


def novograd(weight_factor: float, bias_factor: float, decay: float) -> None:
    """Five updates of a matrix (decayed) and a bias (not decayed), each a layer, at factors on the learning rate."""
    layers = [[np.array([0.5, -1.0, 2.0, 0.25]), np.array([1.0, -0.5, 0.001, 3.0]), weight_factor, decay],
              [np.array([0.1, -0.2]), np.array([0.3, -4.0]), bias_factor, 0.0]]
    for layer, (weights, direction, factor, layer_decay) in enumerate(layers):
        norm, momentum = None, np.zeros_like(weights)
        for step in range(5):
            gradient = direction * (step - 1.5 if layer == 0 else 2.0 - step)
            square = float(np.dot(gradient, gradient))
            norm = square if norm is None else BETA2 * norm + (1 - BETA2) * square
            momentum = BETA1 * momentum + gradient / (np.sqrt(norm) + EPSILON) + layer_decay * weights
            weights = weights - factor * 0.01 * (step + 1) * momentum
        print(f"factors {weight_factor}, {bias_factor}, layer {layer}:", ", ".join(f"{x:.9g}" for x in weights), f"norm {norm:.9g}")


if __name__ == "__main__":
    print("NumPy", np.__version__)
    novograd(1.0, 1.0, 0.1)
    novograd(0.1, 2.0, 0.1)
