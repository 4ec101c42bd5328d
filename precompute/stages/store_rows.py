"""Turns the stages' tables, which count from 0 in lists of their own, into rows of the store."""

import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from and_core.algorithms.c_open_concept.parts_of_speech import lemmas_of_name
from and_core.models.protocols import Prompted
from and_core.store.build import SCHEMA_VERSION, StoreBuilder
from precompute.pipeline import Job
from precompute.run import Run
from precompute.stages.activations import ActivationFolder
from precompute.stages.labels import matched_classes

PER_NEURON = {
    "exemplars": ("exemplar",),
    "token_traces": ("token_trace",),
    "summaries": ("summary",),
    "a_closed_concept": ("closed_concept", "concept_pick"),
    "b_calibration": ("summary_point",),
    "a_in_context": ("closed_concept", "concept_pick"),
    "c_open_concept": ("open_concept", "candidate_word"),
    "interpretability": ("interpretability",),
}
"""Stage -> its tables with rows about neurons."""
RENAMED = {
    "neuron": "neuron_id",
    "clip": "clip_id",
    "concept": "concept_id",
    "cluster": "cluster_id",
    "class": "class_id",
    "ablation": "ablation_id",
}
"""Columns of the stages' tables, and what the store calls them."""


@dataclass(frozen=True)
class First:
    """The first ids that are free: each network's rows go behind those of the networks before it."""

    network: int = 0
    layer: int = 0
    neuron: int = 0
    ablation: int = 0


def store_meta(run: Run) -> dict[str, str]:
    """What the table store_meta says."""
    return {
        "schema_version": str(SCHEMA_VERSION),
        "run": run.config.name,
        "captioner": run.new_captioner().provenance,
        "summarizer": run.new_summarizer().provenance,
        "acoustic_word_judge": run.new_acoustic_word_judge().name,
        "exemplar_k": str(run.config.exemplars.k),
        "clusters": str(run.config.interpretability.clusters),
        "tau": str(run.config.interpretability.tau),
        "calibration_threshold": str(run.config.b_calibration.threshold),
        "closed_concept_feature": run.config.a_closed_concept.feature,
        "closed_concept_method": run.config.methods[0],
        "closed_concept_resamples": str(run.config.a_closed_concept.resamples),
        **encoders(run),
    }


def encoders(run: Run) -> dict[str, str]:
    """Who embedded what, and who picked concepts from summaries."""
    said = {"text_encoder": run.new_text_encoder().name, "concept_encoder": run.new_concept_encoder().name}
    if "text_audio_based" in run.config.methods:
        said["audio_text_encoder"] = run.new_audio_text_encoder().name
    if "in_context" in run.config.methods:
        said["concept_selector"] = run.new_concept_selector().provenance
    return said


def settings_of(run: Run, network: str) -> str:
    return json.dumps(run.config.network[network].options, sort_keys=True)


def insert_run(builder: StoreBuilder, job: Job) -> None:
    meta = store_meta(job.run)
    builder.insert("store_meta", pa.table({"name": list(meta), "value": list(meta.values())}))
    records = [(input_job, input_job.record) for input_job in job.inputs.values()]
    builder.insert(
        "stage_run",
        pa.Table.from_pylist(
            [
                {
                    "stage": input_job.stage.name,
                    "network": input_job.network,
                    "key": input_job.key,
                    "settings": json.dumps(record["settings"], sort_keys=True),
                    "items": record["items"],
                    "seconds": record["seconds"],
                    "versions": json.dumps(record["versions"], sort_keys=True),
                }
                for input_job, record in records
            ]
        ),
    )


def insert_dataset(builder: StoreBuilder, job: Job, clips: pa.Table) -> None:
    dataset = job.run.dataset
    builder.insert(
        "dataset",
        pa.table(
            {
                "name": [dataset.name],
                "kind": [job.run.config.dataset.kind],
                "fingerprint": [dataset.fingerprint],
                "clip_count": [clips.num_rows],
            }
        ),
    )
    names = list(dataset.class_names)
    lemmas = pa.array([list(lemmas_of_name(name)) for name in names], pa.list_(pa.string()))
    builder.insert("class", pa.table({"class_id": range(len(names)), "name": names, "lemmas": lemmas}))
    class_ids = {name: class_id for class_id, name in enumerate(names)}
    builder.insert(
        "clip",
        clips.append_column("clip_id", pa.array(range(clips.num_rows), pa.int32()))
        .append_column(
            "class_id", pa.array([class_ids.get(name) for name in clips["class_name"].to_pylist()], pa.int32())
        )
        .drop_columns(["item", "class_name"]),
    )
    measurements = job.input("clips").table("clip_measurement")
    clip_ids = pc.index_in(measurements["item"], clips["item"].combine_chunks())
    builder.insert("clip_measurement", measurements.drop_columns(["item"]).append_column("clip_id", clip_ids))
    builder.insert("skipped_clip", job.input("clips").table("skipped_clip"))


def insert_texts(builder: StoreBuilder, job: Job) -> None:
    """Captions, their clusters, and the concept set."""
    captions = job.input("captions").table("caption")
    captioner = job.run.new_captioner().name
    builder.insert(
        "caption", renamed(captions).append_column("captioner", pa.array([captioner] * captions.num_rows, pa.string()))
    )
    builder.insert("caption_sentence", renamed(job.input("caption_clusters").table("caption_sentence")))
    for table in ("cluster", "cluster_word", "cluster_elbow"):
        builder.insert(table, renamed(job.input("caption_clusters").table(table)))
    first = next(iter(job.run.config.network))  # concept set and chance are the same for every network
    concepts = job.input("a_closed_concept", first).table("concept")
    builder.insert(
        "interpretability_by_chance", job.input("interpretability", first).table("interpretability_by_chance")
    )
    builder.insert("concept", concepts.append_column("concept_id", pa.array(range(concepts.num_rows), pa.int32())))
    builder.insert("name_cosine", renamed(job.input("name_cosines").table("name_cosine")))


def insert_acoustic_words(builder: StoreBuilder, job: Job) -> None:
    """The judge's answers."""
    words = job.input("acoustic_words").table("acoustic_word")
    judge = pa.repeat(job.run.new_acoustic_word_judge().name, words.num_rows)
    builder.insert("acoustic_word", words.append_column("judge", judge))


def insert_prompts(builder: StoreBuilder, job: Job) -> None:
    """What language models were asked, each text once."""
    run = job.run
    parts: list[object] = [run.new_captioner(), run.new_summarizer(), run.new_acoustic_word_judge()]
    if "in_context" in run.config.methods:
        parts.append(run.new_concept_selector())
    prompts = {prompt.hash: prompt for part in parts if isinstance(part, Prompted) for prompt in part.prompts}
    rows = [{"name": prompt.name, "hash": prompt.hash, "text": prompt.text} for prompt in prompts.values()]
    builder.insert("prompt", pa.Table.from_pylist(rows))


def insert_network(builder: StoreBuilder, job: Job, name: str, first: First, with_activations: bool) -> First:
    """Everything about one network; returns the ids that are free after it."""
    folder = ActivationFolder.of(job.input("activations", name))
    insert_outputs(builder, job, name, first, folder)
    insert_neurons(builder, job, name, first, folder)
    if with_activations:
        insert_activations(builder, first, folder)
    for stage, tables in PER_NEURON.items():
        for table in tables:
            rows = renamed(job.input(stage, name).table(table), first)
            builder.insert(table, rows, order="neuron_id")
    builder.insert("token_grid", numbered(renamed(job.input("token_traces", name).table("token_grid")), first))
    ablations = insert_ablations(builder, job, name, first)
    return First(
        network=first.network + 1,
        layer=first.layer + len(folder.layers),
        neuron=first.neuron + folder.neuron_count,
        ablation=first.ablation + ablations,
    )


def insert_outputs(builder: StoreBuilder, job: Job, name: str, first: First, folder: ActivationFolder) -> None:
    """The network itself, its outputs, and what they answer to every clip."""
    network = job.input("activations", name).table("network").to_pylist()[0]
    row = {
        "network_id": first.network,
        "name": name,
        "kind": job.run.config.network[name].kind,
        "settings": settings_of(job.run, name),
        "fingerprint": job.run.fingerprints[f"network.{name}"],
        "pool": network["pool"],
        "sample_rate_hz": network["sample_rate_hz"],
        "longest_s": network["longest_s"],
        "neuron_count": folder.neuron_count,
        "training": job.run.config.network[name].training,
    }
    builder.insert("network", pa.Table.from_pylist([row]))
    class_ids = matched_classes(network["class_names"], job.run.dataset.class_names)
    outputs = [
        {"network_id": first.network, "output": output, "name": class_name, "class_id": class_id}
        for output, (class_name, class_id) in enumerate(zip(network["class_names"], class_ids, strict=True))
    ]
    builder.insert("network_class", pa.Table.from_pylist(outputs))
    builder.insert("baseline_logit", numbered(renamed(job.input("activations", name).table("logit")), first))


def insert_neurons(builder: StoreBuilder, job: Job, name: str, first: First, folder: ActivationFolder) -> None:
    layers = numbered(job.input("activations", name).table("layer"), first)
    layer_ids = np.arange(len(folder.layers)) + first.layer
    builder.insert("layer", layers.append_column("layer_id", pa.array(layer_ids, pa.int32())))
    widths = [layer.width for layer in folder.layers]
    columns = {
        "neuron_id": np.arange(folder.neuron_count) + first.neuron,
        "layer_id": np.repeat(layer_ids, widths),
        "position": np.concatenate([np.arange(width) for width in widths]),
    }
    neurons = job.input("activations", name).table("neuron")
    for column, values in columns.items():
        neurons = neurons.append_column(column, pa.array(values, pa.int32()))
    builder.insert("neuron", neurons)


def insert_activations(builder: StoreBuilder, first: First, folder: ActivationFolder) -> None:
    """A layer at a time, so that memory holds no more than one."""
    for layer, neurons in zip(folder.layers, folder.ranges, strict=True):
        values = folder.activations(layer.name)
        rows = pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])
        ids = pa.array(np.array(neurons) + first.neuron, pa.int32())
        builder.insert("activation", pa.table({"neuron_id": ids, "activations": rows}))


def insert_ablations(builder: StoreBuilder, job: Job, name: str, first: First) -> int:
    """Insert a network's ablations; returns how many there are."""
    source = job.input("ablations", name)
    ablations = source.table("ablation")
    if not ablations.num_rows:
        return 0
    # Shards number their experiments by class and strategy, with gaps: number them densely here.
    numbers = ablations["ablation"].combine_chunks()
    heads = renumbered(renamed(ablations), numbers, first)
    heads = renumbered(heads, numbers, first, "control_of")
    builder.insert("ablation", numbered(heads, first))
    for table in ("ablation_neuron", "ablation_result"):
        builder.insert(table, renumbered(renamed(source.table(table), first), numbers, first))
    return int(ablations.num_rows)


def renumbered(rows: pa.Table, numbers: pa.Array, first: First, column: str = "ablation_id") -> pa.Table:
    """`rows` with ablations counted densely from the first that is free; NULL stays NULL."""
    if not rows.num_rows:
        return rows
    found = pc.index_in(rows[column].cast(numbers.type), numbers, skip_nulls=True)
    dense = pc.add(found, pa.scalar(first.ablation, pa.int32()))
    return rows.set_column(rows.column_names.index(column), column, dense)


def renamed(rows: pa.Table, first: First | None = None) -> pa.Table:
    """`rows` with the store's names for its columns, its neurons counted from the first that is free."""
    if first and "neuron" in rows.column_names:
        place = rows.column_names.index("neuron")
        rows = rows.set_column(place, "neuron", pc.add(rows["neuron"], pa.scalar(first.neuron, pa.int32())))
    return rows.rename_columns([RENAMED.get(column, column) for column in rows.column_names])


def numbered(rows: pa.Table, first: First) -> pa.Table:
    """`rows` with the network's id."""
    return rows.append_column("network_id", pa.array(np.full(rows.num_rows, first.network), pa.int32()))
