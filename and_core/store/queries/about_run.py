"""Questions about the run: what was computed, from which clips."""

from dataclasses import dataclass

import pandas as pd

from and_core.store.connection import Store
from and_core.store.queries.rows import MAX_ROWS, record


def meta(store: Store) -> dict[str, str]:
    """What the store says about itself: names and values of `store_meta`."""
    rows = store.query("SELECT name, value FROM store_meta ORDER BY name LIMIT 200")
    return dict(zip(rows["name"], rows["value"], strict=True))


def stage_runs(store: Store) -> pd.DataFrame:
    """stage, network, key, items, seconds, settings, versions: what was computed, from what, for how long."""
    return store.query(
        f"SELECT stage, network, key, items, seconds, settings, versions FROM stage_run LIMIT {MAX_ROWS}"
    )


@dataclass(frozen=True)
class Dataset:
    """The probing dataset of the run."""

    name: str
    kind: str
    clip_count: int
    class_count: int


def dataset(store: Store) -> Dataset:
    rows = store.query(
        "SELECT name, kind, clip_count, (SELECT count(*) FROM class) AS class_count FROM dataset LIMIT 1"
    )
    return Dataset(**record(rows, 0))


def classes(store: Store) -> pd.DataFrame:
    """class_id, name, clips: the data set's classes with their number of clips, by name."""
    return store.query(f"""
        SELECT class_id, any_value(name) AS name, count(clip_id) AS clips
        FROM class LEFT JOIN clip USING (class_id) GROUP BY class_id ORDER BY name LIMIT {MAX_ROWS}""")


def folds(store: Store) -> list[int]:
    """The folds of the data set, none where it has no folds."""
    rows = store.query("SELECT DISTINCT fold FROM clip WHERE fold IS NOT NULL ORDER BY fold LIMIT 100")
    return [int(fold) for fold in rows["fold"]]


def evaluation_fold(store: Store, network: str) -> int | None:
    """The fold that the run itself evaluated pruning on; None where it took every fold."""
    rows = store.query(
        """SELECT CAST(json_extract_string(settings, '$.fold') AS INTEGER) AS fold
        FROM stage_run WHERE stage = 'ablations' AND network = ? LIMIT 1""",
        [network],
    )
    return None if rows.empty or pd.isna(rows["fold"].iloc[0]) else int(rows["fold"].iloc[0])


def skipped_clips(store: Store) -> pd.DataFrame:
    """filename, reason: clips left out of the run."""
    return store.query(f"SELECT filename, reason FROM skipped_clip ORDER BY filename LIMIT {MAX_ROWS}")
