"""The log of replies: what is asked of a model, and what is not."""

import json
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from and_core.errors import LanguageModelError, PipelineError
from and_core.models.fakes import FakeLanguageModel
from and_core.models.protocols import Message, Reply
from precompute.reply_file import UNSAVED, Rate, ReplyFile
from precompute.reply_log import WINDOW, Asking, ReplyLog, heard_by, kind_of_question

SAMPLING: dict[str, Any] = {"max_tokens": 64, "temperature": 0.0, "seed": 0}


class Recorder:
    """Writes down what it is asked, and answers with the question."""

    name = "recorder"

    def __init__(self, fingerprint: str = "recorder", suffix: str = "") -> None:
        self.fingerprint, self.suffix = fingerprint, suffix
        self.asked: list[str] = []
        self.batches: list[int] = []
        self.is_closed = False

    def replies(self, conversations: Sequence[Sequence[Message]], **sampling: Any) -> Iterator[tuple[int, Reply]]:
        self.batches.append(len(conversations))
        for position in reversed(range(len(conversations))):
            self.asked.append(conversations[position][-1].content)
            yield position, Reply(conversations[position][-1].content + self.suffix, reply_tokens=10)

    def close(self) -> None:
        self.is_closed = True


def questions(count: int, first: int = 0) -> list[list[Message]]:
    return [[Message("system", "Compare."), Message("user", f"{n:06d}")] for n in range(first, first + count)]


def texts(log: ReplyLog, conversations: Sequence[Sequence[Message]], **changes: Any) -> list[str]:
    found = dict(log.replies(conversations, **{**SAMPLING, **changes}))
    return [found[position].text for position in range(len(conversations))]


def test_replies_belong_to_their_questions(tmp_path: Path) -> None:
    asked = questions(10)[::-1]
    assert texts(ReplyLog(Recorder(), tmp_path / "log"), asked) == [question[1].content for question in asked]


def test_a_question_is_put_once_in_one_call(tmp_path: Path) -> None:
    model = Recorder()
    assert texts(ReplyLog(model, tmp_path / "log"), questions(3) * 4) == ["000000", "000001", "000002"] * 4
    assert len(model.asked) == 3


def test_a_question_is_put_once_over_windows(tmp_path: Path) -> None:
    model = Recorder()
    asked = questions(WINDOW + 10) + questions(20)
    assert texts(ReplyLog(model, tmp_path / "log"), asked) == [question[1].content for question in asked]
    assert len(model.asked) == len(set(model.asked)) == WINDOW + 10


def test_another_log_on_the_same_file_asks_nothing_and_loads_nothing(tmp_path: Path) -> None:
    first = texts(ReplyLog(Recorder(), tmp_path / "log"), questions(100))
    model = Recorder(suffix=" again")
    assert texts(ReplyLog(model, tmp_path / "log"), questions(100)) == first
    assert model.batches == []


@pytest.mark.parametrize(
    "change",
    [{"seed": 1}, {"temperature": 0.5}, {"max_tokens": 65}, {"choices": ["yes"]}, {"schema": {"type": "object"}}],
)
def test_other_sampling_is_another_question(tmp_path: Path, change: dict[str, Any]) -> None:
    model = Recorder()
    log = ReplyLog(model, tmp_path / "log")
    texts(log, questions(1))
    texts(log, questions(1), **change)
    assert len(model.asked) == 2


def test_another_model_is_asked_anew(tmp_path: Path) -> None:
    texts(ReplyLog(Recorder("one"), tmp_path / "log"), questions(1))
    other = Recorder("two", suffix="!")
    assert texts(ReplyLog(other, tmp_path / "log"), questions(1)) == ["000000!"]


def test_another_role_is_another_question(tmp_path: Path) -> None:
    model = Recorder()
    log = ReplyLog(model, tmp_path / "log")
    texts(log, [[Message("user", "a"), Message("user", "b")]])
    texts(log, [[Message("system", "a"), Message("user", "b")]])
    assert len(model.asked) == 2


def test_another_sound_is_another_question(tmp_path: Path) -> None:
    model = Recorder()
    log = ReplyLog(model, tmp_path / "log")
    texts(log, [[Message("user", "What is heard?", audio)] for audio in (None, b"dog", b"cat", b"dog")])
    assert len(model.asked) == 3


def test_questions_that_begin_alike_are_put_side_by_side(tmp_path: Path) -> None:
    model = Recorder()
    asked = [[Message("system", "S"), Message("user", text)] for text in ("rain, wind", "dog, cat", "rain, sea", "dog")]
    texts(ReplyLog(model, tmp_path / "log"), asked)
    assert model.asked[::-1] == ["dog", "dog, cat", "rain, sea", "rain, wind"]


def test_the_model_is_given_a_window_at_a_time(tmp_path: Path) -> None:
    model = Recorder()
    texts(ReplyLog(model, tmp_path / "log"), questions(2 * WINDOW + 1))
    assert model.batches == [WINDOW, WINDOW, 1]


def test_a_model_that_stops_costs_no_reply(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    stopping = FakeLanguageModel(fails_after=100, journal=str(journal))
    with pytest.raises(LanguageModelError):
        texts(ReplyLog(stopping, tmp_path / "log"), questions(300))
    texts(ReplyLog(FakeLanguageModel(journal=str(journal)), tmp_path / "log"), questions(300))
    asked = [json.loads(line) for line in journal.read_text().splitlines()]
    assert len(asked) == len(set(asked)) == 300


def test_a_reader_that_stops_costs_no_reply(tmp_path: Path) -> None:
    model = Recorder()
    log = ReplyLog(model, tmp_path / "log")
    reading = log.replies(questions(10), **SAMPLING)
    next(reading)
    reading.close()
    texts(log, questions(10))
    assert len(model.asked) == 10


KILLED = """
import os, signal, sys
from pathlib import Path
from and_core.models.fakes import FakeLanguageModel
from and_core.models.protocols import Message
from precompute.reply_log import ReplyLog

folder = Path(sys.argv[1])
model = FakeLanguageModel(journal=str(folder / "journal"))
asked = [[Message("user", str(number))] for number in range(6_000)]
for _ in ReplyLog(model, folder / "log").replies(asked, max_tokens=9, temperature=0.0, seed=0):
    if model.asked == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("replies", [1, 500, 511])
def test_a_kill_costs_64_replies_at_most(tmp_path: Path, replies: int) -> None:
    journal = tmp_path / "journal"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(replies)])
    assert killed.returncode == -signal.SIGKILL
    assert len(journal.read_text().splitlines()) == replies
    asked = [[Message("user", str(number))] for number in range(6_000)]
    model = FakeLanguageModel(journal=str(journal))
    list(ReplyLog(model, tmp_path / "log").replies(asked, max_tokens=9, temperature=0.0, seed=0))
    questions = journal.read_text().splitlines()
    assert len(set(questions)) == 6_000
    assert len(questions) <= 6_000 + UNSAVED


def test_what_is_told_counts_up_to_the_end(tmp_path: Path) -> None:
    told: list[Asking] = []
    log = ReplyLog(Recorder(), tmp_path / "log")
    with heard_by(told.append):
        texts(log, questions(50) * 2)
    assert (told[-1].done, told[-1].total, told[-1].seconds_left) == (100, 100, 0)
    assert told[-1].tokens_per_s > 0
    with heard_by(told.append):
        texts(log, questions(50))
    assert (told[-1].tokens_per_s, told[-1].seconds_left) == (0, None)


def test_the_rate_of_a_model_is_kept(tmp_path: Path) -> None:
    texts(ReplyLog(Recorder(), tmp_path / "log"), questions(5))
    texts(ReplyLog(Recorder(), tmp_path / "log"), questions(7))
    with ReplyFile(tmp_path / "log") as file:
        rate = file.rate("recorder")
        assert rate is not None
        assert (rate.replies, rate.reply_tokens) == (7, 70)
        assert rate.seconds > rate.first_s > 0
        assert file.rate("another") is None


def test_loading_a_model_is_no_part_of_its_rate_once_there_are_enough_replies() -> None:
    few, many = (Rate(replies, 0, 0, 0, first_s=60.0, seconds=60.0 + replies) for replies in (30, 3000))
    assert (few.reply_s, many.reply_s) == (3.0, 1.0)


def test_rates_are_kept_by_kind_of_question(tmp_path: Path) -> None:
    log = ReplyLog(Recorder(), tmp_path / "log")
    texts(log, questions(5))
    texts(log, questions(3), seed=4, temperature=1.0)
    texts(log, questions(2), choices=["yes", "no"])
    with ReplyFile(tmp_path / "log") as file:
        kinds = [kind_of_question(64, choices, None) for choices in (None, ["yes", "no"], ["maybe"])]
        rates = [file.rate("recorder", kind) for kind in kinds]
    assert [rate and rate.replies for rate in rates] == [8, 2, None]
    assert rates[0] is not None and rates[0].characters == 8 * len("Compare.000000")


def test_a_log_that_keeps_nothing_answers_from_what_is_there(tmp_path: Path) -> None:
    texts(ReplyLog(Recorder(), tmp_path / "log"), questions(3))
    model = Recorder(suffix=" anew")
    log = ReplyLog(model, tmp_path / "log", keeps=False)
    for _ in range(2):
        assert texts(log, questions(4)) == ["000000", "000001", "000002", "000003 anew"]
    assert model.asked == ["000003"] * 2


def test_replies_of_any_characters_are_kept_as_they_are(tmp_path: Path) -> None:
    strange = "\0 \x1b[2J é 犬 😊 'quotes' \u2028"
    first = texts(ReplyLog(Recorder(suffix=strange), tmp_path / "log"), questions(1))
    assert first == texts(ReplyLog(Recorder(), tmp_path / "log"), questions(1)) == ["000000" + strange]


def test_half_a_character_is_replaced(tmp_path: Path) -> None:
    assert texts(ReplyLog(Recorder(suffix="\ud83d"), tmp_path / "log"), questions(1)) == ["000000?"]


def test_closing_the_log_frees_the_model(tmp_path: Path) -> None:
    model = Recorder()
    ReplyLog(model, tmp_path / "log").close()
    assert model.is_closed


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_bytes(b"this is no database, whatever it may look like" * 100)
    with pytest.raises(PipelineError) as error:
        texts(ReplyLog(Recorder(), file), questions(1))
    assert str(file) in error.value.what
    assert "delete" in error.value.remedy


class Many(Sequence[Sequence[Message]]):
    """Questions that are made when they are looked at."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, position: Any) -> Any:
        if position >= self.count:
            raise IndexError
        return [Message("user", f"{position} " + "word " * 200)]


@pytest.mark.slow
def test_memory_stays_flat(tmp_path: Path) -> None:
    model = Recorder()
    log = ReplyLog(model, tmp_path / "log")
    peaks = []
    for windows in (2, 6):
        tracemalloc.start()
        for _ in log.replies(Many(windows * WINDOW), **{**SAMPLING, "seed": windows}):
            model.asked.clear()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0]
