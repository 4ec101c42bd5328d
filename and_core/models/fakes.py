"""One deterministic fake a protocol: small, fast, no weights. Tests use them instead of patching.

`fake_registry()` gives the rows that make them available under the kind `fake`.
"""

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from and_core.errors import ClipError, NetworkError
from and_core.models.protocols import Clip, FloatArray, Layer, NeuronIds

SAMPLE_RATE_HZ = 8000
CLASS_NAMES = ("low_hum", "middle_tone", "high_whistle")
PITCHES_HZ = (110.0, 440.0, 1760.0)


def fake_registry() -> dict[str, dict[str, str]]:
    classes = {
        "dataset": "FakeDataset",
        "network": "FakeNetwork",
        "captioner": "FakeCaptioner",
        "summarizer": "FakeSummarizer",
        "acoustic_word_judge": "FakeJudge",
        "text_encoder": "FakeTextEncoder",
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
    """Two hidden layers and a head over eight spectral bands of the clip; the first `dead` neurons are always 0."""

    sample_rate_hz = SAMPLE_RATE_HZ
    pool = "mean"

    def __init__(
        self, name: str = "fake", class_names: Sequence[str] = CLASS_NAMES, seed: int = 0, dead: int = 0
    ) -> None:
        self.name, self.class_names, self.seed, self.dead = name, tuple(class_names), seed, dead
        widths = (8, 6, len(self.class_names))
        inputs = (8, 8, 6)
        self.weights = [
            _seeded("weights", seed, layer).normal(size=(width, size)).astype(np.float32)
            for layer, (width, size) in enumerate(zip(widths, inputs, strict=True))
        ]
        self.weights[0][:dead] = 0
        names = ("layer1_intermediate", "layer1_output", "fc")
        self._layers = tuple(
            Layer(name, f"blocks.{name}", name.removeprefix("layer1_"), width, depth)
            for name, width, depth in zip(names, widths, (1, 1, 2), strict=True)
        )
        self._local = threading.local()

    @property
    def fingerprint(self) -> str:
        return f"fake network {self.seed} {self.class_names} {self.dead}"

    def layers(self) -> tuple[Layer, ...]:
        return self._layers

    def forward(
        self, waveforms: Sequence[FloatArray], layers: Sequence[str] = ()
    ) -> tuple[FloatArray, dict[str, FloatArray]]:
        spectra = [np.abs(np.fft.rfft(waveform, 512))[:256].reshape(8, 32).sum(1) for waveform in waveforms]
        values = np.log1p(np.array(spectra, dtype=np.float32).reshape(-1, 8))
        ablated: NeuronIds = getattr(self._local, "ablated", {})
        found: dict[str, FloatArray] = {}
        for layer, weights in zip(self._layers, self.weights, strict=True):
            values = values @ weights.T
            values[:, list(ablated.get(layer.name, ()))] = 0
            found[layer.name] = values
            if layer.name != "fc":
                values = np.maximum(values, 0)
        return values, {name: found[name] for name in layers}

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


class FakeCaptioner:
    """Says the class and the loudness."""

    name = "fake captioner"
    fingerprint = "fake captioner"
    provenance = "a fake, for tests"

    def captions(self, clips: Sequence[Clip]) -> list[str]:
        return [f"A {str(clip.class_name).replace('_', ' ')} can be heard. It is a loud sound." for clip in clips]


class FakeSummarizer:
    """Repeats the first sentence of the first caption, and what every caption says; or always nothing."""

    name = "fake summarizer"
    provenance = "a fake, for tests"

    def __init__(self, says_nothing: bool = False) -> None:
        self.says_nothing = says_nothing

    @property
    def fingerprint(self) -> str:
        return f"fake summarizer {self.says_nothing}"

    def summarize(self, caption_lists: Sequence[Sequence[str]]) -> list[str | None]:
        return [
            None if self.says_nothing or not captions else f"1. {captions[0].split('.')[0]}.\n2. All are loud sounds."
            for captions in caption_lists
        ]


class FakeJudge:
    """Every word but `strange` is acoustic."""

    name = "fake judge"
    fingerprint = "fake judge"

    def are_acoustic(self, words: Sequence[str]) -> list[bool]:
        return [word != "strange" for word in words]


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
