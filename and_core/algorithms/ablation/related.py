"""Which classes are about nearly the same as the one to forget, by the likeness of their names."""

from collections.abc import Sequence

from and_core.algorithms.a_closed_concept.description_based import unit_rows
from and_core.algorithms.evaluation import normalised_name
from and_core.models.protocols import TextEncoder


def related_concepts(concept: str, names: Sequence[str], encoder: TextEncoder) -> dict[str, float]:
    """Name -> cosine of its embedding with the concept's, the most alike first; the concept itself is left out."""
    others = [name for name in names if normalised_name(name) != normalised_name(concept)]
    if not others:
        return {}
    embedded = unit_rows(encoder.embed([normalised_name(name) for name in (concept, *others)]))
    cosines = (embedded[1:] @ embedded[0]).tolist()
    return dict(sorted(zip(others, cosines, strict=True), key=lambda pair: -pair[1]))
