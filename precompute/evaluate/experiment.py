"""One pruning experiment of a finished run: printed, and kept as files."""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from and_core.algorithms.ablation.bootstrap import Estimate
from and_core.algorithms.ablation.choose import some
from and_core.algorithms.ablation.confidence import MEASURES
from and_core.algorithms.ablation.experiment import Experiment, answers, as_json, class_rows, experiment, relearned
from and_core.algorithms.ablation.relearning import Relearning
from and_core.algorithms.ablation.spelling import parse
from and_core.algorithms.evaluation import normalised_name
from and_core.errors import ClipError, ConfigError
from and_core.findings.bench import Say
from and_core.findings.experiment import interval, relearning_sentence, sentences
from and_core.models.registry import nearest
from and_core.store import queries
from and_core.store.connection import open_store
from precompute.evaluate.bench import benches
from precompute.one_network import one_network


@dataclass(frozen=True)
class Done:
    """An experiment, and what a new head finds where that was asked."""

    experiment: Experiment
    again: Relearning | None


def one_experiment(
    folder: Path, network: str | None, selection: str, forget: str, seeds: int, per_class: int, relearn: bool, say: Say
) -> Done:
    """Prune, play the clips of the fold that the run evaluated on, and do the same with random neurons.

    Args:
        folder: the run's store.
        network: its name; may be None where the run has one only.
        selection: as docs/pruning.md spells it.
        forget: the class.
        say: told of clips that cannot be read.

    Raises:
        SelectionError: it cannot be read, or means no neuron.
        ConfigError: there is no such network, or it knows no such class.
        NetworkError: weights are missing or are not those that were dissected.
        ClipError: no clip of the class can be played.
    """
    parsed, store = parse(selection), open_store(folder)
    one = one_network(store, network)
    some(parsed, queries.evidence(store, one.network_id))
    label = label_of(forget, queries.class_outputs(store, one.network_id), one.name)
    [bench] = benches(folder, one.name, per_class, say)
    if label not in bench.clips.labels:
        raise ClipError(f"Of {forget} no clip can be played among the {bench.clips_said}.", "Forget another class.")
    found = experiment(bench, parsed, label, range(seeds))
    return Done(found, relearned(found) if relearn else None)


def label_of(name: str, outputs: pd.DataFrame, network: str) -> int:
    """The network's output for a class of the data set.

    Args:
        outputs: as `queries.class_outputs`.

    Raises:
        ConfigError: it has none.
    """
    same = outputs["output"][outputs["name"].map(normalised_name) == normalised_name(name)]
    if same.empty:
        known = list(outputs["name"])
        raise ConfigError(f"{network} has no output for a class {name!r} of the data set.", nearest(name, known))
    return int(same.iloc[0])


def write(done: Done, json_file: Path | None, csv_file: Path | None) -> None:
    """Keep the experiment in the files asked for."""
    for file in filter(None, (json_file, csv_file)):
        file.parent.mkdir(parents=True, exist_ok=True)
    if json_file:
        json_file.write_text(json.dumps(as_json(done.experiment, done.again), indent=1) + "\n", encoding="utf-8")
    if csv_file:
        pd.DataFrame(class_rows(done.experiment)).to_csv(csv_file, index=False)


def experiment_tables(done: Done) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Deltas, classes and answers, under their titles; and what they say."""
    found = done.experiment
    target = found.bench.class_names[found.label]
    tables = {
        f"{found.bench.network} without {found.pruned.selection}": delta_table(found),
        f"classes, on {found.bench.clips_said}": class_table(found),
        "answers that changed in number": changed_answers(found),
    }
    said = sentences(found)
    return tables, said | ({"relearned": relearning_sentence(done.again, target)} if done.again else {})


def delta_table(found: Experiment) -> pd.DataFrame:
    """Delta A, delta R and gap with their intervals, of the pruned neurons and of the controls."""
    rows = {"pruned": found.deltas, f"random, {len(found.controls)} controls": found.control_deltas}
    return pd.DataFrame(
        {
            "neurons": what,
            "delta A": interval(deltas.ablated),
            "delta R": interval(deltas.remaining),
            "gap": interval(deltas.gap),
        }
        for what, deltas in rows.items()
    )


def class_table(found: Experiment) -> pd.DataFrame:
    """A row a class, the largest loss first: every measure before and after, and by how much logits changed."""
    rows = sorted(class_rows(found), key=lambda row: float(row["logit_change"]))
    return pd.DataFrame(
        {
            "class": f"{row['class']} (to forget)" if row["to_forget"] else row["class"],
            "clips": row["clips"],
            **{f"{measure} {when}": row[f"{measure}_{when}"] for measure in MEASURES for when in ("before", "after")},
            "logit changed by": interval(Estimate(*(row[f"logit_change{end}"] for end in ("", "_low", "_high")))),
        }
        for row in rows
    )


def changed_answers(found: Experiment) -> pd.DataFrame:
    """The cells of the confusion matrix that are not as they were, the largest change first."""
    changed = [cell for cell in answers(found) if cell["before"] != cell["after"]]
    changed.sort(key=lambda cell: -abs(cell["after"] - cell["before"]))
    return pd.DataFrame(changed, columns=["class", "answer", "before", "after"])
