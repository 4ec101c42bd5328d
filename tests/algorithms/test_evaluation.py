"""Last-layer evaluation."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from and_core.algorithms.evaluation import LastLayerConcepts, last_layer_evaluation, normalised_name


class LetterEncoder:
    """Embeds a text as how often it has each letter; counts what it was asked."""

    name = "letters"
    fingerprint = "letters"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        return np.array([[text.count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts], np.float32)


def entry(class_name: str, *concepts: str, network: str = "toy", similarity: str = "cos") -> LastLayerConcepts:
    return LastLayerConcepts(network, "description_based", similarity, class_name, concepts)


@pytest.mark.parametrize("name", ["sea_waves", "Sea-Waves", " sea  waves ", "SEA WAVES"])
def test_names_are_compared_without_case_and_joints(name: str) -> None:
    assert normalised_name(name) == "sea waves"


def test_shares_and_cosine_by_hand() -> None:
    rows = [
        entry("ab", "AB", "c", "d", "e", "f"),
        entry("c_d", "x", "c", "d", "e", "C-D"),
        entry("ab", "ac", "q", "r", "s", "t", "ab"),
        entry("z"),
    ]
    (score,) = last_layer_evaluation(rows, LetterEncoder())
    assert (score.n, score.top1, score.top5) == (4, 1 / 4, 2 / 4)
    assert score.cosine == pytest.approx((1 + 0 + 0.5 + 0) / 4)


def test_every_network_method_and_function_has_its_row() -> None:
    rows = [entry("a", "a"), entry("a", "b", similarity="wpmi"), entry("a", "a", network="other"), entry("b", "a")]
    scores = last_layer_evaluation(rows, LetterEncoder())
    found = [(score.network, score.method, score.similarity, score.n, score.top1) for score in scores]
    assert found == [
        ("toy", "description_based", "cos", 2, 0.5),
        ("toy", "description_based", "wpmi", 1, 0),
        ("other", "description_based", "cos", 1, 1),
    ]


def test_every_name_is_embedded_once() -> None:
    encoder = LetterEncoder()
    last_layer_evaluation([entry("sea_waves", "Sea waves"), entry("sea-waves", "rain"), entry("rain", "rain")], encoder)
    assert encoder.asked == ["rain", "sea waves"]


def test_no_output_neuron_gives_no_rows() -> None:
    assert last_layer_evaluation([], LetterEncoder()) == []


@given(name=st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1))
def test_a_right_answer_has_a_cosine_of_one_and_not_more(name: str) -> None:
    (score,) = last_layer_evaluation([entry(name, name)], LetterEncoder())
    assert 1 - 1e-6 <= score.cosine <= 1
