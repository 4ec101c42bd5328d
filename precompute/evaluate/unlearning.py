"""What does a network forget when the neurons of a concept are pruned? (Table 4 of the paper)"""

from collections.abc import Iterator, Sequence

import pandas as pd

from and_core.algorithms.ablation.experiment import Bench
from and_core.findings import paper
from and_core.findings.bench import Say
from and_core.findings.experiment import interval
from and_core.findings.unlearning import Forgotten, Unlearning, forget
from and_core.findings.unlearning_sentences import LEGEND, finding, relearning_sentence, without_neurons_sentence


def unlearning(
    bench: Bench, strategies: Sequence[str], seeds: Sequence[int], places: tuple[str, ...], relearn: bool, say: Say
) -> Iterator[list[Forgotten]]:
    """Prune for every class that has clips, a list a strategy; with `relearn`, fit a head anew each time."""
    for strategy in strategies:
        found = []
        for label in bench.clips.classes.tolist():
            say(f"{bench.network}: {strategy}:{bench.class_names[label]}")
            found.append(forget(bench, strategy, label, seeds, places, relearn))
        yield found


def unlearning_tables(found: Sequence[Unlearning]) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """The run's table and the paper's, under their titles; and what they say."""
    own = pd.DataFrame(
        {
            "network": one.network,
            "strategy": one.strategy,
            "neurons": f"{one.pruned:,.0f}",
            "delta A": interval(one.deltas.ablated),
            "delta R": interval(one.deltas.remaining),
            "gap": interval(one.deltas.gap),
            "control's gap": interval(one.control.gap),
            "gap - control's": interval(one.excess),
        }
        for one in found
    )
    said = {}
    for network in dict.fromkeys(one.network for one in found):
        of_network = [one for one in found if one.network == network]
        said[network] = f"{network}: {finding(of_network)}"
        for one in of_network:
            for about, sentence in (
                ("no neuron", without_neurons_sentence(one)),
                ("relearned", relearning_sentence(one)),
            ):
                said |= {f"{network}: {one.strategy}, {about}": f"{network}: {sentence}"} if sentence else {}
    return {"the run": own, "the paper's Table 4": paper.unlearning()}, said | {"legend": LEGEND}
