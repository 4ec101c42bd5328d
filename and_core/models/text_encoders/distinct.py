"""Embeds every distinct text once."""

from collections.abc import Callable, Sequence

from and_core.models.protocols import FloatArray


def embed_distinct(texts: Sequence[str], embed: Callable[[list[str]], FloatArray]) -> FloatArray:
    """[N texts, D] of what `embed` makes of the distinct ones, in the order of the texts.

    Args:
        embed: distinct texts, at least one, to rows [n, D].
    """
    position = {text: index for index, text in enumerate(dict.fromkeys(texts))}
    return embed(list(position))[[position[text] for text in texts]]
