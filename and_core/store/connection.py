"""Opens a store to read: finds it, checks it, and keeps it in a sandbox.

A store may come from a stranger, so it is opened read-only, cut off from the file system, the network and extensions.
A DuckDB connection must not be shared by threads, so every query runs on a cursor of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from and_core.errors import StoreError
from and_core.store.answers import Answers
from and_core.store.build import SCHEMA_VERSION

LINK = "current"
"""The link in a store's folder that names the published file."""
MEMORY_LIMIT = "2GB"
SANDBOX: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "memory_limit": MEMORY_LIMIT,
    "lock_configuration": "true",
}
"""`read_only` alone is no sandbox: a view in the file could read other files, and COPY could write them."""
PUBLISH = "Publish it again: and-precompute run CONFIG redoes only what is missing."


@dataclass(frozen=True)
class Store:
    """An open store. Safe to share between threads."""

    path: Path
    """The real DuckDB file, with the link resolved: another path means another publication."""
    folder: Path
    """Where the audio and the spectrograms lie."""
    connection: duckdb.DuckDBPyConnection
    answers: Answers = field(default_factory=Answers, repr=False, compare=False)

    def query(self, sql: str, parameters: Sequence[object] | dict[str, Any] = ()) -> pd.DataFrame:
        """The rows of one SELECT: those kept, or else run on a cursor of its own.

        Raises:
            StoreError: the file is damaged, or lacks what the query asks for.
        """
        question = (sql, repr(parameters))
        known = self.answers.find(question)
        if known is not None:
            return known
        try:
            with self.connection.cursor() as cursor:
                answer = cursor.execute(sql, parameters).df()
        except duckdb.Error as error:
            raise StoreError(f"{self.path} cannot be read: {first_line(error)}", PUBLISH) from error
        self.answers.keep(question, answer)
        return answer

    def file(self, relative: str) -> Path:
        """A file beside the store.

        Raises:
            StoreError: there is no such file, or the store names one outside its own folder.
        """
        path = (self.folder / relative).resolve()
        if not path.is_relative_to(self.folder.resolve()):
            raise StoreError(f"{self.path} names a file outside its folder: {relative!r}.", "Do not trust this store.")
        if not path.is_file():
            raise StoreError(
                f"{relative} is not beside the store in {self.folder}.", "Copy the whole folder, not the file alone."
            )
        return path


def open_store(folder: Path) -> Store:
    """Open the store published in `folder`, or the DuckDB file `folder` itself.

    Raises:
        StoreError: it is missing, unfinished, damaged, or of another version.
    """
    path = published_file(folder)
    connection = connect(path)
    store = Store(path, path.parent, connection)
    try:
        check_version(store)
    except StoreError:
        connection.close()
        raise
    return store


def published_file(folder: Path) -> Path:
    """The real file behind `folder`: the file itself, what `current` leads to, or the only store in it.

    Raises:
        StoreError: there is none.
    """
    if folder.is_file():
        return folder.resolve()
    if not folder.is_dir():
        raise StoreError(f"There is no store at {folder}.", "Give the store folder of a finished run: runs/NAME/store.")
    link = folder / LINK
    if link.is_file():
        return link.resolve()
    stores = sorted(folder.glob("*.duckdb"))
    if len(stores) == 1 and not link.is_symlink():  # copied to where links do not survive
        return stores[0].resolve()
    if stores or link.is_symlink() or list(folder.glob("*.building")):
        raise StoreError(f"The store in {folder} was not finished: {link} leads to no store.", PUBLISH)
    raise StoreError(f"There is no store in {folder}.", PUBLISH)


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """A read-only connection that can reach nothing but `path`.

    Raises:
        StoreError: it is not a DuckDB file, is damaged, or cannot be read.
    """
    try:
        return duckdb.connect(str(path), read_only=True, config=SANDBOX)
    except duckdb.Error as error:
        raise StoreError(f"{path} is not a DuckDB file, or is damaged: {first_line(error)}", PUBLISH) from error


def check_version(store: Store) -> None:
    """Raises:
    StoreError: the store says another schema version, or none.
    """
    tables = store.query("SELECT table_name FROM information_schema.tables WHERE table_name = 'store_meta' LIMIT 1")
    if tables.empty:
        raise StoreError(f"{store.path} is a DuckDB file but not a store of this project.", PUBLISH)
    rows = store.query("SELECT value FROM store_meta WHERE name = 'schema_version' LIMIT 1")
    if rows.empty:
        raise StoreError(f"{store.path} was not finished: it does not say its schema version.", PUBLISH)
    version = str(rows["value"].iloc[0])
    if version != str(SCHEMA_VERSION):
        raise StoreError(
            f"{store.path} has schema version {version}; this program reads version {SCHEMA_VERSION}.", PUBLISH
        )


def find_runs(runs: Path, store: Path | None = None) -> dict[str, Path]:
    """The runs that can be browsed: name -> store folder.

    Args:
        runs: a folder of runs, each with a `store` folder.
        store: the one store to browse instead.

    Raises:
        StoreError: there is no finished run.
    """
    if store is not None:
        inner = store / "store"
        folder = inner if inner.is_dir() else store
        named_after = folder.parent if folder.name == "store" else folder
        return {named_after.resolve().name: folder}
    found = {folder.parent.name: folder for folder in sorted(runs.glob("*/store")) if any(folder.iterdir())}
    if not found:
        raise StoreError(
            f"There is no finished run in {runs.resolve()}.",
            "Make one with `make demo`, or name a store: streamlit run app.py -- --store FOLDER.",
        )
    return found


def first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".") + "."
