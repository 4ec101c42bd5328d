"""A store of seven neurons written by hand."""

import pytest

from and_core.store.build import SCHEMA_VERSION, StoreBuilder
from and_core.store.connection import Store, open_store

ROWS = """
INSERT INTO store_meta VALUES ('run', 'hand'), ('exemplar_k', '2'), ('tau', '2'), ('captioner', 'by hand'),
    ('closed_concept_method', 'description_based');
INSERT INTO stage_run VALUES ('ablations', 'small', 'k', '{"fold": 2}', 3, 1.5, '{}');
INSERT INTO dataset VALUES ('noises', 'audio_folder', 'f', 4);
INSERT INTO class VALUES (0, 'dog', ['dog']), (1, 'sea_waves', ['sea', 'wave']), (2, 'never_heard', ['hear']);
INSERT INTO clip VALUES
    (0, 'a.wav', 0, 1, NULL, 2.0, 16000, 's', 'audio/a.flac', 'spectrograms/a.png'),
    (1, 'b.wav', 0, 2, NULL, 2.0, 16000, 's', 'audio/b.flac', 'spectrograms/b.png'),
    (2, 'c.wav', 1, 2, NULL, 2.0, 16000, 's', 'audio/c.flac', 'spectrograms/c.png'),
    (3, 'd.wav', NULL, NULL, NULL, 2.0, 16000, 's', 'audio/d.flac', 'spectrograms/d.png');
INSERT INTO clip_measurement VALUES (0, 'measured', 'loudness_dbfs', -20), (1, 'measured', 'loudness_dbfs', -10),
    (2, 'measured', 'loudness_dbfs', -30), (1, 'measured', 'pitch_hz', NULL), (0, 'measured', 'pitch_hz', 440),
    (0, 'made', 'made_up', 7);
INSERT INTO skipped_clip VALUES ('e.wav', 'it holds no samples');
INSERT INTO caption VALUES (0, 'hand', 'A dog barks.', 'Sure! A dog barks.', NULL),
    (1, 'hand', NULL, 'I cannot hear.', 'refusal'), (2, 'hand', 'Waves.', NULL, NULL);
INSERT INTO prompt VALUES ('summarize_commonalities', 'h', '## User
{captions}');
INSERT INTO network VALUES
    (0, 'small', 'huggingface', '{"path": "here"}', 'f0', 'cls', 16000, 5.1, 5, 'supervised'),
    (1, 'other', 'huggingface', '{}', 'f1', 'mean', 16000, NULL, 2, NULL);
INSERT INTO network_class VALUES (0, 0, 'sea_waves', 1), (0, 1, 'dog', 0), (0, 2, 'cat', NULL);
INSERT INTO layer VALUES
    (0, 0, 'layer1_output', 'output', 'm1', 3, 1), (1, 0, 'fc', 'fc', 'm2', 2, 2),
    (2, 1, 'layer1_output', 'output', 'm', 2, 1);
INSERT INTO neuron SELECT i, CASE WHEN i < 3 THEN 0 WHEN i < 5 THEN 1 ELSE 2 END,
    CASE WHEN i < 3 THEN i WHEN i < 5 THEN i - 3 ELSE i - 5 END, 0, 1, range(33)
    FROM range(7) t(i);
INSERT INTO activation VALUES (0, [1, 1, -1, -1]), (1, [1, 1, -1, -1]), (2, [-1, -1, 1, 1]), (3, [1, -1, 1, -1]),
    (4, [0, 0, 0, 0]), (5, [1, 1, -1, -1]), (6, [1, 1, -1, -1]);
UPDATE neuron SET std = 0 WHERE neuron_id = 4;
INSERT INTO exemplar VALUES
    (0, 'high', 1, 1, 3.5), (0, 'high', 2, 0, 2.5), (0, 'low', 1, 3, -1.5), (1, 'high', 1, 2, 9.0);
INSERT INTO token_trace VALUES
    (0, 'high', 2, -1, 4, [0, 255, 51], [255, 0]), (0, 'low', 1, 0, 1, [0, 255], [255, 0]),
    (1, 'high', 1, 2, 2, [0], NULL);
INSERT INTO token_grid VALUES
    (0, 0, [0, 0.1, 0.2], [0.2, 0.3, 0.4], [20, 900], [900, 8000]),
    (0, 3, [0, 0.1], [0.2, 0.3], [20, 900], [900, 8000]), (0, 2, [0], [2], NULL, NULL),
    (1, 0, [9, 9, 9], [9, 9, 9], NULL, NULL);
INSERT INTO concept VALUES (0, 'dog', 'dog'), (1, 'sea_waves', 'sea waves');
INSERT INTO name_cosine VALUES (0, 0, 1), (0, 1, 0.25), (0, 2, 0.5), (1, 0, 0.25), (1, 1, 1), (1, 2, 0.125);
INSERT INTO closed_concept VALUES
    (4, 'description_based', 'cos', 1, 1, 0.6), (3, 'description_based', 'cos', 1, 0, 0.8),
    (0, 'description_based', 'cos_cubed', 1, 0, 0.5), (0, 'description_based', 'cos_cubed', 2, 1, 0.2),
    (0, 'description_based', 'cos', 1, 0, 0.9), (0, 'description_based', 'wpmi', 1, 1, 0.1),
    (1, 'description_based', 'cos_cubed', 1, 1, 0.8), (1, 'description_based', 'cos_cubed', 2, 0, 0.7),
    (1, 'description_based', 'cos', 1, 0, 0.9), (3, 'description_based', 'cos_cubed', 4, 0, 0.9),
    (5, 'description_based', 'cos_cubed', 1, 0, 0.9), (0, 'in_context', NULL, 1, 1, NULL),
    (0, 'text_audio_based', 'cos_cubed', 1, 0, 0.4), (1, 'in_context', NULL, 1, 1, NULL);
INSERT INTO concept_pick VALUES
    (0, 'in_context', NULL, 1, NULL, NULL, 'Answer: sea waves', NULL),
    (0, 'text_audio_based', 'cos_cubed', 0, NULL, 0.5, NULL, NULL),
    (0, 'description_based', 'cos_cubed', 0, 0.3, 0.95, NULL, NULL),
    (1, 'description_based', 'cos_cubed', 1, 0.1, 0.6, NULL, NULL), (1, 'in_context', NULL, 1, NULL, NULL, NULL, NULL),
    (2, 'in_context', NULL, NULL, NULL, NULL, 'I cannot.', 'refusal'),
    (5, 'description_based', 'cos_cubed', 0, NULL, 1, NULL, NULL);
INSERT INTO summary VALUES (0, 'high', 'x', 'Sure! x', NULL), (0, 'low', 'y', NULL, NULL),
    (1, 'high', NULL, 'I cannot.', 'refusal'), (1, 'low', NULL, NULL, NULL);
INSERT INTO summary VALUES (5, 'high', 'x', NULL, NULL), (5, 'low', 'y', NULL, NULL), (6, 'high', 'x', NULL, NULL),
    (6, 'low', 'y', NULL, NULL);
INSERT INTO summary_point VALUES
    (5, 'high', 1, 'Steady all along.', true, 1, 0.65), (5, 'high', 2, 'Clear recording.', false, 2, 0.9),
    (5, 'low', 1, 'Rather steady.', true, NULL, NULL), (5, 'low', 2, 'Clear.', true, NULL, NULL),
    (6, 'high', 1, 'Clear recording.', false, 1, 0.75), (6, 'low', 1, 'Clear.', true, NULL, NULL);
INSERT INTO summary_point VALUES
    (0, 'high', 1, 'Clear recording.', false, 1, 0.9), (0, 'high', 2, 'A LOUD dog barks.', true, 1, 0.1),
    (0, 'low', 1, 'Clear.', true, NULL, NULL);
INSERT INTO open_concept VALUES
    (0, 'loud', 'adjective', 1), (0, 'dog', 'noun', 1), (0, 'wave', 'adjective', 1),
    (1, 'loud', 'adjective', 2), (1, 'sea', 'noun', 1), (1, 'wave', 'noun', 1),
    (2, 'wave', 'noun', 1), (2, 'dogma', 'noun', 5),
    (5, 'loud', 'adjective', 1), (5, 'sea', 'noun', 1);
INSERT INTO candidate_word VALUES (5, 'loud', true, NULL), (6, 'loud', false, 'negated'),
    (6, 'odd', false, 'not judged');
INSERT INTO candidate_word VALUES (0, 'loud', true, NULL), (0, 'clear', false, 'negated');
INSERT INTO acoustic_word VALUES ('odd', NULL, 'Perhaps.', 'no answer', 'a judge');
INSERT INTO acoustic_word VALUES ('loud', true, 'Yes!', NULL, 'a judge');
INSERT INTO cluster VALUES (4, 3, 2, ['bark', 'loud'], 'clouds/4.png'), (7, 1, 3, [], NULL);
INSERT INTO cluster_word VALUES (4, 'bark', 3), (4, 'dog', 3), (4, 'loud', 5);
INSERT INTO cluster_elbow VALUES (1, 9.0, 0), (2, 4.0, 0.1), (3, 1.0, 0);
INSERT INTO caption_sentence VALUES (0, 1, 'A dog barks.', 4, 0.25), (0, 2, 'Loud.', 4, 0.75),
    (1, 1, 'A dog barks.', 4, 0.25), (2, 1, 'Loud.', 4, 0.5), (2, 2, 'Waves.', 7, 0);
INSERT INTO interpretability VALUES (0, 2, 4, 2, 3, 1), (0, 4, 4, 2, 3, 0), (1, 2, NULL, 0, 0, 0), (1, 4, 4, 1, 1, 0);
INSERT INTO interpretability_by_chance VALUES (2, 'clips', 0, 0.5), (2, 'clips', 1, 0.25), (2, 'clips', 2, 0.25),
    (2, 'sentences', 0, 1), (4, 'clips', 4, 1);
INSERT INTO baseline_logit VALUES (0, 0, [0.5, 2, 0]), (0, 1, [1, 2, 0]), (0, 2, [3, 0, 0]), (0, 3, [0, 0, 9]);
INSERT INTO ablation VALUES (7, 0, 'open_concept', 'open_concept:sea_waves', NULL, 1, NULL, 2, 2, 'fold 2');
INSERT INTO ablation VALUES (8, 0, 'random', 'random(open_concept:sea_waves) seed 3', 7, 1, 3, 2, 2, 'fold 2'),
    (9, 0, 'random', 'random(open_concept:sea_waves) seed 4', 7, 1, 4, 2, 2, 'fold 2');
INSERT INTO ablation_result VALUES (8, 0, 1, 1, 1, 0.9, 0.9, 1, 1), (8, 1, 1, 3, 2, 0.9, 0.8, 1, 1),
    (9, 0, 1, 1, 1, 0.9, 0.9, 1, 1), (9, 1, 1, 3, 0, 0.9, 0.4, 1, 1);
INSERT INTO ablation_result VALUES (7, 0, 1, 1, 0.5, 0.9, 0.8, 1, 1), (7, 1, 1, 3, -1, 0.9, 0.1, 1, 0);
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    path = tmp_path_factory.mktemp("store") / "and-hand.duckdb"
    builder = StoreBuilder(path, clip_count=4)
    with builder:
        builder.connection.execute(ROWS).fetchall()
        version = str(SCHEMA_VERSION)
        builder.connection.execute("INSERT INTO store_meta VALUES ('schema_version', ?)", [version]).fetchall()
        # Checks want exemplars of every neuron; the ones a test looks at are above.
        builder.connection.execute(
            "INSERT INTO exemplar SELECT neuron_id, 'low', 1, 0, 0 FROM neuron ANTI JOIN exemplar USING (neuron_id)"
        ).fetchall()
    return open_store(path)
