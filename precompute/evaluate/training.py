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
    neurons = {network.name: queries.hidden_neurons(store, network.network_id) for network in networks}
    claims = training.tested(neurons, networks, over)
    tables = {
        "networks by block (Figures 5 and 6)": training.measures_by_block(neurons, networks),
        "claims (section 4.5)": training.claim_table(claims),
    }
    return tables, dict(verdicts(claims))
