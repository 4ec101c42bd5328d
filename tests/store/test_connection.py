"""Stores that open, and stores that say why they do not."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from and_core.errors import StoreError
from and_core.store.build import SCHEMA_VERSION, StoreBuilder
from and_core.store.connection import find_runs, open_store


def publish(folder: Path, version: str | None = str(SCHEMA_VERSION), name: str = "and-1.duckdb") -> Path:
    """A published store without rows, but for its schema version."""
    folder.mkdir(parents=True, exist_ok=True)
    with StoreBuilder(folder / name, clip_count=1) as builder:
        if version is not None:
            builder.connection.execute("INSERT INTO store_meta VALUES ('schema_version', ?)", [version])
    link = folder / "current"
    link.unlink(missing_ok=True)
    link.symlink_to(name)
    return folder


def complaint(folder: Path) -> StoreError:
    with pytest.raises(StoreError) as caught:
        open_store(folder)
    assert caught.value.remedy
    return caught.value


def test_the_link_is_resolved_to_the_real_file(tmp_path: Path) -> None:
    store = open_store(publish(tmp_path / "store"))
    assert store.path == (tmp_path / "store" / "and-1.duckdb").resolve()
    assert store.folder == (tmp_path / "store").resolve()


def test_a_store_file_opens_by_its_own_path(tmp_path: Path) -> None:
    assert open_store(publish(tmp_path) / "and-1.duckdb").path.name == "and-1.duckdb"


def test_a_folder_copied_without_its_link_still_opens(tmp_path: Path) -> None:
    (publish(tmp_path) / "current").unlink()
    assert open_store(tmp_path).path.name == "and-1.duckdb"


def test_a_new_publication_is_another_path_while_the_old_one_stays_readable(tmp_path: Path) -> None:
    old = open_store(publish(tmp_path))
    new = open_store(publish(tmp_path, name="and-2.duckdb"))
    assert old.path != new.path
    assert old.query("SELECT count(*) AS n FROM store_meta")["n"].tolist() == [1]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert "There is no store at" in complaint(tmp_path / "nowhere").what


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    assert "There is no store in" in complaint(tmp_path).what


def test_a_store_that_is_still_being_built_is_unfinished(tmp_path: Path) -> None:
    (tmp_path / "and-1.building").write_bytes(b"")
    assert "was not finished" in complaint(tmp_path).what


def test_a_link_that_leads_nowhere_is_an_unfinished_store(tmp_path: Path) -> None:
    (publish(tmp_path) / "and-1.duckdb").unlink()
    assert "was not finished" in complaint(tmp_path).what


def test_a_store_without_a_version_is_unfinished(tmp_path: Path) -> None:
    assert "does not say its schema version" in complaint(publish(tmp_path, version=None)).what


def test_a_file_that_is_not_duckdb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    path.write_bytes(b"not a database" * 1000)
    assert "not a DuckDB file" in complaint(path).what


def test_a_truncated_store_is_refused(tmp_path: Path) -> None:
    path = publish(tmp_path) / "and-1.duckdb"
    path.write_bytes(path.read_bytes()[:5000])
    assert str(path) in complaint(path).what


def test_damaged_bytes_are_reported_when_they_are_read(tmp_path: Path) -> None:
    path = publish(tmp_path) / "and-1.duckdb"
    content = bytearray(path.read_bytes())
    content[12_288 : len(content)] = b"\x5a" * (len(content) - 12_288)
    path.write_bytes(content)
    assert str(path) in complaint(path).what


def test_another_database_is_not_taken_for_a_store(tmp_path: Path) -> None:
    path = tmp_path / "other.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE t (a INTEGER)").fetchall()
    assert "not a store of this project" in complaint(path).what


def test_a_store_of_another_version_says_which(tmp_path: Path) -> None:
    error = complaint(publish(tmp_path, version="99"))
    assert "99" in error.what
    assert "and-precompute" in error.remedy


def test_a_hostile_view_cannot_read_files(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    path = publish(tmp_path / "store") / "and-1.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"CREATE VIEW evil AS SELECT * FROM read_text('{secret}')").fetchall()
    store = open_store(path)
    with pytest.raises(StoreError, match="cannot be read"):
        store.query("SELECT * FROM evil LIMIT 1")


@pytest.mark.parametrize(
    "statement",
    [
        "COPY (SELECT 1) TO '{file}'",
        "ATTACH '{file}' AS other",
        "SET enable_external_access = true",
        "CREATE TABLE t (a INT)",
    ],
)
def test_an_open_store_can_write_and_reach_nothing(tmp_path: Path, statement: str) -> None:
    store = open_store(publish(tmp_path / "store"))
    file = tmp_path / "written"
    with pytest.raises(StoreError):
        store.query(statement.format(file=file))
    assert not file.exists()


def test_a_file_outside_the_folder_is_not_served(tmp_path: Path) -> None:
    (tmp_path / "secret.flac").write_bytes(b"x")
    store = open_store(publish(tmp_path / "store"))
    with pytest.raises(StoreError, match="outside its folder"):
        store.file("../secret.flac")


def test_a_missing_clip_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"audio/gone\.flac is not beside the store"):
        open_store(publish(tmp_path)).file("audio/gone.flac")


def test_threads_share_a_store_without_mixing_up_their_answers(tmp_path: Path) -> None:
    store = open_store(publish(tmp_path))
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(
            lambda n: store.query("SELECT ? AS n, sum(i) AS s FROM range(5000) t(i)", [n])["n"][0], range(64)
        )
    assert list(answers) == list(range(64))


def test_runs_are_found_by_name(tmp_path: Path) -> None:
    publish(tmp_path / "b" / "store")
    publish(tmp_path / "a" / "store")
    (tmp_path / "unfinished" / "work").mkdir(parents=True)
    assert list(find_runs(tmp_path)) == ["a", "b"]


def test_a_run_or_its_store_can_be_named_instead(tmp_path: Path) -> None:
    folder = publish(tmp_path / "mine" / "store")
    assert find_runs(tmp_path / "nowhere", folder) == {"mine": folder}
    assert find_runs(tmp_path / "nowhere", folder.parent) == {"mine": folder}


def test_no_run_at_all_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        find_runs(tmp_path)
    assert "make demo" in caught.value.remedy
