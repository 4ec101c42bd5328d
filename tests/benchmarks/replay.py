"""What resuming saves: experiments that prune one block, played whole and resumed, in processor seconds of one process.

python tests/benchmarks/replay.py [--clips 100]
"""

import argparse
import time
from pathlib import Path

import numpy as np

from and_core.models.networks.huggingface import HuggingFaceNetwork

DEMO = Path(__file__).parents[2] / "assets" / "ast-foley"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=100)
    arguments = parser.parse_args()
    network = HuggingFaceNetwork(DEMO)
    chance = np.random.default_rng(0)
    features = network.features(list(chance.normal(0, 0.1, (arguments.clips, 64_000)).astype(np.float32)))
    network.forward_features(features[:16])  # loads the weights
    depths = sorted({layer.depth for layer in network.layers()})
    for depth in depths:
        layer = next(layer for layer in network.layers() if layer.depth == depth)
        groups = [{layer.name: chance.choice(layer.width, layer.width // 10, replace=False).tolist()} for _ in range(3)]
        started = time.process_time()
        for neurons in groups:
            with network.ablated(neurons):
                network.forward_features(features)
        whole = time.process_time() - started
        replay = network.replay(features)
        list(replay.without(groups[0]))  # keeps where to resume
        started = time.process_time()
        for neurons in groups:
            list(replay.without(neurons))
        resumed = time.process_time() - started
        share = f"{whole / resumed:5.1f} x"
        print(f"pruned from {layer.name:26} {share} ({whole:.1f} s whole, {resumed:.1f} s resumed)")  # noqa: T201


if __name__ == "__main__":
    main()
