"""What a configuration may say, and what is answered when it says something else."""

from pathlib import Path

import pytest

from and_core.errors import ConfigError
from precompute import config

MINIMAL = """
[dataset]
kind = "esc50"
root = "./audio"
[network.mine]
kind = "huggingface"
path = "MIT/ast"
"""


@pytest.fixture
def minimal(tmp_path: Path) -> Path:
    file = tmp_path / "mine.toml"
    file.write_text(MINIMAL)
    return file


@pytest.mark.parametrize("name", ["demo", "esc10"])
def test_shipped_configurations_are_valid(name: str) -> None:
    assert config.load(name).name == name


def test_a_run_is_named_after_its_file(minimal: Path) -> None:
    assert config.load(minimal).name == "mine"


def test_paths_with_a_dot_are_taken_from_the_file_and_others_are_left_alone(minimal: Path) -> None:
    loaded = config.load(minimal)
    assert loaded.dataset.options["root"] == str(minimal.parent / "audio")
    assert loaded.network["mine"].options["path"] == "MIT/ast"


def test_set_wins_over_the_file_and_reads_toml_values(minimal: Path) -> None:
    loaded = config.load(
        minimal,
        (
            "exemplars.k=7",
            "dataset.root=/some/where",
            "a_closed_concept.similarities=['cos']",
            "network.mine.batch_size=4",
        ),
    )
    assert loaded.exemplars.k == 7
    assert loaded.dataset.options["root"] == "/some/where"
    assert loaded.a_closed_concept.similarities == ("cos",)
    assert loaded.network["mine"].options["batch_size"] == 4


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("b_calibration.treshold=0.5", "Did you mean 'threshold'?"),
        ("summariser.kind=x", "Did you mean 'summarizer'?"),
        ("exemplars.k=0", "exemplars.k = 0"),
        ("exemplars.k=many", "exemplars.k = 'many'"),
        ("exemplars", "not of the form key=value"),
        ("exemplars.k.deep=1", "exemplars.k"),
        ("name=../elsewhere", "name"),
        ("exemplars.k=3", "interpretability.tau = 4 is more than exemplars.k = 3"),
        ("a_closed_concept.template=sound", "template"),
        ("a_closed_concept.similarities=[]", "similarities"),
        ("seed=-1", "seed"),
    ],
)
def test_a_wrong_setting_is_named_with_a_way_out(minimal: Path, override: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config.load(minimal, (override,))
    assert message in str(caught.value)


def test_an_unknown_configuration_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Did you mean 'demo'"):
        config.load("dem0")


def test_broken_toml_is_reported_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "broken.toml"
    file.write_text("[dataset\n")
    with pytest.raises(ConfigError, match="not valid TOML"):
        config.load(file)


def test_a_configuration_without_networks_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "none.toml"
    file.write_text('[dataset]\nkind = "foley"\n')
    with pytest.raises(ConfigError, match="network is not set"):
        config.load(file)


def test_two_lines_have_a_language_model_asked(minimal: Path) -> None:
    assert config.load(minimal).summarizer.kind == "commonalities"
    assert config.load(minimal).acoustic_word_judge.kind == "lexicon"
    minimal.write_text(MINIMAL + '[language_model]\nkind = "vllm"\nmodel = "./llama"\n')
    loaded = config.load(minimal, ("summarizer.max_tokens=300", "language_model.temperature=1"))
    assert loaded.language_model is not None
    assert loaded.language_model.options == {"model": str(minimal.parent / "llama")}
    assert loaded.language_model.shared_settings == {"temperature": 1.0}
    assert loaded.summarizer.kind == loaded.acoustic_word_judge.kind == "language_model"
    assert loaded.summarizer.options == {"max_tokens": 300}


def test_with_a_language_model_a_part_can_stay_built_in(minimal: Path) -> None:
    minimal.write_text(MINIMAL + '[language_model]\nkind = "vllm"\n[acoustic_word_judge]\nkind = "lexicon"\n')
    loaded = config.load(minimal)
    assert (loaded.summarizer.kind, loaded.acoustic_word_judge.kind) == ("language_model", "lexicon")


def test_a_language_model_without_a_kind_is_refused(minimal: Path) -> None:
    with pytest.raises(ConfigError, match=r"language_model\.kind is not set"):
        config.load(minimal, ("language_model.model=llama",))
