"""Do neurons that speak of a word hear clips that measure so? (paper, appendix C and Figure 8)"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields

import pandas as pd

from and_core.algorithms.group_effect import GroupEffect, group_effect
from and_core.store import queries
from and_core.store.connection import Store
from and_core.store.queries import Network

PAPER_PAIRS = (("loud", "mean_amplitude"), ("high-pitched", "median_frequency_hz"))
"""Figures 8a and 8b: an adjective, and what is measured in the exemplars of neurons with and without it."""

UNITS = {"hz": "Hz", "db": "dB", "dbfs": "dBFS", "s": "s"}


Found = Mapping[tuple[str, str, str], GroupEffect | None]
"""(network, word, measurement) -> what was found; None where no neuron, or every one, speaks of the word."""


def effects(store: Store, networks: Sequence[Network], pairs: Sequence[tuple[str, str]], seed: int = 0) -> Found:
    """What was found for every network and pair of word and measurement."""
    return {
        (network.name, word, measurement): effect_of(
            queries.clip_measurements(store, network.network_id, word, measurement), seed
        )
        for network in networks
        for word, measurement in pairs
    }


def effect_table(found: Found) -> pd.DataFrame:
    """network, word, measurement, and the columns of `GroupEffect`, which are missing where there was no effect."""
    columns = ["network", "word", "measurement", *(field.name for field in fields(GroupEffect))]
    rows = [
        dict(zip(columns, names, strict=False)) | (asdict(effect) if effect else {}) for names, effect in found.items()
    ]
    return pd.DataFrame(rows, columns=columns)


def effect_of(neurons: pd.DataFrame, seed: int = 0) -> GroupEffect | None:
    """The effect in what `queries.clip_measurements` gave; None where a group is empty."""
    return group_effect(neurons["value"], neurons["has_word"], neurons["top_clip"], seed)


def effect_sentence(effect: GroupEffect, word: str, measurement: str) -> str:
    """What was found, in words: both groups, how far they lie apart, and how sure that is."""
    return (
        f"In the median of {effect.n_with:,} neurons that speak of {word}, clips have a {label(measurement)} of "
        f"{effect.median_with:.4g}; in that of the {effect.n_without:,} others, {effect.median_without:.4g}: "
        f"{direction(effect)}. "
        f"Cliff's delta {effect.delta:+.2f} (95 % interval {effect.low:+.2f} to {effect.high:+.2f}): of pairs of one "
        f"neuron with the word and one without, the one with it has the higher value in {(1 + effect.delta) / 2:.0%}."
    )


def headline(network: str, found: Mapping[tuple[str, str], GroupEffect | None]) -> str:
    """What neurons that speak of some words hear, in one sentence.

    Args:
        found: (word, measurement) -> what was found.
    """
    said = [
        f"the {label(measurement)} of clips is {direction(effect)} where neurons speak of {word} (Cliff's delta "
        f"{effect.delta:+.2f})"
        for (word, measurement), effect in found.items()
        if effect
    ]
    if not said:
        return f"In {network} no two groups can be compared: no neuron, or every one, speaks of the words."
    return f"In {network} {', '.join(said)}."


def direction(effect: GroupEffect) -> str:
    """Where the group with the word lies, as far as its interval says so."""
    return "higher" if effect.low > 0 else "lower" if effect.high < 0 else "neither higher nor lower for sure"


def label(measurement: str) -> str:
    """`median_frequency_hz` as `median frequency (Hz)`: the end of the name is the unit (algorithms/acoustics.py)."""
    name, _, unit = measurement.rpartition("_")
    return f"{name.replace('_', ' ')} ({UNITS[unit]})" if unit in UNITS else measurement.replace("_", " ")
