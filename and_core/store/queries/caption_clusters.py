"""Questions about the clusters of caption sentences (paper, Table 8)."""

import pandas as pd

from and_core.store.connection import Store
from and_core.store.queries.rows import MAX_ROWS


def clusters(store: Store) -> pd.DataFrame:
    """cluster_id, clip_count, sentence_count, words (the most telling), cloud (PNG or None): the largest first."""
    return store.query(f"""
        SELECT cluster_id, clip_count, sentence_count, words, cloud FROM cluster
        ORDER BY clip_count DESC, cluster_id LIMIT {MAX_ROWS}""")


def elbow_curve(store: Store) -> pd.DataFrame:
    """clusters, inertia, below_chord: the curve of the elbow method; the elbow has the largest `below_chord`."""
    return store.query(f"SELECT clusters, inertia, below_chord FROM cluster_elbow ORDER BY clusters LIMIT {MAX_ROWS}")


def cluster_words(store: Store, cluster_id: int) -> pd.DataFrame:
    """word, count: the words of a cluster's sentences, the most frequent first."""
    return store.query(
        f"""SELECT word, count FROM cluster_word WHERE cluster_id = ? ORDER BY count DESC, word LIMIT {MAX_ROWS}""",
        [cluster_id],
    )


def cluster_sentences(store: Store, cluster_id: int, limit: int = 200) -> pd.DataFrame:
    """sentence, clips, distance (to the cluster's centre): a cluster's different sentences, the nearest first."""
    return store.query(
        """
        SELECT sentence, count(DISTINCT clip_id) AS clips, min(distance) AS distance FROM caption_sentence
        WHERE cluster_id = $cluster GROUP BY sentence ORDER BY distance, sentence LIMIT $limit""",
        {"cluster": cluster_id, "limit": min(limit, MAX_ROWS)},
    )


def cluster_clips(store: Store, cluster_id: int, limit: int = 10) -> pd.DataFrame:
    """The clips whose sentences lie nearest to a cluster's centre, one of every different sentence first.

    Columns: sentence (its nearest to the centre), and of the clip as in `exemplars`.
    """
    return store.query(
        """
        WITH nearest AS (SELECT clip_id, min(distance) AS distance, arg_min(sentence, distance) AS sentence
                         FROM caption_sentence WHERE cluster_id = $cluster GROUP BY clip_id),
        turns AS (SELECT *, row_number() OVER (PARTITION BY sentence ORDER BY distance, clip_id) AS turn FROM nearest)
        SELECT sentence, clip_id, filename, class.name AS class_name, fold, seconds, sample_rate_hz, audio, spectrogram,
            caption, raw, problem
        FROM turns JOIN clip USING (clip_id) LEFT JOIN class USING (class_id) LEFT JOIN caption USING (clip_id)
        ORDER BY turn, distance, clip_id LIMIT $limit""",
        {"cluster": cluster_id, "limit": min(limit, MAX_ROWS)},
    )


def neurons_by_cluster(store: Store, network_id: int) -> pd.DataFrame:
    """cluster_id, neurons: how many interpretable neurons of a network share each cluster, at the run's K and tau."""
    return store.query(
        f"""
        SELECT cluster_id, count(*) AS neurons
        FROM run_interpretability JOIN neuron USING (neuron_id) JOIN layer USING (layer_id)
        WHERE network_id = $network AND interpretable GROUP BY cluster_id ORDER BY cluster_id LIMIT {MAX_ROWS}""",
        {"network": network_id},
    )


def neurons_of_cluster(store: Store, network_id: int, cluster_id: int, limit: int = 200) -> list[int]:
    """Ids of a network's interpretable neurons that share a cluster, at the run's K and tau; the most clips first."""
    rows = store.query(
        """
        SELECT neuron_id FROM run_interpretability JOIN neuron USING (neuron_id) JOIN layer USING (layer_id)
        WHERE network_id = $network AND cluster_id = $cluster AND interpretable
        ORDER BY shared_clips DESC, neuron_id LIMIT $limit""",
        {"network": network_id, "cluster": cluster_id, "limit": min(limit, MAX_ROWS)},
    )
    return [int(value) for value in rows["neuron_id"]]
