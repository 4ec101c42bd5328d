"""A loaded causal language model of transformers with its tokenizer, which answers batches of conversations."""

from collections.abc import Mapping, Sequence
from typing import Any

import jinja2
import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer

from and_core.errors import LanguageModelError
from and_core.models.language_models.sampling import GumbelNoise, sampling
from and_core.models.protocols import Reply
from and_core.models.quiet import quiet_transformers

Conversation = list[dict[str, Any]]


class ChatModel:
    def __init__(
        self, path: str, revision: str | None, dtype: str, device: str, template_options: Mapping[str, Any]
    ) -> None:
        """
        Args:
            path: a folder, or a name on the Hugging Face hub.
            device: `auto` (a GPU where there is one) or one of torch's names.
            template_options: given to the chat template.

        Raises:
            LanguageModelError: it cannot be loaded without running code of its own, or has no chat template.
        """
        safely: dict[str, Any] = {"revision": revision, "trust_remote_code": False}
        try:
            with quiet_transformers():
                self._tokenizer = AutoTokenizer.from_pretrained(path, padding_side="left", **safely)
                model = AutoModelForCausalLM.from_pretrained(path, dtype=dtype, use_safetensors=True, **safely)
            self._model = model.to(_device(device)).eval()
        except (OSError, ValueError, RuntimeError, ImportError, SafetensorError) as error:
            raise LanguageModelError(
                f"The language model {path!r} cannot be loaded: {_first_line(error)}",
                "Check its files, dtype and device; weights must be safetensors.",
            ) from error
        if not self._tokenizer.chat_template:
            raise LanguageModelError(
                f"The language model {path!r} has no chat template.",
                "Use a chat model (often named -chat, -instruct or -it).",
            )
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        self._path, self._template_options = path, dict(template_options)
        self._longest = getattr(self._model.config.get_text_config(), "max_position_embeddings", None)

    @torch.inference_mode()
    def continued(
        self, conversations: Sequence[Conversation], max_tokens: int, temperature: float, seed: int
    ) -> list[Reply]:
        """A reply a conversation, drawn token by token; the likeliest token always where temperature is 0.

        Raises:
            LanguageModelError: a conversation does not fit the model.
        """
        prompts = self._prompts(conversations)
        width = prompts["input_ids"].shape[1]
        longest = max_tokens if self._longest is None else min(max_tokens, self._longest - width)
        with quiet_transformers():
            tokens = self._model.generate(
                **prompts,
                max_new_tokens=longest,
                do_sample=False,
                logits_processor=sampling(self._model.generation_config, temperature, seed),
                pad_token_id=self._tokenizer.pad_token_id,
            )
        sizes = prompts["attention_mask"].sum(1).tolist()
        return [self._reply(row, size) for row, size in zip(tokens[:, width:].tolist(), sizes, strict=True)]

    def _reply(self, tokens: list[int], prompt_tokens: int) -> Reply:
        end = next((i for i, token in enumerate(tokens) if token in self._ends), None)
        said = tokens[:end]
        text = self._tokenizer.decode(said, skip_special_tokens=True)
        return Reply(text, end is not None, prompt_tokens, len(said) + (end is not None))

    @property
    def _ends(self) -> list[int]:
        """Tokens that end a reply, the usual one first."""
        ends = self._model.generation_config.eos_token_id
        ends = ends if isinstance(ends, list) else [ends]
        return [end for end in (*ends, self._tokenizer.eos_token_id) if end is not None]

    @torch.inference_mode()
    def chosen(
        self, conversations: Sequence[Conversation], choices: Sequence[str], temperature: float, seed: int
    ) -> list[Reply]:
        """The likeliest choice a conversation; with a temperature one drawn by softmax(log-likelihood / temperature).

        Raises:
            LanguageModelError: a conversation does not fit the model.
        """
        prompts = self._prompts(conversations)
        answers = [self._tokenizer.encode(choice, add_special_tokens=False) for choice in choices]
        ratings = torch.stack([self._log_likelihood(prompts, [*answer, self._ends[0]]) for answer in answers], 1)
        if temperature > 0:
            ratings = GumbelNoise(seed)(prompts["input_ids"], ratings / temperature)
        sizes = prompts["attention_mask"].sum(1).tolist()
        return [
            Reply(choices[best], True, size, len(answers[best]) + 1)
            for best, size in zip(ratings.argmax(1).tolist(), sizes, strict=True)
        ]

    def _log_likelihood(self, prompts: Mapping[str, torch.Tensor], answer: list[int]) -> torch.Tensor:
        """[B] log-likelihood of one answer, its end included, after each prompt."""
        ids, mask = prompts["input_ids"], prompts["attention_mask"]
        said = torch.tensor(answer, device=ids.device).expand(len(ids), -1)
        whole, attended = torch.cat([ids, said], 1), torch.cat([mask, torch.ones_like(said)], 1)
        places = (attended.cumsum(1) - 1).clamp(min=0)
        # The logits of a token are given at the one before it.
        logits = self._model(
            input_ids=whole, attention_mask=attended, position_ids=places, logits_to_keep=len(answer) + 1
        ).logits[:, :-1]
        return logits.float().log_softmax(-1).gather(2, said[..., None]).sum((1, 2))

    def _prompts(self, conversations: Sequence[Conversation]) -> dict[str, torch.Tensor]:
        """Token ids and attention mask [B, tokens], padded on the left."""
        try:
            prompts = self._tokenizer.apply_chat_template(
                list(conversations),
                add_generation_prompt=True,
                padding=True,
                return_dict=True,
                return_tensors="pt",
                **self._template_options,
            )
        except (jinja2.TemplateError, ValueError) as error:
            raise LanguageModelError(
                f"The chat template of {self._path!r} does not take the conversation: {_first_line(error)}",
                "Use a chat model that knows the roles in the prompt.",
            ) from error
        longest = prompts["input_ids"].shape[1]
        if self._longest is not None and longest >= self._longest:
            raise LanguageModelError(
                f"A conversation of {longest} tokens leaves no room for a reply: {self._path!r} reads {self._longest}.",
                "Shorten the prompt (fewer captions or concepts), or use a model with a longer context.",
            )
        return {name: prompts[name].to(self._model.device) for name in ("input_ids", "attention_mask")}


def _device(name: str) -> torch.device:
    """
    Raises:
        RuntimeError: torch knows none of that name.
    """
    if name != "auto":
        return torch.device(name)
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    return accelerator or torch.device("cpu")


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
