"""The five similarity functions against the reference's results, by hand, and by their properties."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from and_core.algorithms import exemplars as exemplars_module
from and_core.algorithms.a_closed_concept.similarity import (
    SIMILARITIES,
    rank_reorder,
    ranked_concepts,
    similarity,
    soft_wpmi,
    soft_wpmi_of_top_clips,
    wpmi,
)
from and_core.algorithms.exemplars import constant_neurons

ALL = sorted(SIMILARITIES)
KEYS = {
    "cos": "cos",
    "cos_cubed": "cubed",
    "wpmi": "wpmi",
    "soft_wpmi": "softwpmi",
    "rank_reorder": "rank_closed",
}
TOLERANCE = {
    "cos": {"atol": 1e-5, "rtol": 0},
    "cos_cubed": {"atol": 1e-5, "rtol": 0},
    "wpmi": {"atol": 1e-3, "rtol": 0},
    "soft_wpmi": {"atol": 2e-3, "rtol": 0},
    "rank_reorder": {"atol": 0, "rtol": 5e-4},
}
CASES = ["a_db", "b_tab", "b2_tab_softmax", "c1_smallN", "c1_const", "c2_degenerate", "d_large"]
NOT_COMPARABLE = {("b2_tab_softmax", "rank_reorder"), ("c1_const", "rank_reorder")}
NOT_COMPARABLE |= {("c1_const", "soft_wpmi"), ("c2_degenerate", "wpmi"), ("c2_degenerate", "soft_wpmi")}
"""The reference has no result here, or one that hangs on how it broke ties."""
COMPARABLE = [(case, name) for case in CASES for name in ALL if (case, name) not in NOT_COMPARABLE]


@pytest.fixture(scope="module")
def golden(shared: Path) -> np.lib.npyio.NpzFile:
    return np.load(shared / "golden" / "similarity.npz")


def arrays_of(golden: np.lib.npyio.NpzFile, case: str) -> tuple[np.ndarray, np.ndarray]:
    activations = golden["b_tab/A" if case == "b2_tab_softmax" else f"{case}/A"]
    return activations.T, golden[f"{case}/P"]


def example(seed: int = 0, neurons: int = 12, clips: int = 150, concepts: int = 9) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return (
        rng.normal(size=(neurons, clips)).astype(np.float32),
        rng.random((clips, concepts)).astype(np.float32),
    )


@pytest.mark.parametrize(("case", "name"), COMPARABLE)
def test_each_function_equals_the_reference(golden: np.lib.npyio.NpzFile, case: str, name: str) -> None:
    expected = golden[f"{case}/{KEYS[name]}"]
    found = similarity(name, *arrays_of(golden, case))
    if (case, name) == ("c2_degenerate", "rank_reorder"):  # elsewhere the result hangs on how ties were broken
        comparable = golden["c2_degenerate/rank_comparable"]
        expected, found = expected[comparable], found[comparable]
    assert found.dtype == np.float32
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    np.testing.assert_array_equal(np.isneginf(found), np.isneginf(expected))
    np.testing.assert_allclose(found, expected, **TOLERANCE[name])


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("case", ["a_db", "b_tab", "d_large"])
def test_the_best_concept_is_the_references(golden: np.lib.npyio.NpzFile, case: str, name: str) -> None:
    expected = golden[f"{case}/{KEYS[name]}"]
    found = similarity(name, *arrays_of(golden, case))
    np.testing.assert_array_equal(found.argmax(axis=1), expected.argmax(axis=1))


def test_settings_of_the_functions_mean_what_they_mean_in_the_reference(golden: np.lib.npyio.NpzFile) -> None:
    pair = arrays_of(golden, "a_db")
    soft = soft_wpmi(*pair, top_k=20, a=5, lam=0.7, p_start=0.99, p_end=0.9)
    np.testing.assert_allclose(soft, golden["a_db/softwpmi_k20_a5_lam0.7_p0.99_0.9"], atol=2e-3)
    np.testing.assert_allclose(wpmi(*pair, top_k=10, a=4, lam=0.9), golden["a_db/wpmi_k10_a4_lam0.9"], atol=1e-3)
    rank = rank_reorder(*pair, p=2, top_fraction=0.2, scale_p=1)
    np.testing.assert_allclose(rank, golden["a_db/rank_p2_f0.2_s1_closed"], rtol=5e-4)


def test_soft_wpmi_of_given_top_clips_equals_the_reference(golden: np.lib.npyio.NpzFile) -> None:
    found = soft_wpmi_of_top_clips(golden["c1_const/softwpmi_topk_inds"].T, golden["c1_const/P"])
    np.testing.assert_allclose(found, golden["c1_const/softwpmi"], atol=2e-3)


@pytest.mark.parametrize("name", ["cos", "cos_cubed", "wpmi", "soft_wpmi", "rank_reorder"])
def test_raw_cosines_over_all_clips_equal_the_papers_formula(golden: np.lib.npyio.NpzFile, name: str) -> None:
    found = similarity(name, golden["a_db/A"].T, golden["e_paper/P_rawcos"])
    np.testing.assert_allclose(found, golden[f"e_paper/{KEYS[name]}"], **TOLERANCE[name])


@pytest.mark.parametrize("case", ["a_db", "b_tab"])
def test_the_references_random_baseline_is_one_factor_a_neuron(golden: np.lib.npyio.NpzFile, case: str) -> None:
    found, expected = rank_reorder(*arrays_of(golden, case)), golden[f"{case}/rank_mean"]
    for ours, theirs in zip(found, expected, strict=True):
        comparable = np.isfinite(theirs) & (theirs != 0)
        ratio = theirs[comparable] / ours[comparable]
        np.testing.assert_allclose(ratio, ratio[0], rtol=5e-4)
        assert abs(ratio[0] - 1) < 0.1


def test_rank_reorder_by_hand() -> None:
    """Top activations 3, 2, 1 of a neuron; one concept that orders the clips as it does, one that reverses them."""
    activations = np.array([[3, 2, 1]], np.float32)
    concepts = np.array([[0.9, 0.1], [0.5, 0.5], [0.1, 0.9]], np.float32)
    same, reversed_ = rank_reorder(activations, concepts, p=2, top_fraction=1)[0]
    # All nine ordered pairs: the squared differences 0, 1 and 4 stand there 3, 4 and 2 times: 12 / 9.
    # Reversed: (4 + 0 + 4) / 3. Both concepts have the mean score 0.5 on these clips.
    assert same == 0
    assert reversed_ == pytest.approx(-(8 / 3) / (12 / 9) / 0.5**0.5)


def test_ranks_and_the_sorting_permutation_differ_for_a_cycle() -> None:
    activations = np.array([[5, 3, 0]], np.float32)
    cycle = np.array([[0.2], [0.3], [0.1]], np.float32)  # argsort (2, 0, 1), ranks (1, 2, 0)
    # Rising activations 0, 3, 5. argsort puts 5, 0, 3 against 5, 3, 0; ranks put 3, 5, 0.
    random_error = 2 * (2**1 + 3**1 + 5**1) / 9
    scale = 0.2**0.5
    assert rank_reorder(activations, cycle, 1, 1)[0, 0] == pytest.approx(-(6 / 3) / random_error / scale)
    assert rank_reorder(activations, cycle, 1, 1, order="ranks")[0, 0] == pytest.approx(-(4 / 3) / random_error / scale)


def test_wpmi_without_prior_sums_the_log_probabilities_of_the_top_clips() -> None:
    activations = np.array([[0, 9, 8]], np.float32)
    features = np.log(np.array([[0.5, 0.5], [0.8, 0.2], [0.6, 0.4]], np.float32))
    found = wpmi(activations, features, top_k=2, a=1, lam=0)
    np.testing.assert_allclose(found, [[np.log(0.8 * 0.6), np.log(0.2 * 0.4)]], rtol=1e-5)


def test_one_neuron_alone_has_itself_as_prior() -> None:
    activations, features = example(neurons=1)
    np.testing.assert_allclose(soft_wpmi(activations, features), 0, atol=1e-4)


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000))
def test_permuting_neurons_permutes_rows(name: str, seed: int) -> None:
    activations, features = example(seed)
    order = np.random.default_rng(seed).permutation(len(activations))
    np.testing.assert_allclose(
        similarity(name, activations[order], features), similarity(name, activations, features)[order], atol=1e-4
    )


@pytest.mark.parametrize("name", ["cos", "cos_cubed", "rank_reorder", "wpmi", "soft_wpmi"])
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), scale=st.floats(0.5, 100))
def test_scaling_a_neurons_activations_changes_no_score(name: str, seed: int, scale: float) -> None:
    activations, features = example(seed)
    scaled = similarity(name, (activations * np.float32(scale)), features)
    np.testing.assert_allclose(scaled, similarity(name, activations, features), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ALL)
def test_blocks_change_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    activations, features = example()
    whole = similarity(name, activations, features)
    monkeypatch.setattr(exemplars_module, "BLOCK_NUMBERS", 300)
    monkeypatch.setattr("and_core.algorithms.a_closed_concept.similarity.CONCEPTS_A_BLOCK", 4)
    np.testing.assert_allclose(similarity(name, activations, features), whole, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("clips", [1, 3, 25, 150])
def test_degenerate_neurons_get_a_finite_score_or_no_answer(name: str, clips: int) -> None:
    activations, features = example(clips=clips)
    activations[0], activations[1], activations[2, 1:] = 5, 0, 0
    features[:, 0], features[:, 1] = 0, -1
    scores = similarity(name, activations, features)
    constant = constant_neurons(activations)
    concepts, best, valid = ranked_concepts(scores, 5, constant)
    assert np.isfinite(best).all()
    assert not valid[:2].any()
    assert (concepts[~valid] == -1).all()
    assert (best[~valid] == 0).all()
    assert (concepts[valid] >= 0).all()


def test_ranked_concepts_come_best_first_and_equals_in_order() -> None:
    scores = np.array([[1, 3, 3, np.nan], [-np.inf, np.nan, 2, 1]], np.float32)
    concepts, best, valid = ranked_concepts(scores, 3)
    assert concepts.tolist() == [[1, 2, 0], [2, 3, -1]]
    assert best.tolist() == [[3, 3, 1], [2, 1, 0]]
    assert valid.tolist() == [[True, True, True], [True, True, False]]


def test_a_neuron_for_which_all_concepts_score_alike_has_no_answer() -> None:
    assert not ranked_concepts(np.zeros((1, 4), np.float32), 2).valid.any()
    assert ranked_concepts(np.zeros((1, 1), np.float32), 2).valid.all()


def test_fewer_concepts_than_asked_for_are_all_ranked() -> None:
    assert ranked_concepts(np.array([[1, 2]], np.float32), 5).concepts.tolist() == [[1, 0]]


def test_an_unknown_function_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="soft_wpmi"):
        similarity("pearson", *example())


def test_arrays_over_different_clips_are_refused() -> None:
    activations, features = example()
    with pytest.raises(ValueError, match="150 clips"):
        similarity("cos", activations, features[1:])
