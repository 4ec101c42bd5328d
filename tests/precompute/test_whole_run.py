"""The whole line of stages, over fakes: what ends up in the store, and what changes when something goes wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import soundfile

from and_core.algorithms.ablation.choose import choose
from and_core.algorithms.ablation.selection import Limited, Term
from and_core.algorithms.ablation.spelling import parse
from and_core.errors import ConfigError, DatasetError, PipelineError
from and_core.store import queries
from and_core.store.connection import open_store
from precompute.clean import clean_run
from precompute.closing_notes import closing_notes
from precompute.pipeline import jobs_of
from precompute.run import Run
from precompute.stages.line import STAGES

MakeRun = Callable[..., Run]
RunAll = Callable[[Run], Any]


def rows(run: Run, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect((run.store / "current").resolve(), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def contents(run: Run) -> dict[str, list[tuple[Any, ...]]]:
    """Every table of the store but the one that holds how long things took."""
    tables = [name for (name,) in rows(run, "SELECT table_name FROM duckdb_tables() ORDER BY 1") if name != "stage_run"]
    return {table: rows(run, f"FROM {table} ORDER BY ALL") for table in tables}


def test_every_neuron_of_every_network_is_dissected(fake_run: MakeRun, run_all: RunAll) -> None:
    run = fake_run(network={"one": {}, "two": {"seed": 1}})
    run_all(run)
    assert rows(run, "SELECT name, neuron_count FROM network") == [("one", 17), ("two", 17)]
    assert rows(run, "SELECT min(neuron_id), max(neuron_id), count(*) FROM neuron") == [(0, 33, 34)]
    assert rows(run, "SELECT count(*) FROM exemplar") == [(34 * 2 * 5,)]
    assert rows(run, "SELECT count(DISTINCT neuron_id) FROM summary WHERE summary IS NOT NULL") == [(34,)]
    assert rows(run, "SELECT count(*) FROM ablation") == [(2 * 3 * (1 + 5),)]


def test_exemplars_are_the_most_and_least_exciting_clips(fake_run: MakeRun, run_all: RunAll) -> None:
    run = fake_run()
    run_all(run)
    disagreeing = rows(
        run,
        """
        FROM (
            SELECT neuron_id, list(activation ORDER BY rank) AS found FROM exemplar WHERE polarity = 'high' GROUP BY ALL
        )
        JOIN activation USING (neuron_id)
        WHERE found <> list_reverse_sort(activations::FLOAT[])[:5]""",
    )
    assert disagreeing == []


def test_a_second_run_does_nothing(fake_run: MakeRun, run_all: RunAll) -> None:
    run = fake_run()
    run_all(run)
    assert run_all(Run(run.config, run.runs_folder)).done == []


def test_another_threshold_redoes_calibration_and_what_follows_alone(fake_run: MakeRun, run_all: RunAll) -> None:
    run_all(fake_run())
    second = run_all(fake_run(b_calibration={"threshold": 0.9}))
    followers = ["a_in_context fake", "acoustic_words", "c_open_concept fake", "ablations fake", "publish"]
    assert second.done == ["b_calibration fake", *followers]


def test_renaming_a_network_only_publishes_again(fake_run: MakeRun, run_all: RunAll) -> None:
    run_all(fake_run())
    run = fake_run(network={"renamed": {}})
    assert run_all(run).done == ["publish"]
    assert rows(run, "SELECT name FROM network") == [("renamed",)]


def test_a_clip_that_cannot_be_read_is_listed_and_left_out(fake_run: MakeRun, run_all: RunAll) -> None:
    run = fake_run(dataset={"broken": 4})
    jobs = run_all(run).jobs
    assert [name for (name,) in rows(run, "SELECT filename FROM skipped_clip")] == [
        "tone-003.wav",
        "tone-007.wav",
        "tone-011.wav",
    ]
    assert rows(run, "SELECT count(*) FROM clip") == [(9,)]
    assert any("3 clips were left out" in note for note in closing_notes(jobs))


def test_a_data_set_without_one_good_clip_stops_the_run(fake_run: MakeRun, run_all: RunAll) -> None:
    with pytest.raises(DatasetError, match="None of the 12 clips"):
        run_all(fake_run(dataset={"broken": 1}))


def test_labels_that_do_not_match_are_told_and_the_rest_goes_on(fake_run: MakeRun, run_all: RunAll) -> None:
    run = fake_run(network={"other": {"class_names": ["Low Hum", "violin", "drum"]}})
    notes = list(closing_notes(run_all(run).jobs))
    assert len(notes) == 1
    assert "no output named as 2 of the data set's 3 classes (middle_tone, high_whistle)" in notes[0]
    assert rows(run, "SELECT DISTINCT class_id FROM ablation") == [(0,)]
    assert rows(run, "SELECT count(*) FROM summary WHERE summary IS NOT NULL") == [(34,)]


def test_going_back_to_an_earlier_setting_brings_its_store_back(fake_run: MakeRun, run_all: RunAll) -> None:
    run = fake_run()
    run_all(run)
    first = contents(run)
    run_all(fake_run(exemplars={"k": 4}))
    assert contents(run) != first
    assert run_all(fake_run()).done == ["publish"]
    assert contents(run) == first


def test_a_deleted_store_is_published_again_with_the_same_content(fake_run: MakeRun, run_all: RunAll) -> None:
    run = fake_run()
    run_all(run)
    first = contents(run)
    (run.store / "current").resolve().unlink()
    run_all(run)
    assert contents(run) == first


def test_clean_keeps_what_the_configuration_uses(fake_run: MakeRun, run_all: RunAll) -> None:
    run_all(fake_run())
    jobs = run_all(fake_run(exemplars={"k": 4})).jobs
    removed, freed = clean_run(jobs)
    assert removed > 0 and freed > 0
    assert run_all(fake_run(exemplars={"k": 4})).done == []
    assert clean_run(jobs) == (0, 0)


def test_clean_refuses_what_would_take_the_published_store_its_recordings(fake_run: MakeRun, run_all: RunAll) -> None:
    run = fake_run()
    run_all(run)
    with pytest.raises(PipelineError, match="not finished"):
        clean_run(jobs_of(fake_run(dataset={"clip_count": 15}), STAGES))
    audio = rows(run, "SELECT audio FROM clip")
    assert audio and all((run.store / file).is_file() for (file,) in audio)


def test_the_store_stands_on_its_own(fake_run: MakeRun, tmp_path: Path, run_all: RunAll) -> None:
    run = fake_run()
    run_all(run)
    for audio, spectrogram in rows(run, "SELECT audio, spectrogram FROM clip"):
        assert (run.store / audio).read_bytes()[:4] == b"fLaC"
        assert (run.store / spectrogram).read_bytes()[1:4] == b"PNG"


def test_concepts_come_from_a_file_and_a_missing_one_is_named(
    fake_run: MakeRun, tmp_path: Path, run_all: RunAll
) -> None:
    file = tmp_path / "concepts.txt"
    file.write_text("deep hum\n\nwhistle\nwhistle\n")
    run = fake_run(a_closed_concept={"concepts": str(file)})
    run_all(run)
    assert rows(run, "SELECT name FROM concept ORDER BY concept_id") == [("deep hum",), ("whistle",)]
    with pytest.raises(ConfigError, match="cannot be read"):
        run_all(fake_run(a_closed_concept={"concepts": str(tmp_path / "nowhere.txt")}))


def test_a_data_set_without_classes_is_dissected_without_closed_concepts(fake_run: MakeRun, run_all: RunAll) -> None:
    run = fake_run(dataset={"classes": False})
    notes = list(closing_notes(run_all(run).jobs))
    assert any("has no classes" in note for note in notes)
    assert rows(run, "SELECT count(*) FROM closed_concept") == [(0,)]
    assert rows(run, "SELECT count(*) FROM ablation") == [(0,)]
    assert rows(run, "SELECT count(*) FROM summary WHERE summary IS NOT NULL") == [(34,)]


def test_a_run_whose_summarizer_says_nothing_is_published(fake_run: MakeRun, run_all: RunAll) -> None:
    run = fake_run(summarizer={"kind": "fake", "says_nothing": True})
    run_all(run)
    assert rows(run, "SELECT count(*), count(summary) FROM summary") == [(34, 0)]
    assert rows(run, "SELECT DISTINCT neuron_count FROM ablation") == [(0,)]


def test_a_neuron_that_answers_every_clip_alike_is_not_described(fake_run: MakeRun, run_all: RunAll) -> None:
    run = fake_run(network={"fake": {"dead": 2}})
    run_all(run)
    assert rows(run, "SELECT neuron_id FROM neuron WHERE std = 0") == [(0,), (1,)]
    assert rows(run, "SELECT count(summary) FROM summary WHERE neuron_id < 2") == [(0,)]
    assert rows(run, "SELECT cluster_id, shared_clips FROM run_interpretability WHERE neuron_id < 2") == [(None, 0)] * 2
    assert rows(run, "SELECT count(*) FROM closed_concept WHERE neuron_id < 2") == [(0,)]
    assert rows(run, "SELECT count(summary) FROM summary WHERE neuron_id = 2") == [(2,)]


def test_neurons_are_judged_by_every_number_of_top_clips(fake_run: MakeRun, run_all: RunAll) -> None:
    run = fake_run(interpretability={"k": [3, 90], "clusters": 3, "tau": 2})
    run_all(run)
    [(clips,)] = rows(run, "SELECT count(*) FROM clip")
    assert rows(run, "SELECT k, count(*) FROM interpretability GROUP BY k ORDER BY k") == [
        (3, 17),
        (5, 17),
        (clips, 17),
    ]
    for k in (3, 5, clips):
        judged = rows(
            run, f"SELECT shared_clips, shared_sentences FROM interpretability WHERE k = {k} ORDER BY neuron_id"
        )
        assert judged == [by_hand(run, neuron, k) for neuron in range(17)]
    assert rows(run, "SELECT k, shared_clips FROM run_interpretability WHERE neuron_id = 0") == [
        (5, by_hand(run, 0, 5)[0])
    ]
    drawn = rows(run, "SELECT DISTINCT round(sum(share), 9) FROM interpretability_by_chance GROUP BY k, reading")
    assert drawn == [(1.0,)]


def by_hand(run: Run, neuron: int, k: int) -> tuple[int, int]:
    """Clips and sentences that a neuron's k most activating clips share, counted from the stored activations."""
    [(activations,)] = rows(run, f"SELECT activations FROM activation WHERE neuron_id = {neuron}")
    top = np.argsort(-np.array(activations), kind="stable")[:k].tolist()
    sentences = rows(run, f"SELECT clip_id, cluster_id FROM caption_sentence WHERE clip_id IN {tuple(top)}")
    clusters = {cluster for _, cluster in sentences}
    return (
        max(len({clip for clip, own in sentences if own == cluster}) for cluster in clusters),
        max(sum(own == cluster for _, own in sentences) for cluster in clusters),
    )


def test_the_elbow_decides_on_clusters_unless_a_number_does(fake_run: MakeRun, run_all: RunAll) -> None:
    run = fake_run(interpretability={"clusters": "elbow", "elbow_most": 6})
    run_all(run)
    [(elbow,)] = rows(run, "SELECT arg_max(clusters, below_chord) FROM cluster_elbow")
    assert rows(run, "SELECT count(*) FROM cluster") == [(elbow,)]
    assert rows(run, "SELECT max(clusters) <= 6, min(clusters) FROM cluster_elbow") == [(True, 1)]
    assert all((run.store / cloud).is_file() for (cloud,) in rows(run, "SELECT cloud FROM cluster WHERE cloud <> ''"))
    fixed = fake_run(interpretability={"clusters": 2, "elbow_most": 6})
    run_all(fixed)
    assert rows(fixed, "SELECT count(*) FROM cluster") == [(2,)]
    assert rows(fixed, "FROM cluster_elbow ORDER BY ALL") == rows(run, "FROM cluster_elbow ORDER BY ALL")


def test_every_ablation_has_its_random_controls(fake_run: MakeRun, run_all: RunAll) -> None:
    settings = {"strategies": ["open_concept", "description_based"], "random_seeds": 2, "clips_per_class": 2}
    run = fake_run(ablations=settings)
    run_all(run)
    controls = """
        SELECT strategy.strategy, count(*) FROM ablation AS strategy
        JOIN ablation AS control ON control.control_of = strategy.ablation_id
        WHERE control.strategy = 'random' AND control.neuron_count = strategy.neuron_count
            AND control.class_id = strategy.class_id
        GROUP BY ALL ORDER BY ALL"""
    assert rows(run, controls) == [("description_based", 6), ("open_concept", 6)]


def test_what_an_ablation_says_it_selected_means_the_neurons_it_pruned(fake_run: MakeRun, run_all: RunAll) -> None:
    run = fake_run(ablations={"strategies": ["open_concept", "description_based"], "clips_per_class": 2})
    run_all(run)
    selected = (
        "SELECT selection, list(neuron_id ORDER BY neuron_id) FROM ablation JOIN ablation_neuron USING (ablation_id)"
    )
    pruned = rows(run, f"{selected} GROUP BY ALL")
    assert {type(parse(selection)) for selection, _ in pruned} == {Term, Limited}
    evidence = queries.evidence(open_store(run.store), 0)
    assert {s: sorted(choose(parse(s), evidence).tolist()) for s, _ in pruned} == dict(pruned)


def test_pruning_by_description_needs_its_similarity_and_may_lack_a_concept(
    fake_run: MakeRun, tmp_path: Path, run_all: RunAll
) -> None:
    settings = {"strategies": ["description_based"], "clips_per_class": 2}
    with pytest.raises(ConfigError, match="needs the similarity cos_cubed"):
        run_all(fake_run(ablations=settings, a_closed_concept={"similarities": ["cos"]}))
    file = tmp_path / "concepts.txt"
    file.write_text("Low Hum\nwhistle\n")
    run = fake_run(ablations=settings, a_closed_concept={"concepts": str(file)})
    run_all(run)
    pruned = "SELECT class.name FROM ablation JOIN class USING (class_id) WHERE neuron_count > 0 AND seed IS NULL"
    assert rows(run, pruned) == [("low_hum",)]


def test_a_fold_without_clips_is_refused_with_the_folds_there_are(fake_run: MakeRun, run_all: RunAll) -> None:
    with pytest.raises(ConfigError, match=r"ablations.fold = 9.*\[1, 2, 3, 4, 5\]"):
        run_all(fake_run(ablations={"fold": 9}))


def test_a_clip_beyond_full_scale_is_turned_down_before_anybody_hears_it(fake_run: MakeRun, run_all: RunAll) -> None:
    run = fake_run(dataset={"gain": 4.0})
    run_all(run)
    peaks = rows(run, "SELECT max(value) FROM clip_measurement WHERE name = 'peak_dbfs'")
    assert peaks[0][0] == pytest.approx(0, abs=0.01)
    waveform, _ = soundfile.read(run.store / rows(run, "SELECT audio FROM clip LIMIT 1")[0][0])
    assert np.abs(waveform).max() == pytest.approx(1, abs=1e-3)
    assert (np.abs(waveform) > 0.999).mean() < 0.01, "turned down, not cut off"


def test_half_written_files_of_a_killed_run_are_not_published(fake_run: MakeRun, run_all: RunAll) -> None:
    run = fake_run()
    clips = jobs_of(run, STAGES)[0]
    (clips.folder / "audio").mkdir(parents=True)
    (clips.folder / "audio" / "half.flac.1.tmp").write_bytes(b"half")
    run_all(run)
    assert {file.suffix for file in (run.store / "audio").iterdir()} == {".flac"}


def test_points_and_words_of_all_networks_are_embedded_and_judged_once(fake_run: MakeRun, run_all: RunAll) -> None:
    run = fake_run(network={"one": {}, "two": {"seed": 1}}, b_calibration={"threshold": 1.0})
    jobs = {job.title: job for job in run_all(run).jobs}
    embedded = jobs["point_embeddings"].table("point_embedding")["point"].to_pylist()
    assert rows(run, "SELECT DISTINCT point FROM summary_point ORDER BY point") == [(point,) for point in embedded]
    judged = jobs["acoustic_words"].table("acoustic_word")["word"].to_pylist()
    asked_about = "dropped_by IS NULL OR dropped_by IN ('not acoustic', 'not judged')"
    used = rows(run, f"SELECT DISTINCT word FROM candidate_word WHERE {asked_about} ORDER BY word")
    assert judged and used == [(word,) for word in judged]
    assert rows(run, "SELECT word FROM acoustic_word ORDER BY word") == used
