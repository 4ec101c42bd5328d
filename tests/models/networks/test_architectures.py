from dataclasses import replace

import pytest

from and_core.errors import NetworkError
from and_core.models.networks.architectures import ARCHITECTURES, Architecture
from and_core.models.networks.layers import describe_linear_layers, find_layers

AST = ARCHITECTURES["audio-spectrogram-transformer"]
STEM = "audio_spectrogram_transformer"


def widths_of_transformers_5(blocks: int) -> dict[str, int]:
    kinds = {"attention.q_proj": 4, "attention.o_proj": 4, "mlp.fc1": 16, "mlp.fc2": 4}
    linear = {f"{STEM}.layers.{n}.{kind}": width for n in range(blocks) for kind, width in kinds.items()}
    return linear | {"classifier.dense": 3}


def widths_of_transformers_4(blocks: int) -> dict[str, int]:
    kinds = {"attention.attention.query": 4, "attention.output.dense": 4, "intermediate.dense": 16, "output.dense": 4}
    linear = {f"{STEM}.encoder.layer.{n}.{kind}": width for n in range(blocks) for kind, width in kinds.items()}
    return linear | {"classifier.dense": 3}


def test_both_spellings_of_transformers_give_the_papers_names():
    new, old = find_layers(AST, widths_of_transformers_5(2)), find_layers(AST, widths_of_transformers_4(2))
    for layers in (new, old):
        assert [(layer.name, layer.width, layer.depth) for layer in layers] == [
            ("layer1_attention_output", 4, 1),
            ("layer1_intermediate", 16, 1),
            ("layer1_output", 4, 1),
            ("layer2_attention_output", 4, 2),
            ("layer2_intermediate", 16, 2),
            ("layer2_output", 4, 2),
            ("fc", 3, 3),
        ]
    assert new[1].module_path == f"{STEM}.layers.0.mlp.fc1"
    assert old[1].module_path == f"{STEM}.encoder.layer.0.intermediate.dense"


def test_ten_blocks_and_more_are_all_found_in_order():
    layers = find_layers(AST, widths_of_transformers_5(12))
    assert len(layers) == 12 * 3 + 1
    assert [layer.depth for layer in layers] == sorted(layer.depth for layer in layers)


def test_a_block_that_lacks_a_layer_is_refused():
    widths = widths_of_transformers_5(2)
    del widths[f"{STEM}.layers.1.mlp.fc1"]
    with pytest.raises(NetworkError, match=r"no linear layer layers\.1\.mlp\.fc1 or .* \(intermediate\)"):
        find_layers(AST, widths)


def test_a_layer_that_is_nowhere_is_named_with_those_that_are():
    with pytest.raises(NetworkError, match=r"encoder\.layers\.\*\.fc1.*its linear layers: head") as raised:
        find_layers(Architecture("toy", {"intermediate": ("encoder.layers.*.fc1",)}), {"head": 3})
    assert "the row 'toy'" in raised.value.remedy


def test_a_path_that_stands_in_two_places_is_refused():
    widths = {f"{part}.layers.{block}.fc1": 4 for part in ("encoder", "decoder") for block in range(2)}
    row = Architecture("toy", {"intermediate": ("layers.*.fc1",)})
    with pytest.raises(NetworkError, match=r"several places: decoder\., encoder\."):
        find_layers(row, widths, has_head=False)
    longer = replace(row, block_layers={"intermediate": ("encoder.layers.*.fc1",)})
    assert [layer.module_path for layer in find_layers(longer, widths, has_head=False)] == [
        "encoder.layers.0.fc1",
        "encoder.layers.1.fc1",
    ]


def test_blocks_in_stages_are_counted_through():
    widths = {f"layers.{stage}.blocks.{block}.fc1": 8 * 2**stage for stage, block in [(1, 1), (0, 0), (1, 0)]}
    layers = find_layers(Architecture("toy", {"intermediate": ("layers.*.blocks.*.fc1",)}), widths, has_head=False)
    assert [(layer.name, layer.module_path, layer.width) for layer in layers] == [
        ("layer1_intermediate", "layers.0.blocks.0.fc1", 8),
        ("layer2_intermediate", "layers.1.blocks.0.fc1", 16),
        ("layer3_intermediate", "layers.1.blocks.1.fc1", 16),
    ]


def test_a_missing_head_is_named():
    widths = widths_of_transformers_5(1)
    del widths["classifier.dense"]
    with pytest.raises(NetworkError, match=r"classifier\.dense \(fc\)"):
        find_layers(AST, widths)


def test_linear_layers_are_listed_once_for_all_blocks():
    assert describe_linear_layers(["a.0.fc", "a.1.fc", "head"]) == "a.*.fc, head"
