"""A batch is played in parts, a thread each: nothing else may change."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from and_core.models.networks.huggingface import HuggingFaceNetwork
from and_core.models.networks.side_by_side import SideBySide
from and_core.models.protocols import FloatArray

CPU = torch.device("cpu")
LAYERS = ("layer1_intermediate", "layer4_output", "fc")
NEURONS = {"layer2_output": [3, 5], "layer3_intermediate": [0, 80]}


@pytest.fixture
def threads() -> Iterator[Callable[[int], None]]:
    """`threads(2)`: as if torch might use two."""
    own = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(own)


@pytest.fixture
def features(project: Path) -> list[FloatArray]:
    chance = np.random.default_rng(0)
    network = HuggingFaceNetwork(project / "assets" / "ast-foley")
    return network.features(list(chance.normal(0, 0.1, (11, 48_000)).astype(np.float32)))


@pytest.mark.parametrize(("items", "parts"), [(7, [2, 2, 3]), (2, [1, 1]), (1, [1])])
def test_parts_are_of_nearly_the_same_length_and_none_is_empty(
    threads: Callable[[int], None], items: int, parts: list[int]
) -> None:
    threads(3)
    cut = SideBySide(CPU, batch_size=16).parts(range(items))
    assert [len(part) for part in cut] == parts
    assert [item for part in cut for item in part] == list(range(items))


def test_each_part_has_a_thread_of_its_own_and_later_threads_are_as_they_were(threads: Callable[[int], None]) -> None:
    threads(5)
    side_by_side, together = SideBySide(CPU, batch_size=2), threading.Barrier(2)

    def work(_part: object) -> tuple[int, int]:
        together.wait(timeout=30)
        return threading.get_ident(), torch.get_num_threads()

    (first, threads_of_first), (second, _) = side_by_side.map(work, side_by_side.parts("ab"))
    assert first != second
    assert threads_of_first == 2  # of five threads for two parts
    later: list[int] = []
    thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert later == [torch.get_num_threads()] == [5]


def test_where_one_fails_the_others_end_first(threads: Callable[[int], None]) -> None:
    threads(2)
    side_by_side, ended = SideBySide(CPU, batch_size=2), threading.Event()

    def work(part: str) -> None:
        if part == "a":
            raise RuntimeError("no memory")
        ended.wait(timeout=0.2)
        ended.set()

    with pytest.raises(RuntimeError, match="no memory"):
        side_by_side.map(work, ["a", "b"])
    assert ended.is_set()


def test_a_network_answers_as_it_does_in_one_thread(
    project: Path, threads: Callable[[int], None], features: list[FloatArray]
) -> None:
    answers = []
    for count in (1, 3):
        threads(count)
        network = HuggingFaceNetwork(project / "assets" / "ast-foley", batch_size=8)
        whole = network.forward_features(features, LAYERS)
        with network.ablated(NEURONS):
            pruned = network.forward_features(features, LAYERS)
        replay = network.replay(features)
        resumed = [batch for _ in range(2) for batch in replay.without(NEURONS)]
        answers.append((whole, pruned, resumed))
    for (logits, activations), (expected, expected_activations) in zip(answers[0][:2], answers[1][:2], strict=True):
        np.testing.assert_allclose(logits, expected, atol=1e-5)
        for layer in LAYERS:
            np.testing.assert_allclose(activations[layer], expected_activations[layer], atol=1e-5)
    for one, other in zip(answers[0][2], answers[1][2], strict=True):
        assert one.clips == other.clips
        np.testing.assert_allclose(one.logits, other.logits, atol=1e-5)
        np.testing.assert_allclose(one.logits, answers[0][1][0][one.clips], atol=1e-5)
        np.testing.assert_allclose(one.representations, other.representations, atol=1e-5)
