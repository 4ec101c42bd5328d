"""Does the way networks were trained show in their neurons? (section 4.5 of the paper)"""

from pathlib import Path

import pandas as pd

from and_core.algorithms.training_strategy import verdicts
from and_core.algorithms.trends import Over
from and_core.findings import training
from and_core.store import queries
from and_core.store.connection import open_store


def training_tables(store_folder: Path, over: Over) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Both measures by network and block, every claim tested, and the sentence that follows for each finding.

    Raises:
        StoreError: the run has no store.
    """
    store = open_store(store_folder)
    networks = queries.networks(store)
    claims = training.tested(store, networks, over)
    tables = {
        "networks by block (Figures 5 and 6)": training.measures_by_block(store, networks),
        "claims (section 4.5)": training.claim_table(claims),
    }
    return tables, dict(verdicts(claims))
