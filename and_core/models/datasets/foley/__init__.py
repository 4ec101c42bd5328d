"""Foley: everyday sounds made by synthesis, named after the craft of making a film's sounds by other means."""

from and_core.models.datasets.foley.dataset import Foley

__all__ = ["Foley"]
