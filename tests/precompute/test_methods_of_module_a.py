"""Module A in whole runs over fakes: three methods, one store."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from and_core.errors import ConfigError
from and_core.models.fakes import REFUSAL
from precompute.config import Component
from precompute.run import Run

MakeRun = Callable[..., Run]
RunAll = Callable[[Run], Any]
KEEP_ALL = {"b_calibration": {"threshold": 1.0}}
"""Calibration strikes nothing, so that every neuron has a summary to read."""
HEARS = {"audio_text_encoder": Component(kind="fake")}
NEVER_NAN = "SELECT count(*) FROM {} WHERE isnan({})"


def rows(run: Run, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect((run.store / "current").resolve(), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def no_nan(run: Run) -> bool:
    numbers = [("closed_concept", "score"), ("concept_pick", "margin"), ("concept_pick", "share")]
    numbers += [("summary_point", "similarity")]
    return all(rows(run, NEVER_NAN.format(*number)) == [(0,)] for number in numbers)


def test_every_method_answers_for_every_neuron(fake_run: MakeRun, run_all: RunAll) -> None:
    run = fake_run(**HEARS, **KEEP_ALL)
    run_all(run)
    answered = "SELECT method, similarity, count(*), count(concept_id) FROM concept_pick GROUP BY ALL ORDER BY method"
    assert rows(run, answered) == [
        ("description_based", "cos_cubed", 17, 17),
        ("in_context", None, 17, 17),
        ("text_audio_based", "cos_cubed", 17, 17),
    ]
    assert rows(run, "SELECT DISTINCT method, similarity FROM closed_concept WHERE score IS NULL") == [
        ("in_context", None)
    ]
    assert rows(run, "SELECT value FROM store_meta WHERE name = 'audio_text_encoder'") == [("fake audio-text encoder",)]
    assert no_nan(run)


def test_what_is_heard_and_what_is_read_agree_where_captions_name_the_class(fake_run: MakeRun, run_all: RunAll) -> None:
    run = fake_run(**HEARS, dataset={"clip_count": 60})
    run_all(run)
    agree = """
        SELECT avg(CAST(heard.concept_id = read.concept_id AS INTEGER)) FROM concept_pick AS heard
        JOIN concept_pick AS read USING (neuron_id)
        WHERE heard.method = 'text_audio_based' AND read.method = 'description_based'"""
    assert rows(run, agree)[0][0] > 0.7, "a third of them would by chance"


def test_methods_that_are_not_asked_leave_nothing_and_need_nothing(fake_run: MakeRun, run_all: RunAll) -> None:
    run = fake_run(a_closed_concept={"methods": ["in_context"]}, **KEEP_ALL)
    run_all(run)
    assert rows(run, "SELECT DISTINCT method FROM concept_pick") == [("in_context",)]
    assert rows(run, "SELECT count(*) FROM best_concept") == [(17,)]
    assert rows(run, "SELECT count(*) FROM concept") == [(3,)]


def test_a_method_without_its_encoder_is_refused_before_any_work(fake_run: MakeRun, run_all: RunAll) -> None:
    run = fake_run(a_closed_concept={"methods": ["text_audio_based"]})
    with pytest.raises(ConfigError, match="no audio-text encoder"):
        run_all(run)
    assert not run.store.exists()


def test_a_threshold_asks_the_selector_anew_and_nobody_else(fake_run: MakeRun, run_all: RunAll) -> None:
    run_all(fake_run(**HEARS))
    done = run_all(fake_run(**HEARS, b_calibration={"threshold": 0.2})).done
    assert "a_in_context fake" in done
    assert not {"a_closed_concept fake", "caption_embeddings", "audio_embeddings"} & set(done)


def test_clips_and_captions_are_embedded_once_for_all_networks(fake_run: MakeRun, run_all: RunAll) -> None:
    run = fake_run(network={"one": {}, "two": {"seed": 1}}, **HEARS, **KEEP_ALL)
    done = run_all(run).done
    assert done.count("audio_embeddings") == done.count("caption_embeddings") == 1
    assert rows(run, "SELECT count(*) FROM concept_pick WHERE concept_id IS NOT NULL") == [(3 * 34,)]
    more = run_all(fake_run(network={"one": {}, "two": {"seed": 1}, "three": {"seed": 2}}, **HEARS)).done
    assert not {"caption_embeddings", "audio_embeddings"} & set(more)


def test_a_language_model_is_asked_once_about_a_summary_and_its_reply_is_kept(
    fake_run: MakeRun, tmp_path: Path, run_all: RunAll
) -> None:
    journal = tmp_path / "asked.jsonl"
    model = {"kind": "fake", "always": "Answer: middle tone, low hum", "journal": str(journal)}
    run = fake_run(network={"one": {}, "two": {"seed": 1}}, language_model=model, concept_selector={}, **KEEP_ALL)
    run_all(run)
    said = "SELECT text, raw, problem, count(*) FROM concept_pick JOIN concept USING (concept_id) WHERE {} GROUP BY ALL"
    assert rows(run, said.format("method = 'in_context'")) == [
        ("middle tone", "Answer: middle tone, low hum", None, 34)
    ]
    assert rows(run, "SELECT max(rank) FROM closed_concept WHERE method = 'in_context'") == [(2,)]
    questions = [json.loads(line) for line in journal.read_text().splitlines()]
    summaries = "SELECT count(DISTINCT summary) FROM summary WHERE polarity = 'high'"
    assert len(questions) == len(set(questions)) <= rows(run, summaries)[0][0]
    assert rows(run, "SELECT name FROM prompt ORDER BY name") == [("select_concept",), ("select_five_concepts",)]


def test_a_reply_that_cannot_be_used_is_null_with_its_reason(fake_run: MakeRun, run_all: RunAll) -> None:
    run = fake_run(language_model={"kind": "fake", "always": REFUSAL}, concept_selector={}, **KEEP_ALL)
    run_all(run)
    picks = "SELECT DISTINCT concept_id, raw, problem FROM concept_pick WHERE method = 'in_context'"
    assert rows(run, picks) == [(None, REFUSAL, "refusal")]
    assert rows(run, "SELECT count(*) FROM closed_concept WHERE method = 'in_context'") == [(0,)]


def test_a_neuron_that_answers_every_clip_alike_has_no_concept_by_any_method(
    fake_run: MakeRun, run_all: RunAll
) -> None:
    run = fake_run(network={"fake": {"dead": 2}}, **HEARS)
    run_all(run)
    assert rows(run, "SELECT count(*), count(concept_id) FROM concept_pick WHERE neuron_id < 2") == [(6, 0)]
    assert rows(run, "SELECT count(*) FROM closed_concept WHERE neuron_id < 2") == [(0,)]
    assert rows(run, "SELECT count(*) FROM concept_pick WHERE concept_id IS NULL AND coalesce(margin, share) >= 0") == [
        (0,)
    ]
    assert no_nan(run)


def test_a_summary_that_says_nothing_has_no_concept_in_context(fake_run: MakeRun, run_all: RunAll) -> None:
    run = fake_run(summarizer={"kind": "fake", "says_nothing": True})
    run_all(run)
    answered = "SELECT method, count(concept_id) FROM concept_pick GROUP BY ALL ORDER BY method"
    assert rows(run, answered) == [("description_based", 17), ("in_context", 0)]


@pytest.mark.parametrize("clip_count", [3, 7, 21])
def test_fewer_clips_than_a_function_looks_at_are_answered_all_the_same(
    fake_run: MakeRun, clip_count: int, run_all: RunAll
) -> None:
    """WPMI looks at 28 clips, softWPMI at 100; rank reorder has no answer below 40, for it needs two in its top 5 %."""
    run = fake_run(dataset={"clip_count": clip_count}, exemplars={"k": 4}, **HEARS)
    run_all(run)
    functions = "SELECT DISTINCT similarity FROM closed_concept WHERE method = 'description_based' ORDER BY ALL"
    assert rows(run, functions) == [("cos",), ("cos_cubed",), ("soft_wpmi",), ("wpmi",)]
    assert no_nan(run)


def test_clips_without_a_caption_are_left_out_of_what_is_read_and_not_of_what_is_heard(
    fake_run: MakeRun, run_all: RunAll
) -> None:
    run = fake_run(captioner=Component(kind="fake", refuses="3.wav"), dataset={"clip_count": 24}, **HEARS, **KEEP_ALL)
    run_all(run)
    assert rows(run, "SELECT count(*) FROM caption WHERE caption IS NULL") == [(3,)]
    folder = next((run.work / "caption_embeddings").iterdir())
    embedded = duckdb.sql(f"SELECT count(*) FROM '{folder}/shards/*/embedding.parquet'").fetchall()
    assert embedded == [(24 - 3 + 3,)], "21 captions and three concepts"
    assert rows(run, "SELECT count(concept_id) FROM concept_pick") == [(3 * 17,)]
    assert no_nan(run)


def test_shares_are_shares_of_the_resamples(fake_run: MakeRun, run_all: RunAll) -> None:
    run = fake_run(a_closed_concept={"resamples": 5}, **HEARS)
    run_all(run)
    shares = rows(run, "SELECT DISTINCT share FROM concept_pick WHERE method <> 'in_context'")
    assert all(math.isclose(share * 5, round(share * 5), abs_tol=1e-4) for (share,) in shares)
    none = fake_run(a_closed_concept={"resamples": 0})
    run_all(none)
    assert rows(none, "SELECT DISTINCT share FROM concept_pick") == [(None,)]
    other = fake_run(a_closed_concept={"similarities": ["wpmi"]})
    run_all(other)
    assert rows(other, "SELECT DISTINCT similarity, share FROM concept_pick WHERE similarity IS NOT NULL") == [
        ("wpmi", None)
    ]


def test_pruning_takes_what_every_method_picked(fake_run: MakeRun, run_all: RunAll) -> None:
    strategies = ["description_based", "text_audio_based", "in_context"]
    run = fake_run(**HEARS, **KEEP_ALL, ablations={"clips_per_class": 1, "strategies": strategies})
    run_all(run)
    pruned = "SELECT strategy, sum(neuron_count) > 0 FROM ablation WHERE strategy <> 'random' GROUP BY ALL ORDER BY ALL"
    assert rows(run, pruned) == [(strategy, True) for strategy in sorted(strategies)]
