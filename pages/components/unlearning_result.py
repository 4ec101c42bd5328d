"""What a network forgot, class by class and strategy by strategy: figures, tables, and the paper's own."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from and_core.findings import paper
from and_core.findings.unlearning import (
    Forgotten,
    Unlearning,
    class_table,
    over_classes,
    stored_table,
    strategy_table,
)
from and_core.findings.unlearning_sentences import TITLES
from pages.components import finding_charts, links, lists
from pages.components.store import View
from pages.components.table_twin import download, number_columns, twin

STATIC = {"displayModeBar": False}
Case = tuple[str, str]
"""A strategy, and a class to forget."""


@dataclass
class Measured:
    """The experiments of one network, all with the same clips and seeds."""

    found: dict[Case, Forgotten] = field(default_factory=dict)
    classes: list[str] | None = None
    """Those of which clips can be played, once that is known."""
    clips_said: str = ""
    left_out: list[str] = field(default_factory=list)
    """Clips that cannot be read, and why."""

    def of(self, strategies: Iterable[str]) -> list[Forgotten]:
        """What there is of some strategies, strategy by strategy."""
        return [one for strategy in strategies for one in self.found.values() if one.strategy == strategy]

    def rows(self, strategies: Iterable[str]) -> list[Unlearning]:
        """The rows of table 4 that are there."""
        parts = [self.of([strategy]) for strategy in strategies]
        return [over_classes(part) for part in parts if part]


def by_strategy(rows: list[Unlearning]) -> None:
    """Table 4: a row a strategy, beside its matched control."""
    st.subheader("Table 4: gaps by strategy")
    if not rows:
        st.text("Not measured yet.")
        return
    table = strategy_table(rows)
    alt = "Gap of every strategy beside its random control's; the same numbers are in the table below"
    figure = finding_charts.gaps(side_by_side(table, "strategy"))
    st.plotly_chart(figure, key="unlearning_strategies_chart", config=STATIC, alt=alt)
    st.caption(
        "The gap is how many logits more the class to forget lost than the others did: the mean over classes, "
        "and its 95 % interval over clips; of random neurons, over their draws too."
    )
    twin(table, "unlearning", "Deltas, gaps and controls by strategy, with their intervals")


def by_class(view: View, measured: Measured, strategies: list[str]) -> None:
    """The gaps of one strategy's classes, the furthest beyond chance on top; a row opens its class."""
    there = [strategy for strategy in strategies if measured.of([strategy])]
    if not there:
        return
    st.subheader("Class by class")
    strategy = there[0]
    if len(there) > 1:
        strategy = st.segmented_control(
            "Strategy", there, default=there[0], required=True, format_func=TITLES.__getitem__, key="unlearning_shown"
        )
    table = class_table(measured.of([strategy])).sort_values("beyond_chance", ascending=False, ignore_index=True)
    alt = (
        f"Gap of every class pruned by {strategy} beside its random controls'; the same numbers are in the table below"
    )
    figure = finding_charts.gaps(side_by_side(table, "class"))
    st.plotly_chart(figure, key=f"unlearning_classes_{strategy}", config=STATIC, alt=alt)
    leading(view, table, f"unlearning_{strategy}", f"Gaps of classes pruned by {strategy}, with their intervals")


def side_by_side(table: pd.DataFrame, label: str) -> pd.DataFrame:
    """As `finding_charts.gaps` takes it: a row for what pruning did, and one for what random neurons did."""
    names = table[label].map(TITLES).fillna(table[label]).str.replace("_", " ")
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "label": names,
                    "what": what,
                    "gap": table[name],
                    "low": table[f"{name}_low"],
                    "high": table[f"{name}_high"],
                }
            )
            for name, what in (("gap", "pruned"), ("control", "as many random neurons"))
        ]
    )


def own_experiments(view: View, stored: pd.DataFrame) -> None:
    """What the run itself measured, of all classes."""
    if stored.empty:
        return
    st.subheader("The run's own experiments")
    st.text(f"Measured on {stored['clips'].iloc[0]}; means over classes to forget.")
    table = stored_table(stored)
    st.dataframe(table, hide_index=True, column_config=number_columns(), alt="The run's own experiments by strategy")
    leading(view, stored.drop(columns="clips"), "own_unlearning", "The run's own experiments by class")


def leading(view: View, table: pd.DataFrame, name: str, alt: str) -> None:
    """A table of classes; a row opens its class on the page Pruning."""
    with st.expander("Class by class, as a table: a row opens the class on the page Pruning"):
        chosen = lists.leading_table(table, f"{name}_table", alt, number_columns())
        download(table, name)
    if chosen is not None:
        target = chosen["class"] if "class" in table else chosen["class_name"]
        st.switch_page(links.PRUNING, query_params={**links.network_query(view), "class": str(target)})


def of_paper() -> None:
    with st.expander("The paper's own Table 4"):
        columns = {name: st.column_config.NumberColumn(format="%.2f") for name in ("delta A", "delta R", "gap")}
        alt = "The paper's Table 4: three networks on ESC-50"
        st.dataframe(paper.unlearning(), hide_index=True, column_config=columns, alt=alt)
        st.caption(f"{paper.PRINTED} The last column is delta R - delta A, which the paper heads delta A - delta R.")
