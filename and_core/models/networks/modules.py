"""The linear layers of a torch module."""

from torch import nn


def linear_widths(model: nn.Module) -> dict[str, int]:
    """Module path -> number of outputs, of every linear layer."""
    return {path: module.out_features for path, module in model.named_modules() if isinstance(module, nn.Linear)}
