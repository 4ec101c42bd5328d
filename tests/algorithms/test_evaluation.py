"""Last-layer evaluation."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from and_core.algorithms.evaluation import LastLayerConcepts, last_layer_evaluation, name_cosines, normalised_name
from and_core.algorithms.last_layer_of_paper import NETWORKS, TABLE_7, paper_scores


class LetterEncoder:
    """Embeds a text as how often it has each letter; counts what it was asked."""

    name = "letters"
    fingerprint = "letters"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        return np.array([[text.count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts], np.float32)


def entry(
    class_name: str, *concepts: str, network: str = "toy", similarity: str = "cos", cosine: float | None = None
) -> LastLayerConcepts:
    return LastLayerConcepts(network, "description_based", similarity, class_name, concepts, cosine)


@pytest.mark.parametrize("name", ["sea_waves", "Sea-Waves", " sea  waves ", "SEA WAVES"])
def test_names_are_compared_without_case_and_joints(name: str) -> None:
    assert normalised_name(name) == "sea waves"


def test_shares_and_cosine_by_hand() -> None:
    rows = [
        entry("ab", "AB", "c", "d", "e", "f", cosine=1),
        entry("c_d", "x", "c", "d", "e", "C-D", cosine=0),
        entry("ab", "ac", "q", "r", "s", "t", "ab", cosine=0.5),
        entry("z"),
    ]
    assert [row.class_rank for row in rows] == [1, 5, 6, None]
    (score,) = last_layer_evaluation(rows)
    assert (score.n, score.top1, score.top5) == (4, 1 / 4, 2 / 4)
    assert score.cosine == pytest.approx((1 + 0 + 0.5 + 0) / 4)


def test_every_figure_has_an_interval_around_it() -> None:
    rows = [entry("a", "a", cosine=1.0)] * 8 + [entry("b", "a", "b", cosine=0.2)] * 2
    (score,) = last_layer_evaluation(rows)
    assert score.top1_interval[0] < score.top1 < score.top1_interval[1] <= 1
    assert score.top5_interval == (1, 1)
    assert score.cosine_interval[0] < score.cosine < score.cosine_interval[1]
    assert last_layer_evaluation(rows, seed=1) == last_layer_evaluation(rows, seed=1)


def test_every_network_method_and_function_has_its_row() -> None:
    rows = [entry("a", "a"), entry("a", "b", similarity="wpmi"), entry("a", "a", network="other"), entry("b", "a")]
    scores = last_layer_evaluation(rows)
    found = [(score.network, score.method, score.similarity, score.n, score.top1) for score in scores]
    assert found == [
        ("toy", "description_based", "cos", 2, 0.5),
        ("toy", "description_based", "wpmi", 1, 0),
        ("other", "description_based", "cos", 1, 1),
    ]


def test_no_output_neuron_gives_no_rows() -> None:
    assert last_layer_evaluation([]) == []


def test_every_name_is_embedded_once() -> None:
    encoder = LetterEncoder()
    cosines = name_cosines(["Sea waves", "rain", "ab"], ["sea-waves", "rain"], encoder)
    assert encoder.asked == ["ab", "rain", "sea waves"]
    assert cosines.shape == (3, 2)
    assert cosines[0, 0] == pytest.approx(1)
    assert cosines[2, 1] == pytest.approx(1 / (np.sqrt(2) * np.sqrt(4)))  # one `a` in two letters and in four


@given(name=st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1))
def test_a_name_has_a_cosine_of_one_with_itself_and_not_more(name: str) -> None:
    [[cosine]] = name_cosines([name], [name], LetterEncoder())
    assert 1 - 1e-6 <= cosine <= 1


def test_the_papers_best_function_of_each_method_is_its_table_2() -> None:
    table_2 = {
        "in_context": ("72 / 60 / 0.83", "52 / 56 / 0.68", "16 / 16 / 0.37"),
        "text_audio_based": ("96 / 100 / 0.98", "74 / 92 / 0.82", "46 / 72 / 0.60"),
        "description_based": ("100 / 100 / 1.00", "76 / 100 / 0.83", "58 / 82 / 0.69"),
    }
    for method, printed in table_2.items():
        of_method = [paper_scores(*function) for function in TABLE_7 if function[0] == method]
        best = [max((scores[network] for scores in of_method), key=lambda s: s.top1) for network in NETWORKS]
        assert tuple(map(str, best)) == printed


def test_the_paper_has_no_figures_of_other_functions() -> None:
    assert paper_scores("in_context", "cos") == {}
