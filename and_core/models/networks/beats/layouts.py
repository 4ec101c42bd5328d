"""The layouts in which BEATs checkpoints go round, made one: names of tensors, and how the head takes its mean."""

from collections.abc import Collection, Mapping

from and_core.errors import NetworkError
from and_core.models.networks.beats.config import Shapes

BACKBONE = "beats."
"""What the AND authors put before the names of all but the head."""
OFFICIAL_HEAD, HEAD = "predictor.", "fc."
SHARED = "self_attn.relative_attention_bias.weight"
"""One table under a name in every block."""
TORCH_WEIGHT_NORM = {
    ".parametrizations.weight.original0": ".weight_g",
    ".parametrizations.weight.original1": ".weight_v",
}
"""How torch's newer weight norm calls the tensors."""

NAMED_AT_MOST = 8


def our_names(names: Collection[str], where: object) -> dict[str, str]:
    """Our name of each tensor -> the name that the file has.

    Raises:
        NetworkError: two tensors would be the same one of ours, or the names are those of another network.
    """
    ours: dict[str, str] = {}
    for name in names:
        our_name = _our_name(name)
        if our_name in ours:
            raise NetworkError(f"{where} has both {ours[our_name]} and {name}.", "Keep the one that belongs to it.")
        ours[our_name] = name
    if "patch_embedding.weight" not in ours:
        raise NetworkError(
            f"{where} is not a checkpoint of BEATs: it has no patch_embedding.weight, but {named(names)}.",
            "Set the path of a BEATs checkpoint, or the kind of network that it is, e.g. huggingface.",
        )
    return _with_shared(ours)


def averages_padding(names: Collection[str]) -> bool:
    """Whether the head is the AND authors' `fc`, whose logits are a mean over all tokens, padding too."""
    return any(name.startswith(HEAD) for name in names)


def check_tensors(expected: Shapes, found: Shapes, where: object) -> None:
    """
    Raises:
        NetworkError: a tensor is missing, superfluous or of another shape.
    """
    both = expected.keys() & found.keys()
    wrong = {
        "missing": sorted(expected.keys() - found.keys()),
        "unexpected": sorted(found.keys() - expected.keys()),
        "of another shape": [
            f"{name} {list(found[name])} instead of {list(expected[name])}"
            for name in sorted(both)
            if found[name] != expected[name]
        ],
    }
    problems = "; ".join(f"{problem}: {named(names)}" for problem, names in wrong.items() if names)
    if problems:
        raise NetworkError(
            f"The tensors of {where} are not those of its settings ({problems}).",
            "Set the path of a complete checkpoint, or `config` to a JSON file with the settings it was trained with.",
        )


def named(names: Collection[str]) -> str:
    """The first few names in one line, and how many more there are."""
    shown = list(names)[:NAMED_AT_MOST]
    more = len(names) - len(shown)
    return (", ".join(shown) + (f" and {more} more" if more else "")) or "nothing"


def _our_name(name: str) -> str:
    stripped = name.removeprefix(BACKBONE)
    if stripped.startswith(OFFICIAL_HEAD):
        stripped = HEAD + stripped.removeprefix(OFFICIAL_HEAD)
    for torchs, official in TORCH_WEIGHT_NORM.items():
        stripped = stripped.replace(torchs, official)
    return stripped


def _with_shared(ours: Mapping[str, str]) -> dict[str, str]:
    """With the table of position biases in every block: some ways to save a network keep only one of its names."""
    tables = [name for name in ours.values() if name.endswith(SHARED)]
    blocks = {name.split(".")[2] for name in ours if name.startswith("encoder.layers.")}
    filled = {f"encoder.layers.{block}.{SHARED}": tables[0] for block in blocks} if tables else {}
    return filled | dict(ours)
