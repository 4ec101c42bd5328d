"""Which network of a run a command is about, where it is about one."""

from and_core.errors import ConfigError
from and_core.models.registry import nearest
from and_core.store import queries
from and_core.store.connection import Store


def one_network(store: Store, name: str | None) -> queries.Network:
    """The network of that name; None where the run has one only.

    Raises:
        ConfigError: there is none of that name, or none is named and there are several.
    """
    found = {one.name: one for one in queries.networks(store)}
    if name is None and len(found) == 1:
        return next(iter(found.values()))
    if name not in found:
        raise ConfigError("Name one network of the run with --network.", nearest(name or "", list(found)))
    return found[name]
