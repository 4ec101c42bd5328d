"""What a model with random weights says must not pass for a summary."""

from pathlib import Path

import pytest

from and_core.models.language_models.transformers import TransformersLanguageModel
from and_core.models.summarizers.language_model import LanguageModelSummarizer


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("max_tokens", [6, 16, 64])
def test_no_reply_of_random_weights_becomes_a_summary(tiny_llama: Path, max_tokens: int, temperature: float) -> None:
    model = TransformersLanguageModel(tiny_llama, device="cpu", dtype="float32", batch_size=64)
    captions = [[f"A dog barks {number} times.", "It rains."] for number in range(64)]
    summarizer = LanguageModelSummarizer(model, max_tokens=max_tokens, temperature=temperature)
    answers = summarizer.summarize(captions)
    assert [answer.value for answer in answers] == [None] * 64
    assert all(answer.problem and answer.raw is not None for answer in answers)
