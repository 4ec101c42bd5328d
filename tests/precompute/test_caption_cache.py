"""Captions are kept across runs, by the clip's content and the captioner."""

import sqlite3
import threading
from pathlib import Path

import pytest

from and_core.errors import PipelineError
from and_core.models.protocols import Answer
from precompute.caption_cache import FILENAME, CaptionCache

DOG, REFUSAL = Answer("A dog barks.", "Sure! A dog barks."), Answer(None, "I cannot hear.", "refusal")


def test_what_was_kept_is_found_again_usable_or_not(tmp_path: Path) -> None:
    CaptionCache(tmp_path, "salmonn").keep({"aa": DOG, "bb": REFUSAL})
    assert CaptionCache(tmp_path, "salmonn").find(["aa", "bb", "cc"]) == {"aa": DOG, "bb": REFUSAL}


def test_another_captioner_knows_nothing_of_it(tmp_path: Path) -> None:
    CaptionCache(tmp_path, "salmonn").keep({"aa": DOG})
    assert CaptionCache(tmp_path, "salmonn, asked otherwise").find(["aa"]) == {}


def test_more_clips_than_one_query_takes_are_found(tmp_path: Path) -> None:
    cache = CaptionCache(tmp_path, "salmonn")
    answers = {f"{clip:064x}": Answer(f"Sound {clip}.") for clip in range(1203)}
    cache.keep(answers)
    assert cache.find(answers.keys()) == answers
    assert cache.find([]) == {}


def test_the_first_answer_stays(tmp_path: Path) -> None:
    cache = CaptionCache(tmp_path, "salmonn")
    cache.keep({"aa": DOG})
    cache.keep({"aa": Answer("A cat."), "bb": REFUSAL})
    assert cache.find(["aa", "bb"]) == {"aa": DOG, "bb": REFUSAL}


def test_runs_that_write_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    def write(run: int) -> None:
        for clip in range(20):
            CaptionCache(tmp_path, f"captioner {run}").keep({str(clip): Answer(f"{run} {clip}")})

    writers = [threading.Thread(target=write, args=(run,)) for run in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = [CaptionCache(tmp_path, f"captioner {run}").find([str(clip) for clip in range(20)]) for run in range(4)]
    assert [len(answers) for answers in found] == [20] * 4


def test_a_file_that_is_no_database_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / FILENAME).write_bytes(b"no database" * 100)
    with pytest.raises(PipelineError, match=r"cannot be used: file is not a database.*move the file away"):
        CaptionCache(tmp_path, "salmonn").find(["aa"])


def test_readers_do_not_wait_for_a_writer(tmp_path: Path) -> None:
    cache = CaptionCache(tmp_path, "salmonn")
    cache.keep({"aa": DOG})
    with sqlite3.connect(cache.path) as writing:
        writing.execute("BEGIN IMMEDIATE")
        assert cache.find(["aa"]) == {"aa": DOG}
    writing.close()
