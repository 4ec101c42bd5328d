"""The captioner says what was measured, in three to six sentences, the same way every time."""

import csv
import re
from collections.abc import Sequence

import numpy as np
import pytest
import soundfile

from and_core.errors import ConfigError
from and_core.models.captioners.acoustic import AcousticCaptioner
from and_core.models.protocols import Captioner, Clip

RATE = 16_000
SECONDS = np.arange(2 * RATE) / RATE


def said_by(captioner: Captioner, clips: Sequence[Clip]) -> list[str | None]:
    return [answer.value for answer in captioner.captions(clips)]


def clip(waveform: np.ndarray, filename: str = "a.wav", class_name: str | None = "crying_baby") -> Clip:
    return Clip(filename, waveform.astype(np.float32), RATE, class_name=class_name)


LOUD_HIGH = 0.7 * np.sin(2 * np.pi * 3000 * SECONDS)
QUIET_LOW = 0.005 * np.sin(2 * np.pi * 100 * SECONDS)


def sentences(caption: str) -> list[str]:
    return re.findall(r"[A-Z][^.]*\.", caption)


@pytest.mark.parametrize("filename", ["a.wav", "b.wav", "c.wav", "d.wav", "e.wav"])
def test_a_loud_high_tone_and_a_quiet_low_one_get_opposite_words(filename: str) -> None:
    high, low = said_by(AcousticCaptioner("none"), [clip(LOUD_HIGH, filename), clip(QUIET_LOW, filename)])
    assert re.search("loud|forceful|powerful", high)
    assert re.search("high|treble", high)
    assert re.search("quiet|faint|soft", low)
    assert re.search("low|bass", low)
    assert not re.search("quiet|faint|soft|low-pitched|bass", high)
    assert not re.search("loud|forceful|powerful|high|treble", low)


def test_the_label_names_the_source_only_when_asked_to() -> None:
    (named,) = said_by(AcousticCaptioner("label"), [clip(LOUD_HIGH)])
    (unnamed,) = said_by(AcousticCaptioner("none"), [clip(LOUD_HIGH)])
    assert "crying baby" in sentences(named)[0]
    assert named.endswith(unnamed)
    assert "baby" not in unnamed


def test_a_clip_without_a_class_is_described_without_a_source() -> None:
    (caption,) = said_by(AcousticCaptioner("label"), [clip(LOUD_HIGH, class_name=None)])
    assert caption == said_by(AcousticCaptioner("none"), [clip(LOUD_HIGH)])[0]


def test_wordings_vary_between_files_and_stay_for_one_file() -> None:
    captioner = AcousticCaptioner("none")
    captions = said_by(captioner, [clip(LOUD_HIGH, f"{i}.wav") for i in range(12)])
    assert len(set(captions)) > 4
    assert captions == said_by(AcousticCaptioner("none"), [clip(LOUD_HIGH, f"{i}.wav") for i in range(12)])


def test_measurements_that_are_there_are_used_instead_of_listening() -> None:
    deaf = Clip("a.wav", np.zeros(RATE, np.float32), RATE, measurements={"loudness_dbfs": -5.0})
    assert re.search("loud|forceful|powerful", said_by(AcousticCaptioner("none"), [deaf])[0])


def test_silence_gets_a_caption_that_says_so() -> None:
    (caption,) = said_by(AcousticCaptioner("none"), [clip(np.zeros(RATE))])
    assert re.search("nothing", caption)
    assert 3 <= len(sentences(caption)) <= 6


def test_provenance_names_the_rules_and_where_the_sources_come_from() -> None:
    assert "labels" in AcousticCaptioner("label").provenance
    assert "not named" in AcousticCaptioner("none").provenance
    assert "demo quality" in AcousticCaptioner().provenance
    assert AcousticCaptioner("label").fingerprint != AcousticCaptioner("none").fingerprint


def test_an_unknown_source_name_is_refused_with_the_choices() -> None:
    with pytest.raises(ConfigError, match="label, clap, none"):
        AcousticCaptioner("class")


@pytest.mark.slow
def test_real_clips_get_three_to_six_sentences_each_and_few_alike(shared) -> None:
    with (shared / "esc10" / "meta" / "esc50.csv").open() as file:
        rows = list(csv.DictReader(file))
    clips = []
    for row in rows:
        waveform, rate = soundfile.read(shared / "esc10" / "audio" / row["filename"], dtype="float32")
        clips.append(Clip(row["filename"], waveform, rate, class_name=row["category"]))
    captions = said_by(AcousticCaptioner("label"), clips)
    assert all(3 <= len(sentences(caption)) <= 6 for caption in captions)
    assert all("{" not in caption and "_" not in caption for caption in captions)
    assert len(set(captions)) > 300
    assert all(
        row["category"].replace("_", " ") in caption.lower() for row, caption in zip(rows, captions, strict=True)
    )
