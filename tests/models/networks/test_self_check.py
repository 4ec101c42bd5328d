import numpy as np
import pytest

from and_core.errors import NetworkError
from and_core.models.networks.self_check import check_layers
from and_core.models.protocols import Layer

HIDDEN, FC = Layer("layer1_output", "a.fc2", "output", 2, depth=1), Layer("fc", "head", "fc", 3, depth=2)


class TwoLayers:
    """hidden [1, 2] times weights [2, 3]; layers named in `deaf` do not heed ablation."""

    def __init__(self, deaf=()):
        self.deaf = deaf

    def __call__(self, wanted, ablation):
        hidden = np.array([[1.0, 2.0]], dtype=np.float32)
        heeded = {layer: list(ids) for layer, ids in ablation.items() if layer not in self.deaf}
        hidden[:, heeded.get("layer1_output", [])] = 0
        logits = hidden @ np.array([[1, 2, 3], [4, 5, 6]], dtype=np.float32) + 1
        logits[:, heeded.get("fc", [])] = 0
        outputs = {"layer1_output": hidden, "fc": logits}
        return logits, {layer: outputs[layer] for layer in wanted}


def test_a_network_whose_layers_are_what_they_claim_passes():
    check_layers("toy", [HIDDEN, FC], 3, TwoLayers())


@pytest.mark.parametrize("deaf", ["layer1_output", "fc"])
def test_the_layer_whose_ablation_has_no_effect_is_named(deaf):
    with pytest.raises(NetworkError, match=rf"'toy' failed its self-check: ablating all of {deaf}"):
        check_layers("toy", [HIDDEN, FC], 3, TwoLayers(deaf=(deaf,)))


def test_a_wrong_width_is_named():
    wide = Layer("layer1_output", "a.fc2", "output", 9, depth=1)
    with pytest.raises(NetworkError, match=r"layer1_output \(a\.fc2\) gives \(2,\) outputs, not 9"):
        check_layers("toy", [wide, FC], 3, TwoLayers())


def test_more_class_names_than_logits_are_refused():
    with pytest.raises(NetworkError, match="3 logits for 4 class names"):
        check_layers("toy", [HIDDEN, FC], 4, TwoLayers())
