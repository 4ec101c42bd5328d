"""Pruning (paper, sections 4.3 and 4.4): which neurons, and what the network is without them.

Pure: what is pruned is a `Selection`, its neurons come from the `Evidence` of a run, and measures compare logits.
Pruning itself is `TargetNetwork.ablated`.
"""
