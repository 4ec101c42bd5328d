"""Keeps the store's answers: a store is never edited, so the same question has the same answer.

Moving a slider asks again for what the slider does not move: layers, counts, the words of a network.
"""

from collections import OrderedDict
from threading import Lock

import pandas as pd

KEPT_CELLS = 1_000_000
"""Rows times columns of all answers together; some 100 MB at most."""
LARGEST_CELLS = 20_000
"""Of one answer: what is larger was asked for a whole network, and its asker keeps it."""


class Answers:
    """The answers asked for last, as many as `cells` allows. Safe to share between threads."""

    def __init__(self, cells: int = KEPT_CELLS, largest: int = LARGEST_CELLS) -> None:
        self.cells, self.largest = cells, largest
        self._kept: OrderedDict[tuple[str, str], pd.DataFrame] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def find(self, question: tuple[str, str]) -> pd.DataFrame | None:
        """The answer, which its asker may change (pandas copies on write); None where it is not kept."""
        with self._lock:
            answer = self._kept.get(question)
            if answer is None:
                return None
            self._kept.move_to_end(question)
            return answer.copy(deep=False)

    def keep(self, question: tuple[str, str], answer: pd.DataFrame) -> None:
        """Keep an answer, and let go of those not asked for longest."""
        with self._lock:
            if answer.size > self.largest or question in self._kept:
                return
            self._kept[question] = answer.copy(deep=False)
            self._size += 1 + answer.size  # one for the question, so that answers without rows are counted too
            while self._size > self.cells:
                _, oldest = self._kept.popitem(last=False)
                self._size -= 1 + oldest.size
