"""A store of the paper's size, made up: 55,346 neurons of an AST and the 2,000 clips of ESC-50.

Numbers are drawn so that tables have the sizes, orders and repetitions that a run gives them; they mean nothing.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import soundfile
from PIL import Image

from and_core.algorithms.ablation.selection import Term, control_of
from and_core.store.build import SCHEMA_VERSION, StoreBuilder

BLOCKS, WIDTHS = 12, {"attention_output": 768, "intermediate": 3072, "output": 768}
CLASSES, FUNCTIONS = 50, ("cos", "cos_cubed", "rank_reorder", "wpmi", "soft_wpmi")
K, KS, CLUSTERS, TOP, POINTS = 5, (5, 10, 20), 11, 5, 4
META = {
    "schema_version": str(SCHEMA_VERSION),
    "run": "paper",
    "captioner": "Made-up captions.",
    "summarizer": "Made-up summaries.",
    "acoustic_word_judge": "nobody",
    "text_encoder": "none",
    "exemplar_k": str(K),
    "clusters": str(CLUSTERS),
    "tau": "4",
    "calibration_threshold": "0.7",
    "closed_concept_feature": "softmax",
    "closed_concept_method": "description_based",
}
NOUNS = ("dog", "bell", "engine", "rain", "wind", "door", "water", "bird", "clock", "glass", "voice", "drum", "saw")
SOUNDS = ("loud", "high-pitched", "intense", "muffled", "natural", "noisy", "steady", "sharp", "soft", "distorted")
CLASS_NAMES = [f"{NOUNS[i % len(NOUNS)]}_{i}" for i in range(CLASSES)]
ADJECTIVES = tuple(f"{how}{word}" for how in ("", "very-", "un", "half-") for word in SOUNDS)


class PaperStore:
    """Builds the store. `shrink` divides widths and clips, so that a test can build one in a second."""

    def __init__(self, folder: Path, shrink: int = 1, seed: int = 0) -> None:
        self.folder, self.rng = folder, np.random.default_rng(seed)
        self.clips = 2000 // shrink
        layers = [
            (f"layer{block}_{kind}", kind, block, width // shrink)
            for block in range(1, BLOCKS + 1)
            for kind, width in WIDTHS.items()
        ]
        self.layers = [*layers, ("fc", "fc", BLOCKS + 1, CLASSES)]
        self.neurons = sum(width for *_, width in self.layers)
        kinds = [f"{adjective} {noun}" for adjective in ADJECTIVES for noun in NOUNS]
        self.sentences = pa.array([f"A {kind} is heard in the room, number {i}." for i, kind in enumerate(kinds * 8)])

    def build(self) -> Path:
        """Build and publish; returns the store's folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.media()
        with StoreBuilder(self.folder / "and-paper.duckdb", self.clips) as builder:
            for part in (self.run, self.data, self.captions, self.networks, self.activations, self.exemplars):
                part(builder)
            for part in (self.concepts, self.summaries, self.words, self.interpretability, self.ablations):
                part(builder)
        (self.folder / "current").unlink(missing_ok=True)
        (self.folder / "current").symlink_to("and-paper.duckdb")
        return self.folder

    def media(self) -> None:
        """One sound and one picture, which all clips and clusters share."""
        soundfile.write(self.folder / "clip.flac", self.rng.normal(0, 0.1, 5 * 16_000), 16_000)
        Image.new("L", (64, 32), 128).save(self.folder / "picture.png")

    def run(self, builder: StoreBuilder) -> None:
        builder.insert("store_meta", table(name=list(META), value=list(META.values())))
        run = {"stage": "ablations", "network": "ast", "key": "k", "settings": '{"fold": 5}', "items": CLASSES}
        builder.insert("stage_run", pa.Table.from_pylist([{**run, "seconds": 1.0, "versions": "{}"}]))

    def data(self, builder: StoreBuilder) -> None:
        builder.insert("dataset", table(name=["paper"], kind=["esc50"], fingerprint=["f"], clip_count=[self.clips]))
        lemmas = [[name.split("_")[0]] for name in CLASS_NAMES]
        builder.insert("class", table(class_id=range(CLASSES), name=CLASS_NAMES, lemmas=lemmas))
        ids = np.arange(self.clips)
        same = {"sha256": "s", "audio": "clip.flac", "spectrogram": "picture.png"}
        builder.insert(
            "clip",
            table(
                clip_id=ids,
                filename=[f"{i}.wav" for i in ids],
                class_id=ids % CLASSES,
                fold=ids % 5 + 1,
                seconds=np.full(self.clips, 5.0),
                sample_rate_hz=np.full(self.clips, 16_000),
                **{column: [value] * self.clips for column, value in same.items()},
            ),
        )
        measured = ("loudness_dbfs", "pitch_hz", "brightness_hz", "noisiness", "attack_s", "tempo_bpm")
        builder.insert(
            "clip_measurement",
            table(
                clip_id=np.repeat(ids, len(measured)),
                origin=["measured"] * (self.clips * len(measured)),
                name=list(measured) * self.clips,
                value=self.rng.normal(size=self.clips * len(measured)),
            ),
        )

    def captions(self, builder: StoreBuilder) -> None:
        ids = np.arange(self.clips)
        captions = self.draw_sentences(self.clips)
        builder.insert("caption", table(clip_id=ids, captioner=["made up"] * self.clips, caption=captions))
        rows = np.repeat(ids, 4)
        builder.insert(
            "caption_sentence",
            table(
                clip_id=rows,
                position=np.tile(np.arange(1, 5), self.clips),
                sentence=self.draw_sentences(len(rows)),
                cluster_id=self.rng.integers(CLUSTERS, size=len(rows)),
                distance=self.rng.random(len(rows), np.float32),
            ),
        )
        clusters = np.arange(CLUSTERS)
        words = [list(NOUNS[:8])] * CLUSTERS
        counts = {"sentence_count": np.full(CLUSTERS, 4 * self.clips // CLUSTERS), "clip_count": clusters + 1}
        builder.insert("cluster", table(cluster_id=clusters, words=words, cloud=["picture.png"] * CLUSTERS, **counts))
        builder.insert(
            "cluster_word",
            table(
                cluster_id=np.repeat(clusters, len(NOUNS)),
                word=list(NOUNS) * CLUSTERS,
                count=self.rng.integers(1, 99, CLUSTERS * len(NOUNS)),
            ),
        )
        tried = np.arange(1, 31)
        builder.insert(
            "cluster_elbow", table(clusters=tried, inertia=100.0 / tried, below_chord=0.5 - abs(tried - 9) / 60)
        )

    def networks(self, builder: StoreBuilder) -> None:
        network = {"network_id": 0, "name": "ast", "kind": "huggingface", "settings": "{}", "fingerprint": "f"}
        network |= {"pool": "cls", "sample_rate_hz": 16_000, "longest_s": 10.24, "neuron_count": self.neurons}
        builder.insert("network", pa.Table.from_pylist([network]))
        names, kinds, depths, widths = zip(*self.layers, strict=True)
        ids = np.arange(len(names))
        builder.insert(
            "layer",
            table(
                layer_id=ids, network_id=0 * ids, name=names, kind=kinds, module_path=names, width=widths, depth=depths
            ),
        )
        outputs = np.arange(CLASSES)
        builder.insert(
            "network_class", table(network_id=0 * outputs, output=outputs, name=CLASS_NAMES, class_id=outputs)
        )
        logits = listed(self.rng.normal(size=(self.clips, CLASSES)).astype(np.float32))
        clips = np.arange(self.clips)
        builder.insert("baseline_logit", table(network_id=0 * clips, clip_id=clips, logits=logits))
        builder.insert(
            "neuron",
            table(
                neuron_id=np.arange(self.neurons),
                layer_id=np.repeat(ids, widths),
                position=np.concatenate([np.arange(width) for width in widths]),
                mean=self.rng.normal(size=self.neurons).astype(np.float32),
                std=1 + self.rng.random(self.neurons, np.float32),
                quantiles=listed(np.sort(self.rng.normal(size=(self.neurons, 33)).astype(np.float32), axis=1)),
            ),
        )

    def activations(self, builder: StoreBuilder) -> None:
        for start in range(0, self.neurons, 4096):
            ids = np.arange(start, min(start + 4096, self.neurons))
            values = self.rng.standard_normal((len(ids), self.clips), np.float32)
            builder.insert("activation", table(neuron_id=ids, activations=listed(values)))

    def exemplars(self, builder: StoreBuilder) -> None:
        rows = 2 * K * self.neurons
        keys = {
            "neuron_id": np.repeat(np.arange(self.neurons), 2 * K),
            "polarity": pa.array(["high"] * K + ["low"] * K).take(pa.array(np.tile(np.arange(2 * K), self.neurons))),
            "rank": np.tile(np.arange(1, K + 1), 2 * self.neurons),
        }
        clips = (self.rng.integers(self.clips, size=(2 * self.neurons, 1)) + 7 * np.arange(K)) % self.clips
        activations = self.rng.random(rows, np.float32)
        builder.insert("exemplar", table(**keys, clip_id=clips.reshape(-1), activation=activations))
        hidden = keys["neuron_id"] < self.neurons - CLASSES
        traces = self.rng.integers(0, 256, (int(hidden.sum()), 12 + 12), dtype=np.uint8)
        builder.insert(
            "token_trace",
            table(
                **{name: pa.array(column).filter(pa.array(hidden)) for name, column in keys.items()},
                lowest=np.zeros(len(traces), np.float32),
                highest=np.ones(len(traces), np.float32),
                trace=listed(traces[:, :12]),
                bands=listed(traces[:, 12:]),
            ),
        )
        steps = np.tile(np.arange(12, dtype=np.float32), (self.clips, 1))
        clips = np.arange(self.clips)
        spans = {name: listed(steps + i % 2) for i, name in enumerate(("start_s", "end_s", "low_hz", "high_hz"))}
        builder.insert("token_grid", table(network_id=0 * clips, clip_id=clips, **spans))

    def concepts(self, builder: StoreBuilder) -> None:
        ids = np.arange(CLASSES)
        names = [f"{NOUNS[i % len(NOUNS)]}_{i}" for i in ids]
        builder.insert("concept", table(concept_id=ids, name=names, text=[name.replace("_", " ") for name in names]))
        cosines = self.rng.random(CLASSES * CLASSES, np.float32)
        pairs = table(concept_id=np.repeat(ids, CLASSES), class_id=np.tile(ids, CLASSES), cosine=cosines)
        builder.insert("name_cosine", pairs)
        asked = [(method, function) for method in ("description_based", "text_audio_based") for function in FUNCTIONS]
        asked.append(("in_context", None))
        methods, functions = (pa.array(column) for column in zip(*asked, strict=True))
        rows = len(asked) * TOP
        for start in range(0, self.neurons, 8192):  # sorted by neuron, and no more in memory than that
            neurons = np.arange(start, min(start + 8192, self.neurons))
            ask = pa.array(np.tile(np.repeat(np.arange(len(asked)), TOP), len(neurons)))
            first = self.rng.integers(CLASSES, size=(len(neurons) * len(asked), 1))
            score = -np.sort(-self.rng.random((len(first), TOP), np.float32), axis=1)
            builder.insert(
                "closed_concept",
                table(
                    neuron_id=np.repeat(neurons, rows),
                    method=methods.take(ask),
                    similarity=functions.take(ask),
                    rank=np.tile(np.arange(1, TOP + 1), len(first)),
                    concept_id=((first + np.arange(TOP)) % CLASSES).reshape(-1),
                    score=score.reshape(-1),
                ),
            )
            self.picks(builder, neurons, first.reshape(len(neurons), len(asked)))

    def picks(self, builder: StoreBuilder, neurons: npt.NDArray[np.int64], first: npt.NDArray[np.int64]) -> None:
        """What speaks for each method: its cos cubed, or the only answer it has."""
        chosen = {"description_based": 1, "text_audio_based": 1 + len(FUNCTIONS), "in_context": 2 * len(FUNCTIONS)}
        rows = np.tile(np.arange(len(chosen)), len(neurons))
        builder.insert(
            "concept_pick",
            table(
                neuron_id=np.repeat(neurons, len(chosen)),
                method=pa.array(list(chosen)).take(pa.array(rows)),
                similarity=pa.array(["cos_cubed", "cos_cubed", None]).take(pa.array(rows)),
                concept_id=first[:, list(chosen.values())].reshape(-1),
                margin=self.rng.random(len(rows), np.float32),
                share=self.rng.random(len(rows), np.float32),
            ),
        )

    def summaries(self, builder: StoreBuilder) -> None:
        rows = 2 * self.neurons
        polarity = pa.array(["high", "low"])
        keys = {"neuron_id": np.repeat(np.arange(self.neurons), 2)}
        sides = pa.array(np.tile([0, 1], self.neurons))
        builder.insert("summary", table(**keys, polarity=polarity.take(sides), summary=self.draw_sentences(rows)))
        low = np.tile(np.repeat([False, True], POINTS), self.neurons)
        similarity = self.rng.random(len(low), np.float32)
        nearest = self.rng.integers(1, POINTS + 1, len(low))
        builder.insert(
            "summary_point",
            table(
                neuron_id=np.repeat(np.arange(self.neurons), 2 * POINTS),
                polarity=polarity.take(pa.array(low.astype(np.int8))),
                position=np.tile(np.arange(1, POINTS + 1), rows),
                point=self.draw_sentences(len(low)),
                kept=low | (similarity <= 0.7),
                nearest_low=pa.array(nearest, mask=low),
                similarity=pa.array(similarity, mask=low),
            ),
        )

    def words(self, builder: StoreBuilder) -> None:
        kinds = {"adjective": (ADJECTIVES, 3), "noun": (NOUNS, 4)}
        tables = []
        for kind, (words, each) in kinds.items():
            drawn = (self.rng.integers(len(words), size=(self.neurons, 1)) + np.arange(each)) % len(words)
            tables.append(
                table(
                    neuron_id=np.repeat(np.arange(self.neurons), each),
                    word=pa.array(words).take(pa.array(drawn.reshape(-1))),
                    part_of_speech=[kind] * drawn.size,
                    count=self.rng.integers(1, 4, drawn.size),
                )
            )
        builder.insert("open_concept", pa.concat_tables(tables), order="neuron_id")
        drawn = (self.rng.integers(len(ADJECTIVES), size=(self.neurons, 1)) + np.arange(5)) % len(ADJECTIVES)
        kept = np.tile([True, True, True, False, False], self.neurons)
        builder.insert(
            "candidate_word",
            table(
                neuron_id=np.repeat(np.arange(self.neurons), 5),
                word=pa.array(ADJECTIVES).take(pa.array(drawn.reshape(-1))),
                kept=kept,
                dropped_by=pa.array(np.where(kept, None, "not acoustic"), pa.string()),
            ),
        )
        judged = [True] * len(ADJECTIVES)
        builder.insert("acoustic_word", table(word=ADJECTIVES, is_acoustic=judged, judge=["nobody"] * len(judged)))

    def interpretability(self, builder: StoreBuilder) -> None:
        k = np.tile(KS, self.neurons)
        shared = np.minimum(self.rng.binomial(k, 0.6), k)
        builder.insert(
            "interpretability",
            table(
                neuron_id=np.repeat(np.arange(self.neurons), len(KS)),
                k=k,
                cluster_id=self.rng.integers(CLUSTERS, size=len(k)),
                shared_clips=shared,
                shared_sentences=shared + self.rng.integers(0, 3, len(k)),
                common_sentences=np.where(shared == k, 1, 0),
            ),
        )
        rows = [
            (k, reading, n, 1 / (k + 1))
            for k in KS
            for reading in ("clips", "sentences", "intersection")
            for n in range(k + 1)
        ]
        names = ("k", "reading", "shared", "share")
        builder.insert("interpretability_by_chance", table(**dict(zip(names, zip(*rows, strict=True), strict=True))))

    def ablations(self, builder: StoreBuilder) -> None:
        """One experiment a class with one control, each pruning 2,800 neurons, as in Table 4."""
        ids, each = np.arange(2 * CLASSES), min(2800, self.neurons)
        control = np.where(ids % 2, ids - 1, -1)
        terms = [Term("open_concept", name) for name in CLASS_NAMES]
        builder.insert(
            "ablation",
            table(
                ablation_id=ids,
                network_id=0 * ids,
                strategy=["open_concept", "random"] * CLASSES,
                selection=[str(one) for term in terms for one in (term, control_of(term, 0))],
                control_of=pa.array(control, mask=control < 0),
                class_id=ids // 2,
                neuron_count=np.full(len(ids), each),
                clip_count=np.full(len(ids), 400),
                clips=["fold 5"] * len(ids),
            ),
        )
        neurons = np.concatenate([np.sort(self.rng.choice(self.neurons, each, replace=False)) for _ in ids])
        builder.insert("ablation_neuron", table(ablation_id=np.repeat(ids, each), neuron_id=neurons))
        rows = len(ids) * CLASSES
        numbers = {
            f"{name}_{when}": self.rng.random(rows)
            for name in ("logit", "probability", "accuracy")
            for when in ("before", "after")
        }
        builder.insert(
            "ablation_result",
            table(
                ablation_id=np.repeat(ids, CLASSES),
                class_id=np.tile(np.arange(CLASSES), len(ids)),
                clip_count=np.full(rows, 8),
                **numbers,
            ),
        )

    def draw_sentences(self, rows: int) -> pa.Array:
        return self.sentences.take(pa.array(self.rng.integers(len(self.sentences), size=rows)))


def table(**columns: object) -> pa.Table:
    return pa.table(
        {name: column if isinstance(column, pa.Array) else pa.array(column) for name, column in columns.items()}
    )


def listed(rows: npt.NDArray[np.generic]) -> pa.FixedSizeListArray:
    """A list a row."""
    return pa.FixedSizeListArray.from_arrays(pa.array(rows.reshape(-1)), rows.shape[1])
