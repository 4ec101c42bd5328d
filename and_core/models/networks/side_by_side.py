"""Plays the parts of a batch side by side, on the CPU: each thread takes some clips.

Faster than all threads together at every matrix, where they wait for each other at every layer, and for a core that is
busy with something else.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import pairwise
from threading import Barrier
from typing import Any, TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")


class SideBySide:
    """As many parts as the thread that makes it may use threads (torch.get_num_threads, OMP_NUM_THREADS)."""

    def __init__(self, device: torch.device, batch_size: int) -> None:
        """
        Args:
            batch_size: there are no more parts than that; threads that are left over share them.
        """
        threads = torch.get_num_threads() if device.type == "cpu" else 1
        self._parts = min(threads, batch_size)
        self._threads_each = threads // self._parts
        self._workers: ThreadPoolExecutor | None = None

    def parts(self, items: Sequence[Item]) -> list[Sequence[Item]]:
        """Cut into parts of nearly the same length, in order; none is empty."""
        count = min(self._parts, len(items))
        ends = [len(items) * part // count for part in range(count + 1)]
        return [items[start:end] for start, end in pairwise(ends)]

    def map(self, work: Callable[..., Result], *columns: Sequence[Any]) -> list[Result]:
        """`work` of every row of the columns, in order; where one fails, the others end before it is raised.

        One caller at a time: whoever owns the network.
        """
        rows = list(zip(*columns, strict=True))
        if len(rows) < 2:
            return [work(*row) for row in rows]
        if self._workers is None:
            self._workers = self._started()
        futures = [self._workers.submit(work, *row) for row in rows]
        wait(futures)
        return [future.result() for future in futures]

    def _started(self) -> ThreadPoolExecutor:
        own, ready = torch.get_num_threads(), Barrier(self._parts)

        def get_ready() -> None:
            torch.set_num_threads(self._threads_each)
            torch.get_num_threads()  # a thread takes the number that holds for all when it first needs one: now
            ready.wait()

        workers = ThreadPoolExecutor(self._parts, "playing")
        wait([workers.submit(get_ready) for _ in range(self._parts)])
        torch.set_num_threads(own)  # what a worker set would also hold for threads that come later
        return workers


def together(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    """The parts' tensors [b, ...] as one."""
    return tensors[0] if len(tensors) == 1 else torch.cat(list(tensors))
