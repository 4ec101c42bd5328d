"""Makes the captioner that a configuration names, and tells it what it asks of the data set."""

from collections.abc import Callable
from typing import Any

from and_core.models import registry
from and_core.models.protocols import Captioner, LanguageModel, ProbingDataset
from precompute.config import Component

Remember = Callable[[LanguageModel], LanguageModel]


def new_captioner(
    component: Component, dataset: ProbingDataset, seed: int, remember: Remember = lambda model: model
) -> Captioner:
    """A kind with a setting `class_names` or `filenames` is told those of the data set; one with a `seed`, the run's.

    Args:
        remember: puts what a captioner asks through a log of replies.

    Raises:
        ConfigError: unknown kind or setting.
    """
    settings = registry.settings_of("captioner", component.kind, "captioner")
    known: dict[str, Callable[[], Any]] = {
        "class_names": lambda: list(dataset.class_names),
        "filenames": lambda: [dataset.filename(item) for item in range(len(dataset))],
    }
    told = {name: value() for name, value in known.items() if name in settings}
    if "seed" in settings and "seed" not in component.options:
        told["seed"] = seed
    given = {"remember": lambda: remember}
    captioner: Captioner = registry.create(
        "captioner", component.kind, {**component.options, **told}, "captioner", given
    )
    return captioner
