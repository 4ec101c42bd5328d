"""Which neurons does a network need most? (Figure 4 of the paper)"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import pandas as pd

from and_core.algorithms.ablation.experiment import Bench, Pruned
from and_core.algorithms.ablation.importance import PARTS, curve, terms_of
from and_core.findings import paper
from and_core.findings.bench import Say
from and_core.findings.importance import over_seeds, sentences


def importance(bench: Bench, parts: str, seeds: Sequence[int], say: Say) -> Iterator[dict[str, Any]]:
    """The rows of every curve of some parts, each with its network and the parts it belongs to."""
    played: dict[bytes, Pruned] = {}
    for term in terms_of(parts):
        say(f"{bench.network}: {term}")
        belongs = "".join(part for part in parts if term in PARTS[part])
        for row in curve(bench, term, seeds, played):
            yield {"network": bench.network, "part": belongs, **row}


def importance_tables(rows: Sequence[dict[str, Any]]) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """A table a network under its title and the paper's, accuracy by strategy and percentage; and what they say."""
    tables: dict[str, pd.DataFrame] = {}
    said: dict[str, str] = {}
    for network, own in groupby(rows, key=lambda row: str(row["network"])):
        curves = over_seeds(own)
        most = curves.groupby("strategy", sort=False)["neurons"].max().rename("neurons at most")
        tables[f"{network}: accuracy, the mean over seeds"] = wide(curves).join(most, on="strategy")
        said |= {f"{network}: {about}": f"{network}: {sentence}" for about, sentence in sentences(curves).items()}
    return tables | {"the paper's AST": wide(paper.accuracy_when_pruned())}, said


def wide(curves: pd.DataFrame) -> pd.DataFrame:
    """A row a strategy, a column a percentage."""
    table = curves.pivot(index="strategy", columns="percent", values="accuracy").loc[curves["strategy"].unique()]
    return table.rename(columns="{} %".format).reset_index()
