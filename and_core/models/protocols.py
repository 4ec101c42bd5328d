"""What the pipeline asks of everything that has weights, files or a network connection. The file to read first.

Each implementation is a row in `registry.py`. Constructors are cheap (they check their arguments and read no weights);
weights are loaded at first use, so that a run which has nothing left to do loads nothing.

`fingerprint` names everything that can change what the object returns (name, revision, settings, a hash of its files);
it enters the key of every stage that uses the object. What changes only the speed (batch size, device) stays out of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, TypeVar, runtime_checkable

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Clip:
    """One audio clip a_i of the probing dataset."""

    filename: str
    """As the data set names it, relative to its root; unique within the data set."""
    waveform: FloatArray
    """[T samples] mono, nominally within -1..1."""
    sample_rate_hz: int
    class_name: str | None = None
    fold: int | None = None
    source_recording: str | None = None
    """The recording the clip was cut from, where the data set says so."""
    parameters: Mapping[str, float] = field(default_factory=dict)
    """What a synthesised clip was made from, e.g. {"loudness_dbfs": -18.2, "fundamental_hz": 440.0}."""
    measurements: Mapping[str, float] = field(default_factory=dict)
    """What `algorithms.acoustics.measure` found in it; empty until somebody measured."""


class ProbingDataset(Protocol):
    """The probing dataset D_p: N clips with optional classes and folds."""

    name: str
    class_names: tuple[str, ...]

    @property
    def fingerprint(self) -> str: ...

    def __len__(self) -> int: ...

    def clip(self, index: int) -> Clip:
        """Read clip `index`, at its own sampling rate, mixed to mono.

        Raises:
            ClipError: it cannot be read or used (the run lists it and goes on).
        """
        ...

    def filename(self, index: int) -> str:
        """The clip's name without reading it, for messages."""
        ...


@dataclass(frozen=True)
class Layer:
    """One named linear layer of a target network."""

    name: str
    """As in the paper: `layer3_attention_output`, `layer3_intermediate`, `layer3_output`, `fc`."""
    module_path: str
    """Where it lives in this installation's model, e.g. `audio_spectrogram_transformer.layers.2.mlp.fc1`."""
    kind: str
    """The name without its block: `attention_output`, `intermediate`, `output`, `fc`."""
    width: int
    """Number of neurons (output coordinates)."""
    depth: int
    """Transformer block, from 1; the classification head has the last block's number plus one."""


@dataclass(frozen=True)
class TokenActivations:
    """What layers answered to every token of one clip, before pooling: when, and where in frequency, neurons fired."""

    outputs: Mapping[str, FloatArray]
    """Layer name -> [bands, steps, width]; one band where a token hears all frequencies."""
    start_s: FloatArray
    """[steps] where each step begins in the clip, in seconds, rising; none begins behind the clip's end."""
    end_s: FloatArray
    """[steps] where it ends; steps may overlap."""
    low_hz: FloatArray | None = None
    """[bands] lowest frequency of each band, rising; None where a token hears all frequencies."""
    high_hz: FloatArray | None = None
    """[bands]"""


NeuronIds = Mapping[str, Sequence[int]]
"""Layer name -> positions of neurons in that layer."""


@dataclass(frozen=True)
class PlayedClips:
    """What a network answered to some of the clips of a `Replay`."""

    clips: list[int]
    """Positions in the replay's features [b]."""
    logits: FloatArray
    """[b, C]"""
    representations: FloatArray
    """[b, D] what the classification head read: the last hidden representation, pooled over tokens."""


class Replay(Protocol):
    """Clips that a network is played again and again, each time without other neurons.

    What the network computes before the first pruned neuron is computed once a clip, where it can be resumed there and
    memory allows; else anew. Safe to share between threads.
    """

    def without(self, neurons: NeuronIds) -> Iterator[PlayedClips]:
        """What the network answers without these neurons and no others, batch by batch, each clip once.

        Clips of one length come together, so that the order may be another than that of the features.
        """
        ...


class TargetNetwork(Protocol):
    """The audio network under study, F. Stateless between calls; safe to share between threads (it owns its lock)."""

    name: str
    sample_rate_hz: int
    class_names: tuple[str, ...]
    """In the order of the logits; none where the network is an encoder without a classification head."""
    pool: str
    """How a layer's token outputs become one activation a clip: `cls`, `mean`, `first`, `max`."""
    longest_s: float | None
    """Seconds of a clip that the network hears, the rest being cut off; None where it hears clips of any length."""
    locates_tokens: bool
    """Whether `token_activations` can say which part of a clip a token heard."""

    @property
    def fingerprint(self) -> str: ...

    def layers(self) -> tuple[Layer, ...]:
        """Every dissected linear layer, shallow to deep."""
        ...

    def forward(
        self, waveforms: Sequence[FloatArray], layers: Sequence[str] = ()
    ) -> tuple[FloatArray, dict[str, FloatArray]]:
        """Play clips to the network: one pass for the logits and all the layers asked for.

        Args:
            waveforms: B arrays [T_b samples] float32 mono at `sample_rate_hz`; lengths may differ.
            layers: names of layers whose activations are wanted.

        Returns:
            logits [B, C] float32 and, for each layer, activations [B, width] float32: the linear layer's output
            before any nonlinearity, pooled over tokens by `pool`.
        """
        ...

    def features(self, waveforms: Sequence[FloatArray]) -> list[FloatArray]:
        """What the network reads of each clip, e.g. log-mel [frames, mel bins]; for `forward_features`."""
        ...

    def forward_features(
        self, features: Sequence[FloatArray], layers: Sequence[str] = ()
    ) -> tuple[FloatArray, dict[str, FloatArray]]:
        """As `forward`, of clips whose `features` are known already."""
        ...

    def token_activations(self, waveforms: Sequence[FloatArray], layers: Sequence[str]) -> Iterator[TokenActivations]:
        """Play clips and give what layers (never `fc`, which sees no tokens) answered to each token, clip by clip.

        Only where `locates_tokens`. A clip's answers are large: one clip is held at a time.
        """
        ...

    def replay(self, features: Sequence[FloatArray]) -> Replay:
        """Prepare to play the clips of these `features` many times, each time without other neurons."""
        ...

    def ablated(self, neurons: NeuronIds) -> AbstractContextManager[None]:
        """Inside the context these neurons' linear output is 0 for this thread's `forward` (paper, section 4.3)."""
        ...


Value = TypeVar("Value")
Problem = Literal["empty", "refusal", "cut off", "another language", "no sentences", "no answer"]
"""Why a reply cannot be used. `no sentences`: words or signs at random; `no answer`: nothing of what was asked for."""


@dataclass(frozen=True)
class Answer(Generic[Value]):
    """What was asked for, and where a model was asked, what it said.

    `value` is None without a `problem` where there is nothing to say: captions that share nothing, a clip that nobody
    described.
    """

    value: Value | None
    raw: str | None = None
    """The model's reply as it came; None from a built-in that asks no model."""
    problem: Problem | None = None
    """Why the reply cannot be used; then `value` is None."""


class Captioner(Protocol):
    """Writes d_i, the description of a clip."""

    name: str
    listens_only: bool
    """Whether a caption depends on the sound alone, not on the clip's name or label: such captions serve all runs."""

    @property
    def fingerprint(self) -> str: ...

    @property
    def provenance(self) -> str:
        """One line for readers: who wrote the captions and from what, naming a demo-quality backend as such."""
        ...

    def captions(self, clips: Sequence[Clip]) -> list[Answer[str]]:
        """One caption a clip."""
        ...


class Summarizer(Protocol):
    """Says what K captions have in common: S_h or S_l."""

    name: str

    @property
    def fingerprint(self) -> str: ...

    @property
    def provenance(self) -> str: ...

    def summarize(self, caption_lists: Sequence[Sequence[str]]) -> list[Answer[str]]:
        """One summary a list: numbered points, one a line."""
        ...


class AcousticWordJudge(Protocol):
    """Says whether a word describes the tone, emotion or acoustic features of sound (paper, appendix A.2)."""

    name: str

    @property
    def fingerprint(self) -> str: ...

    def are_acoustic(self, words: Sequence[str]) -> list[Answer[bool]]: ...


class ConceptSelector(Protocol):
    """Picks the concepts of a set that a summary is about: in-context identification (paper, section 3.3)."""

    name: str

    @property
    def fingerprint(self) -> str: ...

    @property
    def provenance(self) -> str: ...

    def select(self, summaries: Sequence[str], concepts: Sequence[str], k: int) -> list[Answer[list[str]]]:
        """For each summary the names of the k concepts that fit it best, or fewer, the best first."""
        ...


class PromptText(Protocol):
    """What a language model is asked; `algorithms.prompts.Prompt` is one."""

    @property
    def name(self) -> str: ...

    @property
    def text(self) -> str: ...

    @property
    def hash(self) -> str: ...


@runtime_checkable
class Freeable(Protocol):
    """Whatever holds weights or connections beyond a call."""

    def close(self) -> None:
        """Free them; a later request loads them again."""
        ...


@runtime_checkable
class Prompted(Protocol):
    """Whatever asks a language model: its prompts are kept in the store."""

    @property
    def prompts(self) -> Sequence[PromptText]: ...


@dataclass(frozen=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str
    audio: bytes | None = None
    """A WAV file that is heard before the text is read, for models that hear."""


@dataclass(frozen=True)
class Reply:
    """What a language model answered."""

    text: str
    is_complete: bool = True
    """False where it was cut off at `max_tokens`."""
    prompt_tokens: int = 0
    reply_tokens: int = 0


class LanguageModel(Protocol):
    """Answers conversations. Chat templates are its own business: no `[INST]` in what it is given."""

    name: str

    @property
    def fingerprint(self) -> str: ...

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
        """Answer conversations, each as soon as it is done.

        Args:
            conversations: many at once, those that begin alike side by side, so that the model can batch them and
                compute a shared beginning once.
            max_tokens: of a reply.
            temperature: 0 takes the likeliest token always.
            seed: with it and the same software, the same replies.
            choices: the reply is one of these texts.
            schema: the reply is JSON of this JSON schema. At most one of `choices` and `schema`.

        Yields:
            (position in `conversations`, reply), in any order, each position once.

        Raises:
            LanguageModelError: it cannot be loaded or reached, or does not support what is asked.
        """
        ...

    def close(self) -> None:
        """Free what it holds; a later request loads it again."""
        ...


class TextEncoder(Protocol):
    """Embeds texts."""

    name: str

    @property
    def fingerprint(self) -> str: ...

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """[N, D] float32, rows of unit length."""
        ...


class AudioTextEncoder(Protocol):
    """Embeds clips and texts in one space, so that a dot product says how well they fit (CLAP and its kin)."""

    name: str

    @property
    def fingerprint(self) -> str: ...

    def embed_audio(self, clips: Sequence[Clip]) -> FloatArray:
        """[N, D] float32, rows of unit length; of clips at any sampling rate, of any length."""
        ...

    def embed_text(self, texts: Sequence[str]) -> FloatArray:
        """[M, D] float32, rows of unit length."""
        ...
