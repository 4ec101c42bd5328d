"""The paper's own values, to stand beside those of a run. They are of ESC-50 and large networks."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from and_core.algorithms.ablation.importance import PERCENTAGES

SOURCE = "Read off the paper's figures: AST and BEATs on ESC-50, captioned by SALMONN and summarized by Llama 2."
PRINTED = "As the paper prints it: AST and BEATs on ESC-50, captioned by SALMONN and summarized by Llama 2."


def adjectives() -> pd.DataFrame:
    """network, rank, word, neurons, share: the ten commonest of each network (Figures 3 and 9), as `commonest`."""
    found = _values()
    rows = [
        {"network": network, "rank": rank, "word": word, "neurons": count, "share": count / found["neurons"][network]}
        for network, words in found["adjectives"].items()
        for rank, (word, count) in enumerate(words.items(), start=1)
    ]
    return pd.DataFrame(rows)


def by_block() -> pd.DataFrame:
    """network, training, depth, adjectives (Figure 5), interpretable (one less Figure 6), twelve blocks a network."""
    found = _values()
    rows = [
        {
            "network": network,
            "training": found["training"][network],
            "depth": depth,
            "adjectives": words,
            "interpretable": 1 - uninterpretable,
        }
        for network, means in found["adjectives_per_neuron"].items()
        for depth, (words, uninterpretable) in enumerate(
            zip(means, found["uninterpretable_share"][network], strict=True), start=1
        )
    ]
    return pd.DataFrame(rows)


def by_kind() -> pd.DataFrame:
    """kind, depth, uninterpretable: AST's share by kind of layer, as the authors' notebook prints it."""
    shares = _values()["uninterpretable_share_by_kind"]
    return pd.DataFrame(
        [
            {"kind": kind, "depth": depth, "uninterpretable": share}
            for kind, blocks in shares.items()
            for depth, share in enumerate(blocks, start=1)
        ]
    )


def accuracy_when_pruned() -> pd.DataFrame:
    """strategy, percent, accuracy: AST without ever more of its neurons (Figure 4)."""
    return pd.DataFrame(
        [
            {"strategy": strategy, "percent": percent, "accuracy": accuracy}
            for strategy, values in _values()["accuracy_when_pruned"].items()
            for percent, accuracy in zip(PERCENTAGES, values, strict=True)
        ]
    )


def unlearning() -> pd.DataFrame:
    """network, strategy, neurons, delta A, delta R, gap: Table 4."""
    columns = ["network", "strategy", "neurons", "delta A", "delta R", "gap"]
    return pd.DataFrame(
        [
            (network, strategy, *numbers)
            for network, strategies in _values()["unlearning"].items()
            for strategy, numbers in strategies.items()
        ],
        columns=columns,
    )


@cache
def _values() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "paper.toml").read_text(encoding="utf-8"))
