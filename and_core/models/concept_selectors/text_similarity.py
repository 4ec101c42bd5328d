"""The built-in selector of concepts: words in common, and the cosine of sentence embeddings. No language model."""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from and_core.algorithms.b_calibration.points import points
from and_core.algorithms.c_open_concept.parts_of_speech import lemmas_of_name, noun_lemma
from and_core.models.protocols import Answer, FloatArray, TextEncoder

BLOCK = 1024
"""Summaries that are compared with all concepts at once."""
DIGITS = 4
"""Of scores: an encoder's further digits depend on what else is embedded with a text."""


class TextSimilaritySelector:
    """A concept's score is the share of its words that a summary holds plus its best cosine with one of its points.

    Args:
        text_encoder: embeds points and names.
    """

    name = "text similarity"

    def __init__(self, text_encoder: TextEncoder) -> None:
        self._encoder = text_encoder

    @property
    def fingerprint(self) -> str:
        return f"{self.name}:1:{self._encoder.fingerprint}"

    @property
    def provenance(self) -> str:
        return "Concepts picked by words in common and sentence embeddings (demo quality, no language model)."

    def select(self, summaries: Sequence[str], concepts: Sequence[str], k: int) -> list[Answer[list[str]]]:
        """For each summary the names of its k best concepts, the best first; equal ones in the concept set's order."""
        if not concepts:
            return [Answer(None) for _ in summaries]
        names = self._encoder.embed([concept.replace("_", " ") for concept in concepts])
        lemmas = [lemmas_of_name(concept) for concept in concepts]
        chosen: list[Answer[list[str]]] = []
        for start in range(0, len(summaries), BLOCK):
            block = [points(summary) for summary in summaries[start : start + BLOCK]]
            for points_of_one, cosines in zip(block, self._best_cosines(block, names), strict=True):
                scores = np.round(cosines + _shares(points_of_one, lemmas), DIGITS)
                best = np.argsort(-scores, kind="stable")[:k]
                chosen.append(Answer([concepts[i] for i in best] if points_of_one else None))
        return chosen

    def _best_cosines(self, block: Sequence[Sequence[str]], names: FloatArray) -> Iterator[FloatArray]:
        """For each summary [M concepts] the cosine with its nearest point; 0 without points."""
        different = list(dict.fromkeys(point for points_of_one in block for point in points_of_one))
        rows = {point: row for row, point in enumerate(different)}
        cosines = self._encoder.embed(different) @ names.T if different else np.zeros((0, len(names)), np.float32)
        for points_of_one in block:
            found = cosines[[rows[point] for point in points_of_one]]
            yield found.max(axis=0) if points_of_one else np.zeros(len(names), np.float32)


def _shares(points_of_one: Sequence[str], lemmas: Sequence[Sequence[str]]) -> FloatArray:
    """[M concepts] share of each concept's content words that stand in the points; case and plurals aside."""
    said = {noun_lemma(word) for point in points_of_one for word in re.findall(r"[^\W_]+", point.lower())}
    return np.array([sum(word in said for word in words) / max(len(words), 1) for words in lemmas], np.float32)
