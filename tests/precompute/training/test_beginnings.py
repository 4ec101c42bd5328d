import json

import pytest

from and_core.errors import ConfigError
from precompute.training import config as training_config
from precompute.training.beginnings import beginning_of
from precompute.training.huggingface import RandomAst
from precompute.training.report import record_beside


def test_without_a_start_weights_are_random(tiny_training):
    beginning = beginning_of(training_config.load(tiny_training), 2)
    assert isinstance(beginning, RandomAst)
    assert (beginning.name, beginning.digest(), beginning.record()) == ("", "", None)


@pytest.mark.parametrize("record", [[1], {"settings": 3}, {"settings": {"dataset": "foley"}, "held_out_fold": 1}])
def test_somebody_elses_training_json_is_no_obstacle(pretrained, from_start, tmp_path, record):
    for file in pretrained[1].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "training.json").write_text(json.dumps(record))
    assert beginning_of(training_config.load(from_start(tmp_path)), 2).sample_rate_hz == 16_000


def test_a_damaged_record_is_refused(tmp_path):
    (tmp_path / "training.json").write_text("{")
    with pytest.raises(ConfigError, match="cannot be read"):
        record_beside(tmp_path)


def test_a_start_beside_the_configuration_is_found_from_anywhere(pretrained, from_start, tmp_path, monkeypatch):
    file = from_start("./checkpoint")
    (file.parent / "checkpoint").symlink_to(pretrained[1])
    monkeypatch.chdir(tmp_path)
    record = beginning_of(training_config.load(file), 2).record()
    assert record is not None and record["settings"]["task"] == "pretrain"
