"""Which output of a network stands for which class of the data set: matched by name."""

from collections.abc import Sequence

from and_core.algorithms.evaluation import normalised_name


def matched_classes(outputs: Sequence[str], class_names: Sequence[str]) -> list[int | None]:
    """For each output of the network the index of the data set's class of the same name, or None."""
    class_ids = {normalised_name(name): class_id for class_id, name in enumerate(class_names)}
    return [class_ids.get(normalised_name(output)) for output in outputs]


def label_note(network: str, outputs: Sequence[str], class_names: Sequence[str]) -> str | None:
    """What a person should know when a network's labels and the data set's classes differ; None when they agree."""
    if not outputs:
        return (
            f"network.{network} has no classification head: its neurons are described all the same, but it has no part "
            "in the last-layer evaluation and in pruning."
        )
    matched = {class_id for class_id in matched_classes(outputs, class_names) if class_id is not None}
    missing = [name for class_id, name in enumerate(class_names) if class_id not in matched]
    if not missing:
        return None
    return (
        f"network.{network} has no output named as {len(missing)} of the data set's {len(class_names)} classes "
        f"({shortened(missing)}); its outputs are {shortened(outputs)}. Its neurons are described all the same, but "
        "those classes are left out of the last-layer evaluation and of pruning. If they are the same things under "
        "other names, rename them in id2label of the network's config.json."
    )


def shortened(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
