"""What the clusters of caption sentences say about their own number (paper, section 4.5)."""

import pandas as pd


def elbow_sentence(curve: pd.DataFrame, used: int) -> str:
    """Where the elbow lies, and how many clusters the run has.

    Args:
        curve: clusters, inertia, below_chord, as `queries.elbow_curve` gives it, with rows.
        used: clusters of the run.
    """
    elbow = int(curve["clusters"].iloc[int(curve["below_chord"].argmax())])
    has = ", which this run has" if elbow == used else f"; this run has {used}, as its configuration says"
    return f"The elbow method, tried with 1 to {int(curve['clusters'].max())} clusters, finds {elbow}{has}."
