"""A run: its configuration, its folders, and the components that its stages use."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from and_core.models import registry
from and_core.models.protocols import (
    AcousticWordJudge,
    Captioner,
    ProbingDataset,
    Summarizer,
    TargetNetwork,
    TextEncoder,
)
from precompute.config import Component, RunConfig


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

    def new_network(self, name: str) -> TargetNetwork:
        component = self.config.network[name]
        network: TargetNetwork = _create("network", component, f"network.{name}", name=name)
        return network

    def new_captioner(self) -> Captioner:
        captioner: Captioner = _create("captioner", self.config.captioner, "captioner")
        return captioner

    def new_summarizer(self) -> Summarizer:
        summarizer: Summarizer = _create("summarizer", self.config.summarizer, "summarizer")
        return summarizer

    def new_acoustic_word_judge(self) -> AcousticWordJudge:
        judge: AcousticWordJudge = _create(
            "acoustic_word_judge", self.config.acoustic_word_judge, "acoustic_word_judge"
        )
        return judge

    def new_text_encoder(self) -> TextEncoder:
        encoder: TextEncoder = _create("text_encoder", self.config.text_encoder, "text_encoder")
        return encoder

    @cached_property
    def fingerprints(self) -> dict[str, str]:
        """Of every component, under the name of its table in the configuration. Bad components are refused here."""
        return {
            "dataset": self.dataset.fingerprint,
            **{f"network.{name}": self.new_network(name).fingerprint for name in self.config.network},
            "captioner": self.new_captioner().fingerprint,
            "summarizer": self.new_summarizer().fingerprint,
            "acoustic_word_judge": self.new_acoustic_word_judge().fingerprint,
            "text_encoder": self.new_text_encoder().fingerprint,
        }


def _create(protocol: str, component: Component, where: str, **extra: Any) -> Any:
    return registry.create(protocol, component.kind, {**component.options, **extra}, where)
