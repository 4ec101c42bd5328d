"""The very network that a store tells of, loaded again to be pruned or looked at closer."""

from collections.abc import Mapping
from typing import Any

from and_core.errors import NetworkError
from and_core.models import registry
from and_core.models.protocols import TargetNetwork


def dissected_network(name: str, kind: str, settings: Mapping[str, Any], fingerprint: str) -> TargetNetwork:
    """The network, its weights not loaded yet. What a store names is looked up on this machine, never downloaded.

    Args:
        settings: what the configuration said of it.
        fingerprint: of the network that was dissected.

    Raises:
        NetworkError: its files are not here, or they are other weights.
    """
    where = f"network.{name}"
    options = {**settings, "name": name}
    if "local_files_only" in registry.settings_of("network", kind, where):
        options["local_files_only"] = True
    network: TargetNetwork = registry.create("network", kind, options, where)
    if network.fingerprint != fingerprint:
        raise NetworkError(
            f"The weights of {name} are not the ones that were dissected: their fingerprints differ.",
            "Put the dissected weights back, or run the pipeline again with these.",
        )
    return network
