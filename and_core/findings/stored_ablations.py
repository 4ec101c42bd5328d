"""What a run's own pruning experiments say, the mean over all classes to forget (paper, section 4.3 and Table 4)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from and_core.algorithms.ablation.bootstrap import Estimate
from and_core.algorithms.bootstrap import mean_intervals
from and_core.findings.experiment import interval
from and_core.findings.unlearning import TITLES
from and_core.store import queries
from and_core.store.connection import Store
from and_core.store.queries import Network

LEGEND = (
    "Each class is forgotten in an experiment of its own. Delta A is the change of its logit, delta R the mean change "
    "of the others', the gap delta R - delta A. The control is the mean gap of as many random neurons of the same "
    "layers. What the gap has beyond the control comes with a 95 % bootstrap interval over classes."
)
COLUMNS = [
    *("network", "strategy", "classes", "without_neurons", "neurons", "delta_ablated", "delta_remaining", "gap"),
    *("controls", "control_gap", "excess", "low", "high"),
]


def by_class(store: Store, networks: Sequence[Network]) -> pd.DataFrame:
    """network, and the columns of `queries.ablation_deltas`: one row a network, strategy and class."""
    tables = [queries.ablation_deltas(store, network.network_id).assign(network=network.name) for network in networks]
    found = pd.concat(tables, ignore_index=True)
    return found[["network", *found.columns.drop("network")]]


def by_strategy(experiments: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Means over classes, one row a network and strategy.

    Columns: network, strategy, classes, without_neurons (classes that the strategy finds no neuron for), neurons,
    delta_ablated, delta_remaining, gap, controls (random ones beside each experiment), control_gap, excess (gap less
    control_gap; missing without controls), low, high (of its 95 % bootstrap interval over classes).

    Args:
        experiments: as `by_class`.
        seed: of the bootstrap.
    """
    rows = []
    for (network, strategy), own in experiments.groupby(["network", "strategy"], sort=False):
        excess = (own["gap"] - own["control_gap"]).to_numpy(np.float64)
        low, high = mean_intervals(excess[:, None], seed)[:, 0].tolist()
        means = own[["delta_ablated", "delta_remaining", "gap", "control_gap"]].mean(skipna=False)
        rows.append(
            {
                "network": network,
                "strategy": strategy,
                "classes": len(own),
                "without_neurons": int((own["neuron_count"] == 0).sum()),
                "neurons": own["neuron_count"].mean(),
                "controls": int(own["controls"].min()),
                "excess": excess.mean(),
                "low": low,
                "high": high,
                **means.to_dict(),
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def sentence(row: pd.Series) -> str:
    """What a row of `by_strategy` says."""
    verb, gap = ("less", -row["gap"]) if row["gap"] < 0 else ("more", row["gap"])
    title = TITLES.get(row["strategy"], row["strategy"])
    said = (
        f"{row['network']}: {title} pruning takes {gap:.2f} logits {verb} from the class to forget than from the others"
    )
    over = f"the mean over {row['classes']} {'class' if row['classes'] == 1 else 'classes'}"
    if pd.isna(row["excess"]):
        return f"{said}, {over}; the run has no random control beside it."
    beyond = Estimate(row["excess"], row["low"], row["high"])
    verdict = "more than chance" if beyond.low > 0 else "less than chance" if beyond.high < 0 else "no more than chance"
    return f"{said}, matched random neurons {row['control_gap']:.2f}: {verdict}, by {interval(beyond)}, {over}."
