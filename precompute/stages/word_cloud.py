"""Draws the words of a cluster: the more often one stands there, the larger it is (paper, Table 8)."""

from collections.abc import Mapping
from io import BytesIO

import numpy as np
from wordcloud import WordCloud

WIDTH, HEIGHT = 480, 280
COLOURS = ("#12978b", "#d9622b", "#6a6fe0", "#b98a1c")
"""Of the app's charts: they hold on light and on dark, as the picture has no background."""


def word_cloud(words: Mapping[str, int], seed: int = 0) -> bytes:
    """A PNG of 480 x 280 pixels with a transparent background, in the font that the wordcloud package brings.

    Args:
        words: word -> how often it stands there; at least one word.
        seed: of where words are placed and what colour they have.
    """
    colours = np.random.default_rng(seed)
    cloud = WordCloud(
        width=WIDTH,
        height=HEIGHT,
        mode="RGBA",
        background_color=None,
        prefer_horizontal=1.0,
        random_state=seed,
        color_func=lambda *_, **__: COLOURS[colours.integers(len(COLOURS))],
    )
    picture = BytesIO()
    cloud.generate_from_frequencies(dict(words)).to_image().save(picture, "PNG", optimize=True)
    return picture.getvalue()
