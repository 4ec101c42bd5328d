"""Where models run."""

import torch

from and_core.errors import AndError


def chosen_device(name: str, error: type[AndError]) -> torch.device:
    """The device of a setting `device`: `auto` is a GPU where there is one.

    Raises:
        error: torch cannot use it.
    """
    try:
        device = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as problem:
        raise error(
            f"torch cannot use device = {name!r}: {problem}".splitlines()[0], 'Set it to "auto" or "cpu".'
        ) from problem
    return device
