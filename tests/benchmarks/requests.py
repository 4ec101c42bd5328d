"""What our side of a request to a language model costs: prompts, log of replies, reading; every AST neuron twice.

A fake model answers 110,592 requests, in the shards that the stage `summaries` has; its own time is taken off. Then
everything is asked once more, and the log answers.

    python tests/benchmarks/requests.py [--requests 110592]
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from and_core.models.fakes import FakeLanguageModel
from and_core.models.protocols import LanguageModel, Message, Reply
from and_core.models.summarizers.language_model import LanguageModelSummarizer
from precompute.reply_log import ReplyLog

SHARD = 4096
"""Requests in a shard: 2,048 neurons, high and low."""
CLIPS = 2000
EXEMPLARS = 5
WORDS = (
    "a",
    "loud",
    "quiet",
    "dog",
    "engine",
    "bell",
    "is",
    "heard",
    "while",
    "the",
    "rain",
    "falls",
    "and",
    "it",
    "stops",
)
TARGET_MS = 0.5
REPLY = """Sure! Based on the descriptions you provided, here are some commonalities among the audio clips:

1. Loud and intense sounds: All of the audio clips feature loud and intense sounds, which are easy to hear.
2. **High-pitched sounds**: Four of the five audio clips feature high-pitched sounds, such as ringing and beeping.
3. Breaking or tapping sounds: Three of the audio clips feature sounds of breaking or tapping.
4. Mono audio: Three of the audio clips are mono, which means that they have a single audio channel.
5. Short duration: Four of the audio clips are short, lasting only a few seconds.

Overall, these commonalities suggest that the clips could be used in a film. I hope this helps!"""


class Timed:
    """Adds up the time that a model takes itself."""

    def __init__(self, model: LanguageModel) -> None:
        self.model, self.name, self.fingerprint = model, model.name, model.fingerprint
        self.seconds, self.cpu_seconds, self.replied = 0.0, 0.0, 0

    def replies(self, conversations: Sequence[Sequence[Message]], **sampling: Any) -> Iterator[tuple[int, Reply]]:
        answers = self.model.replies(conversations, **sampling)
        while True:
            started, cpu_started = time.perf_counter(), time.process_time()
            answer = next(answers, None)
            self.seconds += time.perf_counter() - started
            self.cpu_seconds += time.process_time() - cpu_started
            if answer is None:
                return
            self.replied += 1
            yield answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=110_592)
    requests = parser.parse_args().requests
    captions = random_captions()
    model = Timed(FakeLanguageModel(always=REPLY))
    with tempfile.TemporaryDirectory() as folder:
        summarizer = LanguageModelSummarizer(ReplyLog(model, Path(folder) / "replies.sqlite"))
        for name in ("asked", "asked again"):
            report(name, summarizer, model, captions, requests)
        say(f"log of replies  {(Path(folder) / 'replies.sqlite').stat().st_size / 1e6:10.0f} MB")


def report(name: str, summarizer: LanguageModelSummarizer, model: Timed, captions: list[str], requests: int) -> None:
    """Put all requests, shard by shard."""
    process = psutil.Process()
    model.seconds, model.cpu_seconds, model.replied = 0.0, 0.0, 0
    rng = np.random.default_rng(0)
    memory = []
    started, cpu_started = time.perf_counter(), time.process_time()
    for start in range(0, requests, SHARD):
        picks = rng.integers(CLIPS, size=(min(SHARD, requests - start), EXEMPLARS))
        answers = summarizer.summarize([[captions[clip] for clip in row] for row in picks.tolist()])
        assert all(answer.value for answer in answers)
        memory.append(process.memory_info().rss / 1e6)
    ours = (time.perf_counter() - started - model.seconds) / requests * 1000
    cpu = (time.process_time() - cpu_started - model.cpu_seconds) / requests * 1000
    fake = model.seconds / requests * 1000
    say(f"{name:15} {requests:10,} requests, {model.replied:,} of them put to the model")
    say(f"  ours          {ours:10.3f} ms each (target {TARGET_MS}), {cpu:.3f} ms of them computing")
    say(f"  the fake      {fake:10.3f} ms each")
    tenth = memory[len(memory) // 10]
    say(f"  memory        {max(memory):10.0f} MB at most, {tenth:.0f} MB after a tenth, {memory[-1]:.0f} MB at the end")


def random_captions() -> list[str]:
    """About 60 words a caption, as SALMONN writes."""
    rng = np.random.default_rng(1)
    return [" ".join(rng.choice(WORDS, 60)) + f" in clip {clip}." for clip in range(CLIPS)]


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
