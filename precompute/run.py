"""A run: its configuration, its folders, and the components that its stages use."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from and_core.errors import ConfigError
from and_core.models import registry
from and_core.models.protocols import (
    AcousticWordJudge,
    AudioTextEncoder,
    Captioner,
    ConceptSelector,
    Freeable,
    LanguageModel,
    ProbingDataset,
    Summarizer,
    TargetNetwork,
    TextEncoder,
)
from precompute.captioners import new_captioner
from precompute.concept_sets import concept_set
from precompute.config import Component, RunConfig
from precompute.reply_log import FILE_NAME, ReplyLog

Part = TypeVar("Part")
Given = Mapping[str, Callable[[], Any]]
"""Arguments that are no settings: name -> what makes it."""


@dataclass(frozen=True)
class Run:
    """What stages are given. Every `new_...` makes a fresh component, so that its weights go when the stage ends."""

    config: RunConfig
    runs_folder: Path

    @property
    def folder(self) -> Path:
        return self.runs_folder / self.config.name

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @cached_property
    def dataset(self) -> ProbingDataset:
        dataset: ProbingDataset = _create("dataset", self.config.dataset, "dataset")
        return dataset

    @cached_property
    def concepts(self) -> tuple[str, ...]:
        """The concept set D_c; empty where it is the data set's classes and there are none."""
        return concept_set(self.config.a_closed_concept.concepts, self.dataset.class_names)

    def new_network(self, name: str) -> TargetNetwork:
        component = self.config.network[name]
        network: TargetNetwork = _create("network", component, f"network.{name}", {"name": name})
        return network

    def new_captioner(self) -> Captioner:
        return new_captioner(self.config.captioner, self.dataset, self.config.seed, self.remembered)

    def new_language_model(self) -> LanguageModel:
        """The model of [language_model], which is asked nothing that any run of the same folder has asked it.

        Raises:
            ConfigError: the configuration names none.
        """
        if self.config.language_model is None:
            raise ConfigError(
                "The configuration has no language model, and a part of it asks one.",
                'Add [language_model] with kind = "vllm", "openai" or "transformers" and the settings of that kind.',
            )
        model: LanguageModel = _create("language_model", self.config.language_model, "language_model")
        return self.remembered(model)

    def remembered(self, model: LanguageModel) -> ReplyLog:
        return ReplyLog(model, self.runs_folder / FILE_NAME)

    def new_summarizer(self) -> Summarizer:
        summarizer: Summarizer = self._asking("summarizer", self.config.summarizer)
        return summarizer

    def new_acoustic_word_judge(self) -> AcousticWordJudge:
        judge: AcousticWordJudge = self._asking("acoustic_word_judge", self.config.acoustic_word_judge)
        return judge

    def new_concept_selector(self) -> ConceptSelector:
        selector: ConceptSelector = self._asking("concept_selector", self.config.concept_selector)
        return selector

    def _asking(self, protocol: str, component: Component) -> Any:
        """A part that asks the language model, if its kind does."""
        given = {"language_model": self.new_language_model, "text_encoder": self.new_text_encoder}
        model = self.config.language_model
        shared = {"seed": self.config.seed, **(model.shared_settings if model else {})}
        settings = registry.settings_of(protocol, component.kind, protocol)
        fallback = {name: value for name, value in shared.items() if name in settings and name not in component.options}
        return _create(protocol, component, protocol, fallback, given)

    def new_text_encoder(self) -> TextEncoder:
        encoder: TextEncoder = _create("text_encoder", self.config.text_encoder, "text_encoder")
        return encoder

    def new_concept_encoder(self) -> TextEncoder:
        """The text encoder of module A: that of [concept_encoder], else that of [text_encoder]."""
        if self.config.concept_encoder is None:
            return self.new_text_encoder()
        encoder: TextEncoder = _create("text_encoder", self.config.concept_encoder, "concept_encoder")
        return encoder

    def new_audio_text_encoder(self) -> AudioTextEncoder:
        """
        Raises:
            ConfigError: the configuration names none.
        """
        if self.config.audio_text_encoder is None:
            raise ConfigError(
                "The configuration has no audio-text encoder, and the text-audio-based method (TAB) needs one.",
                'Add [audio_text_encoder] with kind = "clap" and path = a folder or a name on the Hugging Face hub.',
            )
        encoder: AudioTextEncoder = _create("audio_text_encoder", self.config.audio_text_encoder, "audio_text_encoder")
        return encoder

    @cached_property
    def fingerprints(self) -> dict[str, str]:
        """Of every component, under the name of its table in the configuration. Bad components are refused here."""
        has_audio = self.config.audio_text_encoder is not None or "text_audio_based" in self.config.methods
        return {
            "dataset": self.dataset.fingerprint,
            **{f"network.{name}": self.new_network(name).fingerprint for name in self.config.network},
            "captioner": self.new_captioner().fingerprint,
            "summarizer": self.new_summarizer().fingerprint,
            "acoustic_word_judge": self.new_acoustic_word_judge().fingerprint,
            "concept_selector": self.new_concept_selector().fingerprint,
            "text_encoder": self.new_text_encoder().fingerprint,
            "concept_encoder": self.new_concept_encoder().fingerprint,
            **({"audio_text_encoder": self.new_audio_text_encoder().fingerprint} if has_audio else {}),
        }


@contextmanager
def freed(part: Part) -> Iterator[Part]:
    """A component for as long as a stage needs it; what it holds is freed then, where it can free anything."""
    try:
        yield part
    finally:
        if isinstance(part, Freeable):
            part.close()


def _create(
    protocol: str,
    component: Component,
    where: str,
    extra: Mapping[str, Any] = MappingProxyType({}),
    given: Given = MappingProxyType({}),
) -> Any:
    return registry.create(protocol, component.kind, {**component.options, **extra}, where, given)
