"""Plays the same clips to a network again and again, each time without other neurons.

What comes before the first block that holds a pruned neuron is the same every time: the block's input is kept, and
later passes resume there. The modules before it are not computed again; stand-ins give outputs of the same shape, which
nobody reads, because the block's input is exchanged for the one that was kept. A network that does read them (one that
sums the outputs of all its blocks) is found out at the first batch, where a resumed pass must equal the whole one, and
is always played whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import nn

from and_core.models.networks.hooked_model import HookedModel, Play, Played, same_shapes, to_numpy
from and_core.models.networks.resuming import Features, Kept, capturing, resuming
from and_core.models.networks.side_by_side import together
from and_core.models.protocols import FloatArray, NeuronIds, PlayedClips

AGREEMENT = {torch.float32: 1e-5, torch.bfloat16: 1e-2}
"""By how much, relative to the largest logit, a resumed pass may differ from a whole one."""
KEPT_BYTES = 2 * 2**30
"""Of block inputs: 400 clips of AST-base at one block take 1.5 GB."""


@dataclass
class TorchReplay:
    """A `Replay` over a loaded model; safe to share between threads, which take turns batch by batch."""

    model: HookedModel
    features: Sequence[FloatArray]
    resumed_at: Mapping[str, str]
    """Layer name -> module path of its block, in the order in which blocks are computed; the head is its own."""
    checked: Callable[[NeuronIds], NeuronIds]
    """Refuses neurons that the network does not have."""
    has_head: bool
    """Whether answers are logits."""
    kept_bytes: int = KEPT_BYTES
    _kept: dict[tuple[int, ...], dict[str, list[Kept]]] = field(default_factory=dict)
    """Clips of a batch -> block -> where each part of it can be resumed."""
    _resumes: dict[str, bool] = field(default_factory=dict)
    """Block -> whether a resumed pass equals a whole one."""

    def without(self, neurons: NeuronIds) -> Iterator[PlayedClips]:
        """Batch by batch what the network answers without these neurons."""
        ablation = {layer: ids for layer, ids in self.checked(neurons).items() if len(ids)}
        blocks = list(self.resumed_at.values())
        first = next((block for layer, block in self.resumed_at.items() if layer in ablation), blocks[-1])
        for clips in same_shapes(self.features):
            while clips:
                batch = clips[: self.model.batch_size]
                try:
                    answers, representations = self._play(tuple(batch), first, ablation)
                except RuntimeError as error:
                    self.model.make_room(error, len(batch))
                    self._kept.clear()
                    continue
                logits = answers if self.has_head else answers[:, :0]
                yield PlayedClips(batch, to_numpy(logits), to_numpy(representations))
                del clips[: len(batch)]

    def _play(self, clips: tuple[int, ...], block: str, ablation: NeuronIds) -> Played:
        """Answers and representations, from where the batch was kept if it was."""
        workers, module = self.model.workers, self.model.module(block)
        parts = [[self.features[clip] for clip in part] for part in workers.parts(clips)]
        with self.model.playing(ablation) as play:
            kept = self._kept.get(clips, {}).get(block)
            if kept is not None:
                return self._resumed(module, kept, play, parts)
            if not self._resumes.get(block, True) or not self._has_room():
                return _joined(workers.map(play, parts))
            with capturing(self.model.root, module) as capture:
                captured = workers.map(partial(capture, play), parts)
            whole, kept = _joined([played for played, _ in captured]), [one for _, one in captured]
            if block not in self._resumes:
                self._resumes[block] = self._agree(whole[0], self._resumed(module, kept, play, parts)[0])
            if self._resumes[block]:
                self._kept.setdefault(clips, {})[block] = kept
            return whole

    def _resumed(self, block: nn.Module, kept: Sequence[Kept], play: Play, parts: Sequence[Features]) -> Played:
        with resuming(block, kept) as resume:
            return _joined(self.model.workers.map(partial(resume, play), parts, kept))

    def _agree(self, whole: torch.Tensor, again: torch.Tensor) -> bool:
        tolerance = AGREEMENT[whole.dtype] * max(1.0, float(whole.abs().max()))
        return bool((again - whole).abs().max() <= tolerance)

    def _has_room(self) -> bool:
        kept = (one for blocks in self._kept.values() for parts in blocks.values() for one in parts)
        return sum(one.bytes for one in kept) < self.kept_bytes


def _joined(parts: Sequence[Played]) -> Played:
    answers, read = zip(*parts, strict=True)
    return together(answers), together(read)
