import numpy as np
import pytest
import torch
import transformers

from and_core.errors import ConfigError
from precompute.training.config import Augmentation, Pretraining, TrainingConfig
from precompute.training.examples import NO_FOLD, Examples
from precompute.training.fit import fit
from precompute.training.huggingface import HuggingFaceTrainee, RandomAst
from precompute.training.one_fold import FoldTraining
from precompute.training.pretraining import MaskedPatches, MaskedPredictor
from precompute.training.state import State

FRAMES, MELS = 64, 32
CPU = torch.device("cpu")


def a_config(**settings):
    model = {"hidden_size": 16, "blocks": 1, "heads": 2, "intermediate_size": 24, "mel_bins": MELS, "frames": FRAMES}
    defaults = {
        "dataset": {"kind": "foley"},
        "task": "pretrain",
        "model": model,
        "pretraining": Pretraining(codes=16, code_dimensions=4),
        "augmentation": Augmentation(mixup=0, shift_s=0, gain_db=0),
    }
    return TrainingConfig.model_validate(defaults | settings)


def a_predictor(config):
    torch.manual_seed(0)
    return MaskedPredictor(RandomAst(config.model).begin((), np.zeros((1, FRAMES, MELS), np.float32)).module, config)


def sounds(number, seed=0):
    return np.random.default_rng(seed).normal(size=(number, FRAMES, MELS)).astype(np.float32)


def test_patches_are_cut_in_the_order_in_which_the_network_embeds_them():
    predictor = a_predictor(a_config())
    inputs = torch.from_numpy(sounds(2))
    projection = predictor.encoder.embeddings.patch_embeddings.projection
    patches = predictor.cut(inputs)
    embedded = patches @ projection.weight.flatten(1).T + projection.bias
    torch.testing.assert_close(embedded, predictor.encoder.embeddings.patch_embeddings(inputs))
    assert patches.shape == (2, 8, 256) and predictor.bands == 2


def test_with_every_patch_it_says_what_the_saved_network_says():
    predictor = a_predictor(a_config()).eval()
    inputs = torch.from_numpy(sounds(2))
    clip, tokens = predictor.listen(inputs, torch.arange(8).expand(2, 8))
    said = predictor.encoder(inputs)
    torch.testing.assert_close(clip, said.pooler_output)
    torch.testing.assert_close(tokens, said.last_hidden_state[:, 2:])


def test_what_is_hidden_is_not_heard_but_asked_for():
    predictor = a_predictor(a_config(pretraining=Pretraining(masked=0.5, codes=16, code_dimensions=4))).eval()
    inputs = torch.from_numpy(sounds(1))
    order = torch.tensor([[3, 0, 6, 2, 1, 4, 5, 7]])
    changed = inputs.clone()
    changed[:, 16:32, :16] = torch.from_numpy(sounds(1, seed=1))[
        :, 16:32, :16
    ]  # patch 1, in the second half of `order`
    heard = [predictor.listen(one, order[:, :4]) for one in (inputs, changed)]
    torch.testing.assert_close(heard[0][1], heard[1][1])
    codes = [predictor.tokenizer(predictor.cut(one))[0] for one in (inputs, changed)]
    assert (codes[0] != codes[1]).nonzero().flatten().tolist() == [1]
    losses = [predictor(one, order)[0] for one in (inputs, changed)]
    assert losses[0] != losses[1]


def test_the_loss_falls_on_a_few_clips(tmp_path):
    config = a_config(epochs=40, batch_size=8, learning_rate=5e-3, device="cpu")
    beginning = RandomAst(config.model)
    torch.manual_seed(0)
    trainee = beginning.begin((), sounds(8))
    objective = MaskedPatches(trainee, trainee.inputs(sounds(8)), config)
    state = State(tmp_path / "state" / "fold.pt", "key", lambda _: None)
    curve = fit(objective, config, CPU, np.random.default_rng(0), state, lambda *_: None)
    assert curve[-1]["patch_loss"] < 0.8 * curve[0]["patch_loss"]
    assert curve[-1]["clip_loss"] < 0.9 * curve[0]["clip_loss"]
    assert curve[-1]["codes_right"] > 2 * curve[0]["codes_right"]


class NineClips:
    name, class_names, fingerprint = "nine", (), "nine"

    def __len__(self):
        return 9


def test_held_out_clips_take_no_part_in_pretraining(tmp_path):
    """Whatever they sound like, the network is the same; not so with a clip of another fold."""
    folds = np.repeat([1, 2, 3], 3)

    def trained(features, name):
        examples = Examples(NineClips(), np.arange(9), features, np.full(9, -1), folds, [])
        config = a_config(epochs=1, batch_size=3, held_out_fold=2, device="cpu")
        (tmp_path / name).mkdir()
        state = State(tmp_path / f"{name}.pt", name, lambda _: None)
        report = FoldTraining(config, RandomAst(config.model), examples, 2, CPU).run(
            tmp_path / name, state, lambda *_: None
        )
        assert (report.training_clips, report.held_out_clips) == (6, 3)
        return (tmp_path / name / "model.safetensors").read_bytes()

    usual, other = sounds(9), sounds(9, seed=1)
    first = trained(usual, "usual")
    assert trained(np.where((folds == 2)[:, None, None], other, usual), "others held out") == first
    assert trained(np.where((folds == 3)[:, None, None], other, usual), "others heard") != first


def test_without_folds_and_classes_every_clip_is_heard():
    examples = Examples(NineClips(), np.arange(9), sounds(9), np.full(9, -1), np.full(9, NO_FOLD), [])
    heard, held_out = examples.split(5)
    assert len(heard) == 9 and len(held_out) == 0


def test_another_network_than_an_ast_cannot_be_pretrained():
    config = transformers.Wav2Vec2Config(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    trainee = HuggingFaceTrainee(transformers.Wav2Vec2Model(config), None, lambda x: x, lambda *x: x, lambda _: None)
    with pytest.raises(ConfigError, match="start is another network"):
        MaskedPatches(trainee, sounds(1), a_config())


def test_a_share_that_hides_nothing_is_refused():
    with pytest.raises(ConfigError, match="hides none of 8 patches"):
        a_predictor(a_config(pretraining=Pretraining(masked=0.01)))
