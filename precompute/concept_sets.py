"""Which concept set a run's configuration names: D_c of module A."""

from collections.abc import Sequence
from pathlib import Path

from and_core.errors import ConfigError
from and_core.models.concept_sets.reading import read_concepts
from and_core.models.concept_sets.shipped import SHIPPED
from and_core.models.registry import nearest

CLASSES = "classes"
SETTING = "a_closed_concept.concepts"


def concept_set(source: str, class_names: Sequence[str]) -> tuple[str, ...]:
    """The concepts that `a_closed_concept.concepts` names.

    Args:
        source: `classes`, the name of a shipped set, or a text file with one concept a line.
        class_names: of the data set; none of them makes an empty set for `classes`.

    Raises:
        ConfigError: there is no such set or file, or it holds no concept.
    """
    if source == CLASSES:
        return tuple(class_names)
    if source in SHIPPED:
        return SHIPPED[source]()
    remedy = f"Give a text file (UTF-8) with one concept a line, or a set. {nearest(source, [CLASSES, *SHIPPED])}"
    try:
        concepts = read_concepts(Path(source))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{SETTING} = {source!r} cannot be read: {error}.", remedy) from error
    if not concepts:
        raise ConfigError(f"{SETTING} = {source!r} holds no concept.", remedy)
    return concepts
