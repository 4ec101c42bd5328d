"""From a selection to neurons, the surest first."""

import difflib
import fnmatch
import re
import zlib
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from and_core.algorithms.ablation.evidence import Evidence, Neurons
from and_core.algorithms.ablation.selection import (
    Combined,
    Limited,
    Matched,
    Picked,
    Selection,
    Term,
    concepts_of,
)
from and_core.algorithms.ablation.strategies import CLOSED_SIMILARITY, CLOSED_TOP, found
from and_core.errors import SelectionError
from and_core.models.registry import nearest

NAMED = 5
"""Concepts named where the one asked for is nowhere."""


def choose(selection: Selection, evidence: Evidence) -> Neurons:
    """The neurons that a selection means, each once, the surest first.

    Strategies take neurons below the classification head; the head's own only where `in` names it. Neurons of which a
    ranking holds several for equal are put in an order by chance, so that the first n of them are not those of the
    first layers.

    Raises:
        SelectionError: a layer or neuron that the network does not have, or the run lacks what a strategy reads.
    """
    return _chosen(selection, evidence, _Scope())


def some(selection: Selection, evidence: Evidence) -> Neurons:
    """As `choose`, where there must be some.

    Raises:
        SelectionError: no neuron is meant; it names the concepts nearest to those asked for that neurons carry.
    """
    neurons = choose(selection, evidence)
    if not len(neurons):
        raise SelectionError(f"No neuron is selected by {selection}.", why_none(selection, evidence))
    return neurons


def why_none(selection: Selection, evidence: Evidence) -> str:
    """What a person can do where a selection means no neuron: the nearest concepts that some neuron carries."""
    hints = []
    for strategy, concept in concepts_of(selection):
        known = carried_concepts(strategy, evidence)
        if concept not in known:
            close = difflib.get_close_matches(concept.lower(), known, n=NAMED, cutoff=0.5) or known[:NAMED]
            hints.append(f"Nearest to {concept!r} that {strategy} knows: {', '.join(close) or 'nothing'}.")
    return " ".join(hints) or "Choose more layers, or another strategy."


def carried_concepts(strategy: str, evidence: Evidence) -> list[str]:
    """Every concept or word by which a strategy finds a neuron, the one of most neurons first."""
    if strategy in CLOSED_SIMILARITY:
        picks = evidence.picks[(evidence.picks["method"] == strategy) & (evidence.picks["rank"] <= CLOSED_TOP)]
        similarity = CLOSED_SIMILARITY[strategy]
        picks = picks if similarity is None else picks[picks["similarity"] == similarity]
        return list(picks["concept"].value_counts().index)
    part = "adjective" if strategy == "adjective" else "noun"
    return list(evidence.words.loc[evidence.words["part_of_speech"] == part, "word"].value_counts().index)


@dataclass(frozen=True)
class _Scope:
    """Which neurons are considered, and the seed of what is left to chance."""

    layers: npt.NDArray[np.bool_] | None = None
    """[layers]; None where nothing was said: every hidden layer."""
    seed: int = 0

    def of(self, evidence: Evidence) -> npt.NDArray[np.bool_]:
        """[J] whether a neuron is considered."""
        hidden = np.array([not layer.is_head for layer in evidence.layers])
        considered: npt.NDArray[np.bool_] = (hidden if self.layers is None else self.layers)[evidence.layer_of]
        return considered

    def order(self, evidence: Evidence, purpose: str) -> npt.NDArray[np.int64]:
        """[J] a place of each neuron in an order drawn by chance, another one for each purpose: a control must not draw
        just those neurons that a tie put first, nor those of the control of another concept."""
        return np.random.default_rng([self.seed, zlib.crc32(purpose.encode())]).permutation(evidence.neuron_count)


def _chosen(selection: Selection, evidence: Evidence, scope: _Scope) -> Neurons:
    match selection:
        case Term():
            return _of_term(selection, evidence, scope)
        case Picked(neurons):
            ids = np.array([_neuron_id(evidence, layer, position) for layer, position in neurons], np.int64)
            ids = ids[np.sort(np.unique(ids, return_index=True)[1])]
            return ids if scope.layers is None else ids[scope.of(evidence)[ids]]
        case Matched(of):
            order = scope.order(evidence, str(of))
            return _matched(_chosen(of, evidence, scope), evidence, order)
        case Combined(left, operator, right):
            first, second = _chosen(left, evidence, scope), _chosen(right, evidence, scope)
            if operator == "-":
                return first[~np.isin(first, second)]
            return np.concatenate([first, second[~np.isin(second, first)]])
        case Limited():
            return _limited(selection, evidence, scope)


def _of_term(term: Term, evidence: Evidence, scope: _Scope) -> Neurons:
    considered = scope.of(evidence)
    if term.strategy == "random":
        drawn = np.argsort(scope.order(evidence, "random"))
        return drawn[considered[drawn]]
    everywhere = found(term, evidence)
    inside = considered[everywhere.neurons]
    neurons, keys = everywhere.neurons[inside], [key[inside] for key in everywhere.keys]
    ties = neurons if term.strategy == "all" else scope.order(evidence, "ties")[neurons]
    return neurons[np.lexsort([ties, *(-key for key in reversed(keys))])]


def _matched(neurons: Neurons, evidence: Evidence, order: npt.NDArray[np.int64]) -> Neurons:
    """As many neurons of every layer, those that come first in an order drawn by chance."""
    counts = np.bincount(evidence.layer_of[neurons], minlength=len(evidence.layers))
    drawn = [
        layer_start + np.argsort(order[layer_start:layer_end])[:count]
        for layer_start, layer_end, count in zip(evidence.starts[:-1], evidence.starts[1:], counts, strict=True)
    ]
    together = np.concatenate(drawn)
    return together[np.argsort(order[together])]


def _limited(limited: Limited, evidence: Evidence, scope: _Scope) -> Neurons:
    if limited.seed is not None:
        scope = replace(scope, seed=limited.seed)
    if limited.places:
        inside = _layers_in(limited.places, evidence)
        scope = replace(scope, layers=inside if scope.layers is None else inside & scope.layers)
    neurons = _chosen(limited.of, evidence, scope)
    if limited.percent is not None:
        return neurons[: round(limited.percent / 100 * int(scope.of(evidence).sum()))]
    return neurons[: limited.first]


def _layers_in(places: tuple[str, ...], evidence: Evidence) -> npt.NDArray[np.bool_]:
    """[layers] whether each is in one of the places."""
    inside = np.zeros(len(evidence.layers), bool)
    for place in places:
        here = np.array([_is_in(place, layer.name, layer.depth) for layer in evidence.layers])
        if not here.any():
            deepest = max(layer.depth for layer in evidence.layers)
            raise SelectionError(
                f"The network has no layer {place!r}.",
                f"Its layers have depths 1 to {deepest}. {nearest(place, [layer.name for layer in evidence.layers])}",
            )
        inside |= here
    return inside


def _is_in(place: str, name: str, depth: int) -> bool:
    depths = re.fullmatch(r"depth:(\d+)(?:-(\d+))?", place)
    if depths:
        return int(depths[1]) <= depth <= int(depths[2] or depths[1])
    return fnmatch.fnmatchcase(name, place)


def _neuron_id(evidence: Evidence, layer: str, position: int) -> int:
    if layer not in evidence.ranges:
        raise SelectionError(f"The network has no layer {layer!r}.", nearest(layer, list(evidence.ranges)))
    neurons = evidence.ranges[layer]
    if position >= len(neurons):
        raise SelectionError(f"There is no neuron {layer}#{position}.", f"{layer} has neurons 0 to {len(neurons) - 1}.")
    return neurons[position]
