"""Do neurons that speak of a word hear clips that measure so? (Figure 8 and appendix C of the paper)"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from and_core.errors import ConfigError
from and_core.findings import acoustics
from and_core.models.registry import nearest
from and_core.store import queries
from and_core.store.connection import open_store


def acoustic_tables(
    store_folder: Path, word: str | None, measurement: str | None, seed: int
) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """The paper's two pairs of every network, or a word with a measurement, or with all of them; and a sentence each.

    Raises:
        StoreError: the run has no store.
        ConfigError: a measurement without a word, or one that nobody measured.
    """
    store = open_store(store_folder)
    measured = queries.measured_names(store)
    if measurement is not None and measurement not in measured:
        raise ConfigError(f"{measurement!r} is not measured in this run.", nearest(measurement, measured))
    if measurement is not None and word is None:
        raise ConfigError("A measurement needs a word to go with.", "Example: --word loud --measurement loudness_dbfs")
    pairs: Sequence[tuple[str, str]] = acoustics.PAPER_PAIRS
    if word is not None:
        pairs = [(word, name) for name in ([measurement] if measurement else measured)]
    found = acoustics.effects(store, queries.networks(store), pairs, seed)
    tables = {"neurons with and without a word (Figure 8)": acoustics.effect_table(found)}
    said = {
        f"{network}: {spoken} and {heard}": f"{network}: {acoustics.effect_sentence(effect, spoken, heard)}"
        for (network, spoken, heard), effect in found.items()
        if effect
    }
    return tables, said
