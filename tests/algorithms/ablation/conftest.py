"""A network of five neurons in two hidden layers and a head, and what was said of them; and a fake one that plays."""

import numpy as np
import pandas as pd
import pytest

from and_core.algorithms.ablation.bootstrap import Bootstrap
from and_core.algorithms.ablation.evidence import Evidence, LayerPlace
from and_core.algorithms.ablation.experiment import Bench
from and_core.algorithms.ablation.relearning import Probe
from and_core.models.fakes import FakeDataset, FakeNetwork

WORDS = [
    (0, "dog", "noun", 1),
    (0, "loud", "adjective", 1),
    (1, "dog", "noun", 3),
    (1, "bark", "noun", 1),
    (2, "dogma", "noun", 9),
    (2, "dog", "adjective", 9),
    (3, "wave", "noun", 1),
    (3, "loud", "adjective", 2),
    (3, "eerie", "adjective", 4),
    (4, "dog", "noun", 2),
    (5, "dog", "noun", 5),
    (5, "repeat", "verb", 1),
    (4, "under", "preposition", 1),
]
PICKS = [
    (0, "description_based", "cos_cubed", "sea_waves", 1, 0.4),
    (1, "description_based", "cos_cubed", "sea_waves", 1, 0.9),
    (2, "description_based", "cos_cubed", "dog", 1, 0.9),
    (2, "description_based", "cos_cubed", "sea_waves", 3, 0.2),
    (3, "description_based", "cos_cubed", "sea_waves", 4, 0.9),
    (4, "description_based", "cos", "sea_waves", 1, 0.9),
    (4, "in_context", None, "sea_waves", 2, None),
]
CLIPS = 18


@pytest.fixture
def evidence() -> Evidence:
    """Neurons: layer1_output 0, 1, 2; layer2_output 3, 4; fc 5, 6."""
    return Evidence(
        layers=(
            LayerPlace("layer1_output", 3, 1, False),
            LayerPlace("layer2_output", 2, 2, False),
            LayerPlace("fc", 2, 3, True),
        ),
        words=pd.DataFrame(WORDS, columns=["neuron", "word", "part_of_speech", "count"]),
        picks=pd.DataFrame(PICKS, columns=["neuron", "method", "similarity", "concept", "rank", "score"]),
        summary_words=np.array([4, 9, 0, 7, 2, 1, 0]),
        lemmas={"dog": ("dog",), "sea waves": ("sea", "wave")},
    )


@pytest.fixture
def bench() -> Bench:
    """Eight and six hidden neurons, three classes of tones that come in turn."""
    data, network = FakeDataset(CLIPS), FakeNetwork()
    features = network.features([data.clip(index).waveform for index in range(CLIPS)])
    labels = np.arange(CLIPS) % 3
    return Bench(
        network="fake",
        class_names=network.class_names,
        evidence=Evidence(
            layers=tuple(
                LayerPlace(layer.name, layer.width, layer.depth, layer.name == "fc") for layer in network.layers()
            ),
            words=pd.DataFrame([(2, "hum", "noun", 1)], columns=["neuron", "word", "part_of_speech", "count"]),
            picks=pd.DataFrame(columns=["neuron", "method", "similarity", "concept", "rank", "score"]),
            summary_words=np.zeros(17, np.int64),
            lemmas={},
        ),
        clips=Bootstrap(labels, resamples=100),
        before=network.forward_features(features)[0],
        replay=network.replay(features),
        clips_said="all clips",
        probe=Probe(labels, np.arange(CLIPS) // 3, "folds"),
    )
