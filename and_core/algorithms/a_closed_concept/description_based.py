"""Concept features from captions: the description-based method (DB) of module A (paper, section 3.3, figure 2a)."""

from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


def concept_text(name: str, template: str = "{}") -> str:
    """Write a concept's name as the text encoder should read it: underscores become spaces.

    Args:
        name: as in the concept set, e.g. `sea_waves`.
        template: text around the name, with `{}` where it goes, e.g. "the sound of {}".

    Raises:
        ValueError: the template has no place for the name.
    """
    if "{}" not in template:
        raise ValueError(f"the template {template!r} holds no {{}} to put the concept's name in")
    return template.replace("{}", " ".join(name.replace("_", " ").split()))


def concept_features(
    caption_embeddings: FloatArray,
    concept_embeddings: FloatArray,
    feature: Literal["softmax", "cosine"] = "softmax",
    temperature: float = 100,
) -> FloatArray:
    """Say how much each clip, through its caption, has of each concept: v_c for every concept c.

    Args:
        caption_embeddings: [N, D] embedded captions; need not be of unit length.
        concept_embeddings: [M, D] embedded concepts, by the same text encoder.
        feature: "cosine" is e_c . e_d as in section 3.3; "softmax" is the softmax over the concepts of
            temperature x cosine, as in the released code: which concept the caption speaks of.
        temperature: factor on the cosine before the softmax.

    Returns:
        [N, M] float32. The cosine with an all-zero embedding is 0.

    Raises:
        ValueError: `feature` is something else.
    """
    if feature not in ("softmax", "cosine"):
        raise ValueError(f"no concept feature is called {feature!r}; there are softmax and cosine")
    features = unit_rows(caption_embeddings) @ unit_rows(concept_embeddings).T
    if feature == "cosine":
        return features
    features *= np.float32(temperature)
    features -= features.max(axis=1, keepdims=True)
    np.exp(features, out=features)
    features /= features.sum(axis=1, keepdims=True)
    return features


def unit_rows(embeddings: npt.NDArray[np.floating]) -> FloatArray:
    """Rows of [N, D] divided by their length, float32; an all-zero row stays as it is."""
    rows = np.asarray(embeddings, np.float32)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    length[length == 0] = 1
    return rows / length
