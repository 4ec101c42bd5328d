"""Does each output neuron get the name of its class? (Tables 2 and 7 of the paper)"""

from pathlib import Path

from and_core.algorithms.evaluation import LastLayerScore, last_layer_evaluation
from and_core.store.connection import open_store
from and_core.store.queries import last_layer_concepts


def last_layer_scores(store_folder: Path, seed: int = 0) -> list[LastLayerScore]:
    """How often an output neuron's best concept is the class it stands for (paper, section 4.1, Tables 2 and 7).

    Output neurons without a class of the same name in the data set are left out.

    Args:
        seed: of the bootstrap.

    Raises:
        StoreError: the run has no store.
    """
    return last_layer_evaluation(last_layer_concepts(open_store(store_folder)), seed)
