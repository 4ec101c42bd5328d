"""The fake hears what the fake data set plays."""

import numpy as np

from and_core.models.fakes import CLASS_NAMES, FakeAudioTextEncoder, FakeDataset


def test_a_tone_is_nearest_to_the_name_of_its_class() -> None:
    dataset, encoder = FakeDataset(clip_count=6), FakeAudioTextEncoder()
    clips = [dataset.clip(index) for index in range(len(dataset))]
    similarities = encoder.embed_audio(clips) @ encoder.embed_text(CLASS_NAMES).T
    assert [CLASS_NAMES[best] for best in similarities.argmax(axis=1)] == [clip.class_name for clip in clips]
    np.testing.assert_allclose(np.linalg.norm(encoder.embed_audio(clips), axis=1), 1, rtol=1e-6)


def test_nothing_embeds_as_no_rows() -> None:
    assert FakeAudioTextEncoder().embed_audio([]).shape == FakeAudioTextEncoder().embed_text([]).shape == (0, 16)
