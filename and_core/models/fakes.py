"""One deterministic fake a protocol: small, fast, no weights. Tests use them instead of patching.

`fake_registry()` gives the rows that make them available under the kind `fake`.
"""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from and_core.errors import ClipError, LanguageModelError, NetworkError
from and_core.models.protocols import (
    Answer,
    Clip,
    FloatArray,
    Layer,
    Message,
    NeuronIds,
    PlayedClips,
    Reply,
    TokenActivations,
)

SAMPLE_RATE_HZ = 8000
CLASS_NAMES = ("low_hum", "middle_tone", "high_whistle")
PITCHES_HZ = (110.0, 440.0, 1760.0)
HIDDEN = ("layer1_output",)
"""What the fake network's head reads."""
STEP_S = np.float32(0.05)
SHARED = "All are loud sounds."
REFUSAL = "I'm sorry, but I cannot help with that."
SOUND_WORDS = ("loud", "quiet", "low", "high", "steady", "sudden", "harsh", "soft")


def fake_registry() -> dict[str, dict[str, str]]:
    classes = {
        "dataset": "FakeDataset",
        "network": "FakeNetwork",
        "captioner": "FakeCaptioner",
        "summarizer": "FakeSummarizer",
        "acoustic_word_judge": "FakeJudge",
        "concept_selector": "FakeSelector",
        "language_model": "FakeLanguageModel",
        "text_encoder": "FakeTextEncoder",
        "audio_text_encoder": "FakeAudioTextEncoder",
    }
    return {protocol: {"fake": f"{__name__}:{name}"} for protocol, name in classes.items()}


def _seeded(*parts: object) -> np.random.Generator:
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))


class FakeDataset:
    """Tones of three pitches, with noise; every `broken`-th clip cannot be read."""

    name = "fake tones"

    def __init__(
        self, clip_count: int = 12, seconds: float = 0.25, broken: int = 0, gain: float = 1.0, classes: bool = True
    ) -> None:
        self.clip_count, self.seconds, self.broken, self.gain = clip_count, seconds, broken, gain
        self.class_names = CLASS_NAMES if classes else ()

    @property
    def fingerprint(self) -> str:
        return f"fake tones {self.clip_count} {self.seconds} {self.broken} {self.gain} {self.class_names}"

    def __len__(self) -> int:
        return self.clip_count

    def filename(self, index: int) -> str:
        return f"tone-{index:03d}.wav"

    def clip(self, index: int) -> Clip:
        if self.broken and index % self.broken == self.broken - 1:
            raise ClipError(f"{self.filename(index)} is not audio.", "Replace it.")
        kind = index % len(CLASS_NAMES)
        noise = _seeded("clip", index)
        time = np.arange(int(self.seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
        waveform = self.gain * (0.5 * np.sin(2 * np.pi * PITCHES_HZ[kind] * time) + noise.normal(0, 0.02, len(time)))
        return Clip(
            filename=self.filename(index),
            waveform=waveform.astype(np.float32),
            sample_rate_hz=SAMPLE_RATE_HZ,
            class_name=CLASS_NAMES[kind] if self.class_names else None,
            fold=index % 5 + 1,
            parameters={"fundamental_hz": PITCHES_HZ[kind]},
        )


class FakeNetwork:
    """Two hidden layers and a head over eight spectral bands of the clip; the first `dead` neurons are always 0.

    Without class names it is an encoder, which has no head.
    """

    sample_rate_hz = SAMPLE_RATE_HZ
    pool = "mean"

    def __init__(
        self,
        name: str = "fake",
        class_names: Sequence[str] = CLASS_NAMES,
        seed: int = 0,
        dead: int = 0,
        longest_s: float | None = None,
        locates_tokens: bool = True,
    ) -> None:
        self.name, self.class_names, self.seed, self.dead = name, tuple(class_names), seed, dead
        self.longest_s, self.locates_tokens = longest_s, locates_tokens
        widths = (8, 6, len(self.class_names))
        inputs = (8, 8, 6)
        self.weights = [
            _seeded("weights", seed, layer).normal(size=(width, size)).astype(np.float32)
            for layer, (width, size) in enumerate(zip(widths, inputs, strict=True))
        ]
        self.weights[0][:dead] = 0
        names = ("layer1_intermediate", "layer1_output", "fc")[: 3 if self.class_names else 2]
        self._layers = tuple(
            Layer(name, f"blocks.{name}", name.removeprefix("layer1_"), width, depth)
            for name, width, depth in zip(names, widths, (1, 1, 2), strict=False)
        )
        self._local = threading.local()

    @property
    def fingerprint(self) -> str:
        return f"fake network {self.seed} {self.class_names} {self.dead} {self.longest_s} {self.locates_tokens}"

    def layers(self) -> tuple[Layer, ...]:
        return self._layers

    def forward(
        self, waveforms: Sequence[FloatArray], layers: Sequence[str] = ()
    ) -> tuple[FloatArray, dict[str, FloatArray]]:
        return self.forward_features(self.features(waveforms), layers)

    def features(self, waveforms: Sequence[FloatArray]) -> list[FloatArray]:
        """[8] log magnitude in eight bands of the clip's beginning."""
        heard = None if self.longest_s is None else round(self.longest_s * SAMPLE_RATE_HZ)
        spectra = [np.abs(np.fft.rfft(waveform[:heard], 512))[:256].reshape(8, 32).sum(1) for waveform in waveforms]
        return [np.log1p(spectrum).astype(np.float32) for spectrum in spectra]

    def forward_features(
        self, features: Sequence[FloatArray], layers: Sequence[str] = ()
    ) -> tuple[FloatArray, dict[str, FloatArray]]:
        values = np.array(features, dtype=np.float32).reshape(-1, 8)
        ablated: NeuronIds = getattr(self._local, "ablated", {})
        found: dict[str, FloatArray] = {}
        for layer, weights in zip(self._layers, self.weights, strict=False):
            values = values @ weights.T
            values[:, list(ablated.get(layer.name, ()))] = 0
            found[layer.name] = values
            if layer.name != "fc":
                values = np.maximum(values, 0)
        logits = values if self.class_names else np.zeros((len(features), 0), np.float32)
        return logits, {name: found[name] for name in layers}

    def token_activations(self, waveforms: Sequence[FloatArray], layers: Sequence[str]) -> Iterator[TokenActivations]:
        """Each `STEP_S` of a clip played on its own is a step; there is one band."""
        for waveform in waveforms:
            size = round(STEP_S * SAMPLE_RATE_HZ)
            starts = np.arange(0, max(len(waveform), 1), size)
            _, outputs = self.forward([waveform[start : start + size] for start in starts], layers)
            start_s = (starts / SAMPLE_RATE_HZ).astype(np.float32)
            yield TokenActivations({name: output[None] for name, output in outputs.items()}, start_s, start_s + STEP_S)

    def replay(self, features: Sequence[FloatArray]) -> "FakeReplay":
        return FakeReplay(self, features)

    @contextmanager
    def ablated(self, neurons: NeuronIds) -> Iterator[None]:
        unknown = set(neurons) - {layer.name for layer in self._layers}
        if unknown:
            raise NetworkError(f"{self.name} has no layer {sorted(unknown)}.")
        self._local.ablated = neurons
        try:
            yield
        finally:
            self._local.ablated = {}


class FakeReplay:
    """Plays every clip whole, four a batch."""

    def __init__(self, network: FakeNetwork, features: Sequence[FloatArray]) -> None:
        self.network, self.features = network, features

    def without(self, neurons: NeuronIds) -> Iterator[PlayedClips]:
        for start in range(0, len(self.features), 4):
            clips = list(range(start, min(start + 4, len(self.features))))
            with self.network.ablated(neurons):
                logits, outputs = self.network.forward_features([self.features[clip] for clip in clips], HIDDEN)
            yield PlayedClips(clips, logits, np.maximum(outputs[HIDDEN[0]], 0))


class FakeCaptioner:
    """Says the class and the loudness; or, listening only, the pitch instead of the class.

    Args:
        refuses: a clip whose name ends in this gets no caption; every clip where it is empty, none where it is None.
    """

    name = "fake captioner"
    provenance = "a fake, for tests"

    def __init__(self, listens_only: bool = False, refuses: str | None = None) -> None:
        self.listens_only, self.refuses = listens_only, refuses

    @property
    def fingerprint(self) -> str:
        return f"fake captioner {self.listens_only} {self.refuses}"

    def captions(self, clips: Sequence[Clip]) -> list[Answer[str]]:
        return [
            Answer(None, REFUSAL, "refusal")
            if self.refuses is not None and clip.filename.endswith(self.refuses)
            else Answer(f"A {self._source(clip)} can be heard. It is a loud sound.")
            for clip in clips
        ]

    def _source(self, clip: Clip) -> str:
        if not self.listens_only:
            return str(clip.class_name).replace("_", " ")
        return f"tone of {_loudest_hz(clip):.0f} Hz"


class FakeSummarizer:
    """Repeats the first sentence of the first caption, and what every caption says; or always nothing."""

    name = "fake summarizer"
    provenance = "a fake, for tests"

    def __init__(self, says_nothing: bool = False) -> None:
        self.says_nothing = says_nothing

    @property
    def fingerprint(self) -> str:
        return f"fake summarizer {self.says_nothing}"

    def summarize(self, caption_lists: Sequence[Sequence[str]]) -> list[Answer[str]]:
        return [
            Answer(None if self.says_nothing or not captions else f"1. {captions[0].split('.')[0]}.\n2. {SHARED}")
            for captions in caption_lists
        ]


class FakeJudge:
    """Every word but `strange` is acoustic."""

    name = "fake judge"
    fingerprint = "fake judge"

    def are_acoustic(self, words: Sequence[str]) -> list[Answer[bool]]:
        return [Answer(word != "strange") for word in words]


class FakeSelector:
    """The first concepts of the set."""

    name = "fake selector"
    fingerprint = "fake selector"
    provenance = "a fake, for tests"

    def select(self, summaries: Sequence[str], concepts: Sequence[str], k: int) -> list[Answer[list[str]]]:
        return [Answer(list(concepts[:k]) or None) for _ in summaries]


class FakeLanguageModel:
    """Says something about sounds that depends on the conversation, seed and temperature alone.

    Args:
        always: what it answers to everything instead, be it of any use or not, e.g. nothing or a refusal.
        refuses: share of the conversations that it answers with a refusal.
        fails_after: replies after which it can no longer be reached; never where None.
        journal: a file to which each request adds its last message as a line of JSON.
    """

    def __init__(
        self,
        always: str | None = None,
        refuses: float = 0.0,
        fails_after: int | None = None,
        journal: str | None = None,
    ) -> None:
        self.name = "fake language model"
        self.always, self.refuses, self.fails_after, self.journal = always, refuses, fails_after, journal
        self.asked = 0

    @property
    def fingerprint(self) -> str:
        return f"fake language model {self.always} {self.refuses}"

    def replies(
        self,
        conversations: Sequence[Sequence[Message]],
        *,
        max_tokens: int,
        temperature: float,
        seed: int,
        choices: Sequence[str] | None = None,
        schema: Mapping[str, Any] | None = None,
    ) -> Iterator[tuple[int, Reply]]:
        for position, conversation in enumerate(conversations):
            if self.asked == self.fails_after:
                raise LanguageModelError(f"The fake language model stopped after {self.asked} replies.", "Run again.")
            self.asked += 1
            if self.journal is not None:
                with Path(self.journal).open("a", encoding="utf-8") as journal:
                    journal.write(json.dumps(conversation[-1].content) + "\n")
            draw = _seeded(tuple(conversation), seed, temperature)
            words = (self._text(draw, choices, schema) if self.always is None else self.always).split(" ")
            prompt_tokens = sum(len(message.content.split()) for message in conversation)
            kept = words[:max_tokens]
            yield position, Reply(" ".join(kept), len(words) <= max_tokens, prompt_tokens, len(kept))

    def close(self) -> None: ...

    def _text(self, draw: np.random.Generator, choices: Sequence[str] | None, schema: Mapping[str, Any] | None) -> str:
        if choices is not None:
            return choices[int(draw.integers(len(choices)))]
        if schema is not None:
            return json.dumps(_fitting(schema, draw))
        if self.refuses and draw.random() < self.refuses:
            return REFUSAL
        first, second = draw.choice(SOUND_WORDS, 2, replace=False)
        return f"1. The sounds are {first}.\n2. There is a {second} background."


def _fitting(schema: Mapping[str, Any], draw: np.random.Generator) -> Any:
    """A value that fits a JSON schema of the simple kind: enum, object, array, string, number, boolean."""
    if "enum" in schema:
        return schema["enum"][int(draw.integers(len(schema["enum"])))]
    kind = schema.get("type")
    if kind == "object":
        return {name: _fitting(inner, draw) for name, inner in schema.get("properties", {}).items()}
    if kind == "array":
        return [_fitting(schema["items"], draw) for _ in range(max(1, schema.get("minItems", 1)))]
    if kind in ("integer", "number"):
        return schema.get("minimum", 0)
    return bool(draw.integers(2)) if kind == "boolean" else f"The sounds are {draw.choice(SOUND_WORDS)}."


class FakeTextEncoder:
    """A random direction for every word; a text is the sum of its words'."""

    name = "fake encoder"
    fingerprint = "fake encoder"

    def embed(self, texts: Sequence[str]) -> FloatArray:
        rows = [
            np.sum([_seeded(word).normal(size=16) for word in text.lower().split()] or [np.ones(16)], axis=0)
            for text in texts
        ]
        embeddings = np.array(rows, dtype=np.float32).reshape(-1, 16)
        return embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)


class FakeAudioTextEncoder:
    """Hears a clip as the text that names its class; a text is embedded as `FakeTextEncoder` has it."""

    name = "fake audio-text encoder"
    fingerprint = "fake audio-text encoder"

    def embed_audio(self, clips: Sequence[Clip]) -> FloatArray:
        return self.embed_text([CLASS_NAMES[_nearest_pitch(clip)] for clip in clips])

    def embed_text(self, texts: Sequence[str]) -> FloatArray:
        return FakeTextEncoder().embed([text.replace("_", " ") for text in texts])


def _nearest_pitch(clip: Clip) -> int:
    """Position in `PITCHES_HZ` of the pitch that is nearest to the clip's loudest."""
    return int(np.abs(np.log2(max(_loudest_hz(clip), 1.0) / np.array(PITCHES_HZ))).argmin())


def _loudest_hz(clip: Clip) -> float:
    return float(np.abs(np.fft.rfft(clip.waveform)).argmax() * clip.sample_rate_hz / len(clip.waveform))
