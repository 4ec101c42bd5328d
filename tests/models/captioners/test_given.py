"""Captions from a file go to the clips that they are of; what does not fit is said."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from and_core.errors import CaptionerError
from and_core.models import registry
from and_core.models.captioners.given import GivenCaptioner
from and_core.models.protocols import Captioner, Clip

CAPTIONS = {"a.wav": "A dog barks.", "b.wav": "Rain, on a tin roof."}


def said_by(captioner: Captioner, clips: Sequence[Clip]) -> list[str | None]:
    return [answer.value for answer in captioner.captions(clips)]


def clips(*filenames: str) -> list[Clip]:
    return [Clip(filename, np.zeros(8, np.float32), 8000) for filename in filenames]


def written(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


@pytest.fixture(params=["csv", "json object", "json list", "parquet"])
def captions_file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    rows = [{"filename": name, "caption": text} for name, text in CAPTIONS.items()]
    match request.param:
        case "csv":
            return written(tmp_path, "said.csv", 'filename,caption\na.wav,A dog barks.\nb.wav,"Rain, on a tin roof."\n')
        case "json object":
            return written(tmp_path, "salmonn_esc50.json", json.dumps(CAPTIONS))
        case "json list":
            return written(tmp_path, "said.json", json.dumps(rows))
        case _:
            pq.write_table(pa.Table.from_pylist(rows), tmp_path / "said.parquet")
            return tmp_path / "said.parquet"


def test_every_format_gives_the_same_captions(captions_file: Path) -> None:
    captioner = GivenCaptioner(captions_file)
    assert said_by(captioner, clips("b.wav", "a.wav")) == ["Rain, on a tin roof.", "A dog barks."]


def test_a_clip_without_a_caption_has_none_and_is_counted(tmp_path: Path) -> None:
    path = written(tmp_path, "said.json", json.dumps(CAPTIONS | {"c.wav": " ", "x.wav": "A cat."}))
    captioner = GivenCaptioner(path, filenames=["a.wav", "b.wav", "c.wav", "d.wav"])
    assert said_by(captioner, clips("a.wav", "c.wav", "d.wav")) == ["A dog barks.", None, None]
    assert captioner.provenance == (
        "Captions given in said.json: 2 of 4 clips have one; 1 more are for files that the data set does not have."
    )


def test_several_texts_for_a_clip_in_a_list_are_one_caption(tmp_path: Path) -> None:
    path = written(tmp_path, "said.json", json.dumps({"a.wav": ["A dog barks.", "It is loud. "], "b.wav": []}))
    assert said_by(GivenCaptioner(path), clips("a.wav", "b.wav")) == ["A dog barks. It is loud.", None]


def test_names_with_other_folders_before_them_are_the_same_clip(tmp_path: Path) -> None:
    published = {"/cache/genres/blues/blues.0.wav": "A guitar.", "/cache/genres/rock/rock.0.wav": "Drums."}
    path = written(tmp_path, "said.json", json.dumps(published))
    names = ["blues/blues.0.wav", "rock/rock.0.wav"]
    assert said_by(GivenCaptioner(path, filenames=names), clips(*names)) == ["A guitar.", "Drums."]


def test_a_last_part_that_two_clips_share_tells_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, "said.json", json.dumps({"1.wav": "A dog.", "2.wav": "Rain."}))
    captioner = GivenCaptioner(path, filenames=["dog/1.wav", "cat/1.wav", "rain/2.wav"])
    assert said_by(captioner, clips("dog/1.wav", "cat/1.wav", "rain/2.wav")) == [None, None, "Rain."]


def test_a_caption_that_repeats_itself_is_cut_unless_told_not_to(tmp_path: Path) -> None:
    stuck = "\nA dog barks in the distance near a road. A dog barks in the distance near a road."
    path = written(tmp_path, "said.json", json.dumps({"a.wav": stuck}))
    assert said_by(GivenCaptioner(path), clips("a.wav")) == ["A dog barks in the distance near a road"]
    assert said_by(GivenCaptioner(path, cut_repetitions=False), clips("a.wav")) == [stuck.strip()]


def test_columns_of_any_name_can_be_told(tmp_path: Path) -> None:
    path = written(tmp_path, "said.csv", "clip;x,heard\na.wav,A dog barks.\n")
    captioner = GivenCaptioner(path, filename_column="clip;x", caption_column="heard")
    assert said_by(captioner, clips("a.wav")) == ["A dog barks."]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("said.csv", "", "holds no captions"),
        ("said.csv", "filename,caption\n", "holds no captions"),
        ("said.json", "{}", "holds no captions"),
        ("said.csv", "name,words\na.wav,A dog.\n", "has no column filename or file_name .* it has name, words"),
        ("said.csv", "filename,words\na.wav,A dog.\n", "has no column caption or description or text"),
        ("said.csv", "filename,caption\n,A dog.\n", "Row 1 .* has no filename"),
        ("said.csv", "filename,caption\na.wav,A dog.\na.wav,A cat.\n", "two captions for a.wav"),
        ("said.json", '{"a.wav": "A dog.", "a.wav": "A cat."}', "'a.wav' is there twice"),
        ("said.json", '{"a.wav": 3}', "caption of a.wav .* is 3, which is no text"),
        ("said.json", '["A dog."]', "neither an object"),
        ("said.json", '{"a.wav": ', "cannot be read as JSON"),
        ("said.parquet", "no parquet", "cannot be read as Parquet"),
        ("said.txt", "a dog", "is not a .csv, .json or .parquet file"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    with pytest.raises(CaptionerError, match=message):
        GivenCaptioner(written(tmp_path, name, content))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaptionerError, match="There is no file"):
        GivenCaptioner(tmp_path / "said.json")


def test_captions_of_another_data_set_are_refused_with_an_example_of_both(tmp_path: Path) -> None:
    path = written(tmp_path, "said.json", json.dumps(CAPTIONS))
    with pytest.raises(
        CaptionerError, match=r"none of the 2 clips: it names a\.wav, the clips are called like 1-2\.wav"
    ):
        GivenCaptioner(path, filenames=["1-2.wav", "3-4.wav"])


def test_the_fingerprint_is_the_content_and_not_the_place(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    here, there = (written(folder, "said.json", json.dumps(CAPTIONS)) for folder in (tmp_path, tmp_path / "elsewhere"))
    assert GivenCaptioner(here).fingerprint == GivenCaptioner(there, name="SALMONN").fingerprint
    there.write_text(json.dumps(CAPTIONS | {"a.wav": "A cat."}))
    assert GivenCaptioner(here).fingerprint != GivenCaptioner(there).fingerprint


def test_the_registry_knows_it(tmp_path: Path) -> None:
    options = {"path": str(written(tmp_path, "salmonn_esc50.json", json.dumps(CAPTIONS)))}
    assert registry.create("captioner", "given", options, "captioner").name == "salmonn_esc50"
