"""The released SALMONN checkpoint: read without running code, and put where its names belong."""

from dataclasses import dataclass
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn

from and_core.errors import CaptionerError, NetworkError
from and_core.models.captioners.salmonn.released import LANGUAGE_MODEL, LORA_TARGETS, Sizes, our_names, sizes_of
from and_core.models.captioners.salmonn.window_qformer import WindowQFormer
from and_core.models.networks.beats.files import read_tensors

SHOWN = 3


@dataclass(frozen=True)
class SalmonnCheckpoint:
    """What was trained: the audio path behind the encoders, and LoRA."""

    file: Path
    sizes: Sizes
    tensors: dict[str, torch.Tensor]
    """Under the names of here."""

    @classmethod
    def open(cls, file: Path) -> "SalmonnCheckpoint":
        """
        Raises:
            CaptionerError: it is damaged, would run code, or is no checkpoint of SALMONN.
        """
        try:
            tensors = read_tensors(file)
        except NetworkError as error:
            raise CaptionerError(error.what, error.remedy) from error
        try:
            sizes = sizes_of({name: tuple(tensor.shape) for name, tensor in tensors.items()})
        except (KeyError, IndexError, ValueError) as error:
            raise CaptionerError(
                f"{file} is no checkpoint of SALMONN: it has no tensor {error} as the release has.",
                'Set captioner.checkpoint to the released .pth, which holds {"model": tensors by name}.',
            ) from error
        return cls(file, sizes, {ours: tensors[name].float() for ours, name in our_names(tensors).items()})

    def fusion(self) -> WindowQFormer:
        """The window-level Q-Former with its weights, on the CPU."""
        fusion = WindowQFormer(self.sizes)
        self._fill(fusion, {name: name for name in fusion.state_dict()}, set(self._names(language_model=False)))
        return fusion.eval()

    def with_lora(self, language_model: nn.Module, alpha: int) -> PeftModel:
        """The language model with its LoRA weights beside it."""
        config = LoraConfig(
            task_type="CAUSAL_LM",
            inference_mode=True,
            r=self.sizes.lora_rank,
            lora_alpha=alpha,
            target_modules=list(LORA_TARGETS),
        )
        adapted = get_peft_model(language_model, config)
        places = {LANGUAGE_MODEL + name: name for name in adapted.state_dict() if ".lora_" in name}
        self._fill(adapted, places, set(self._names(language_model=True)))
        return adapted.eval()

    def _names(self, language_model: bool) -> list[str]:
        return [name for name in self.tensors if name.startswith(LANGUAGE_MODEL) == language_model]

    def _fill(self, module: nn.Module, places: dict[str, str], given: set[str]) -> None:
        """Copy tensors to their places {name here: name in `module`}, if each has one and each place gets one."""
        state = module.state_dict()
        problems = {
            "lacks": places.keys() - given,
            "has besides": given - places.keys(),
            "has in another shape": {
                name for name in places.keys() & given if self.tensors[name].shape != state[places[name]].shape
            },
        }
        for problem, names in problems.items():
            if names:
                more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
                raise CaptionerError(
                    f"{self.file} {problem} {', '.join(sorted(names)[:SHOWN])}{more}.",
                    "Set captioner.vicuna to the language model that this checkpoint was trained with.",
                )
        module.load_state_dict({places[name]: self.tensors[name] for name in places}, strict=False)
