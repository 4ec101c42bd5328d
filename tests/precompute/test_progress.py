"""What the bar of a stage shows while a language model is at work."""

import io
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text

from precompute.progress import RichProgress, ShardColumn
from precompute.reply_log import Asking

JOB: Any = SimpleNamespace(title="summaries ast-esc50-finetuned", stage=SimpleNamespace(unit="neurons"))


@pytest.fixture
def progress() -> RichProgress:
    """Of 55,346 neurons in 28 shards, three of which are done."""
    progress = RichProgress(Console(file=io.StringIO(), width=200, force_terminal=True))
    progress.started(JOB, items=55_346, already=3 * 2048, shards=28)
    return progress


def shown(progress: RichProgress) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(progress.bars.get_renderable())
    return Text.from_ansi(console.file.getvalue()).plain  # type: ignore[attr-defined]


def test_the_bar_moves_within_a_shard_and_shows_tokens(progress: RichProgress) -> None:
    progress.asked(Asking(done=2048, total=4096, tokens_per_s=1234.5, seconds_left=60))
    assert progress.bars.tasks[-1].completed == pytest.approx(3 * 2048 + 1024, rel=0.02)
    assert "1,234 tok/s" in shown(progress)


def test_a_second_round_about_useless_replies_does_not_move_it_back(progress: RichProgress) -> None:
    progress.asked(Asking(done=4096, total=4096, tokens_per_s=1000, seconds_left=0))
    before = progress.bars.tasks[-1].completed
    progress.asked(Asking(done=1, total=50, tokens_per_s=1000, seconds_left=9))
    assert progress.bars.tasks[-1].completed == before
    progress.advanced(JOB, 2048)
    assert progress.bars.tasks[-1].completed == 4 * 2048


def test_without_a_model_at_work_the_shard_is_shown(progress: RichProgress) -> None:
    assert "shard 0/28" in shown(progress)
    progress.asked(Asking(done=0, total=0, tokens_per_s=0, seconds_left=None))
    assert "shard 0/28" in shown(progress)


@pytest.mark.parametrize("tokens_per_s", [0.0, 1.0, 9998.9, 9999.0, 123_456.0])
def test_tokens_take_no_more_room_than_the_shard(progress: RichProgress, tokens_per_s: float) -> None:
    progress.asked(Asking(done=1, total=4096, tokens_per_s=tokens_per_s, seconds_left=1))
    assert len(ShardColumn().render(progress.bars.tasks[-1])) <= len("shard 28/28")
