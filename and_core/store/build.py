"""Builds a store: a DuckDB file that is written once, checked, and never edited."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template
from types import TracebackType

import duckdb
import pyarrow as pa

from and_core.errors import StoreError

SCHEMA_VERSION = 8
"""Raised when schema.sql changes: a store of another version is not opened but published again."""
STORAGE_VERSION = "v1.5.0"
"""DuckDB's file format: the newest that both 1.5 and 2.x read."""
MAX_CLIPS_WITH_ACTIVATIONS = 10_000

CHECKS = {
    "a neuron without a layer": "FROM neuron ANTI JOIN layer USING (layer_id)",
    "a layer whose neurons are not its width": """
        FROM (SELECT layer_id, count(*) AS neurons FROM neuron GROUP BY ALL) JOIN layer USING (layer_id)
        WHERE neurons <> width""",
    "neuron ids with gaps": "FROM (SELECT max(neuron_id) + 1 - count(*) AS gaps FROM neuron) WHERE gaps <> 0",
    "an exemplar of no neuron": "FROM exemplar ANTI JOIN neuron USING (neuron_id)",
    "an exemplar that is no clip": "FROM exemplar ANTI JOIN clip USING (clip_id)",
    "a neuron without exemplars": "FROM neuron ANTI JOIN exemplar USING (neuron_id)",
    "a token trace of no exemplar": "FROM token_trace ANTI JOIN exemplar USING (neuron_id, polarity, rank)",
    "a token trace whose steps have no times": """
        FROM token_trace JOIN exemplar USING (neuron_id, polarity, rank) JOIN neuron USING (neuron_id)
            JOIN layer USING (layer_id) LEFT JOIN token_grid USING (network_id, clip_id)
        WHERE len(trace) IS DISTINCT FROM len(start_s)
            OR (bands IS NOT NULL AND len(bands) IS DISTINCT FROM len(low_hz))""",
    "a caption of no clip": "FROM caption ANTI JOIN clip USING (clip_id)",
    "a sentence in no cluster": "FROM caption_sentence ANTI JOIN cluster USING (cluster_id)",
    "more shared clips than there were": "FROM interpretability WHERE shared_clips > k",
    "a shared cluster that is none": """
        FROM interpretability ANTI JOIN cluster USING (cluster_id) WHERE cluster_id IS NOT NULL""",
    "a caption of a reply that cannot be used": "FROM caption WHERE problem IS NOT NULL AND caption IS NOT NULL",
    "a summary of a reply that cannot be used": "FROM summary WHERE problem IS NOT NULL AND summary IS NOT NULL",
    "an acoustic word that nobody judged": "FROM acoustic_word WHERE is_acoustic IS NULL AND problem IS NULL",
    "a closed-set concept that is not in the concept set": "FROM closed_concept ANTI JOIN concept USING (concept_id)",
    "a closed-set concept of no neuron": "FROM closed_concept ANTI JOIN neuron USING (neuron_id)",
    "a name's cosine of no concept": "FROM name_cosine ANTI JOIN concept USING (concept_id)",
    "a name's cosine of no class": "FROM name_cosine ANTI JOIN class USING (class_id)",
    "a score that is not finite": "FROM closed_concept WHERE NOT isfinite(score)",
    "a score that is missing": "FROM closed_concept WHERE method <> 'in_context' AND score IS NULL",
    "a pick that is not the first of its function": """
        FROM concept_pick LEFT JOIN closed_concept AS first
            ON first.neuron_id = concept_pick.neuron_id AND first.method = concept_pick.method AND rank = 1
                AND first.similarity IS NOT DISTINCT FROM concept_pick.similarity
        WHERE first.concept_id IS DISTINCT FROM concept_pick.concept_id""",
    "a pick of a reply that cannot be used": "FROM concept_pick WHERE problem IS NOT NULL AND concept_id IS NOT NULL",
    "a share beyond 0..1": "FROM concept_pick WHERE NOT (share BETWEEN 0 AND 1) OR NOT isfinite(margin)",
    "a summary of no neuron": "FROM summary ANTI JOIN neuron USING (neuron_id)",
    "a point without a summary": "FROM summary_point ANTI JOIN summary USING (neuron_id, polarity)",
    "a point struck by nothing": "FROM summary_point WHERE NOT kept AND nearest_low IS NULL",
    "a similarity beyond 1": "FROM summary_point WHERE abs(similarity) > 1.001",
    "an open-set concept of no neuron": "FROM open_concept ANTI JOIN neuron USING (neuron_id)",
    "a mean activation that is not finite": "FROM neuron WHERE NOT isfinite(mean) OR NOT isfinite(std)",
    "an ablated neuron that is none": "FROM ablation_neuron ANTI JOIN neuron USING (neuron_id)",
    "an ablation result of no ablation": "FROM ablation_result ANTI JOIN ablation USING (ablation_id)",
}
"""What must not be in a store. DuckDB's own keys would cost more than the tables (see schema.sql)."""


class StoreBuilder:
    """Writes `path` under a temporary name; leaving the context checks the store and gives it its name."""

    def __init__(self, path: Path, clip_count: int) -> None:
        self.path = path
        self.temporary = path.with_suffix(".building")
        self.clip_count = clip_count

    def __enter__(self) -> "StoreBuilder":
        self.temporary.unlink(missing_ok=True)
        self.connection = duckdb.connect()
        self.connection.execute(f"ATTACH '{escaped(self.temporary)}' AS store (STORAGE_VERSION '{STORAGE_VERSION}')")
        self.connection.execute("USE store")
        schema = (Path(__file__).parent / "schema.sql").read_text(encoding="utf-8")
        # An array holds at least one value, also in a store without clips or with too many of them.
        self.connection.execute(Template(schema).substitute(clip_count=max(self.clip_count, 1)))
        return self

    def insert(self, table: str, rows: pa.Table, order: str = "") -> None:
        """Append `rows`, matched by column name; `order` names columns to sort by."""
        if not rows.num_rows:
            return
        with self.write_errors_explained(), registered(self.connection, rows) as view:
            order_by = f"ORDER BY {order}" if order else ""
            self.connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM {view} {order_by}").fetchall()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.check()
                with self.write_errors_explained():
                    self.connection.execute("CHECKPOINT store").fetchall()
        finally:
            self.connection.close()
        if error is None:
            self.temporary.replace(self.path)

    @contextmanager
    def write_errors_explained(self) -> Iterator[None]:
        """DuckDB has errors of its own for a disk that is full."""
        try:
            yield
        except (duckdb.IOException, duckdb.TransactionException, duckdb.FatalException) as error:
            raise StoreError(
                f"{self.path} cannot be written: {str(error).splitlines()[0]}",
                "Free some space if the disk is full, and run again: everything computed is kept.",
            ) from error

    def check(self) -> None:
        """Raises:
        StoreError: something is in the store that must not be; a defect of the pipeline, not of the data.
        """
        for what, source in CHECKS.items():
            row = self.connection.execute(f"SELECT count(*) {source}").fetchall()[0]
            if row[0]:
                raise StoreError(
                    f"The store was not published: it holds {what} ({row[0]} times).", "Please report this."
                )


@contextmanager
def registered(connection: duckdb.DuckDBPyConnection, rows: pa.Table) -> Iterator[str]:
    connection.register("rows_to_insert", rows)
    try:
        yield "rows_to_insert"
    finally:
        connection.unregister("rows_to_insert")


def escaped(path: Path) -> str:
    return str(path).replace("'", "''")
