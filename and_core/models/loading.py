"""Loads pretrained models of transformers: as safetensors, with not one weight missing."""

import gc
from typing import Any

import torch
from safetensors import SafetensorError

from and_core.models.model_source import ModelSource
from and_core.models.quiet import quiet_transformers


def free_memory() -> None:
    """Give what models that nobody holds any more took of a GPU back to others, which torch would keep for itself."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def pretrained(model_class: Any, source: ModelSource, **options: Any) -> Any:
    """`model_class.from_pretrained`, in evaluation mode, but nothing is made up where weights are missing.

    Raises:
        source.error: it cannot be loaded, or lacks weights.
    """
    with quiet_transformers():
        try:
            model, report = model_class.from_pretrained(
                source.location, use_safetensors=True, trust_remote_code=False, output_loading_info=True, **options
            )
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            raise source.unusable(error) from error
    missing = sorted(report["missing_keys"])
    if missing:
        raise source.error(
            f"{source.setting} = {str(source.source)!r} lacks {len(missing)} weights, {missing[0]} first.",
            "Set it to a complete model of the kind that is asked for.",
        )
    return model.eval()


def preprocessor(preprocessor_class: Any, source: ModelSource) -> Any:
    """`preprocessor_class.from_pretrained`: a tokenizer or a feature extractor.

    Raises:
        source.error: it cannot be loaded.
    """
    with quiet_transformers():
        try:
            return preprocessor_class.from_pretrained(source.location, trust_remote_code=False)
        except (OSError, ValueError, RuntimeError) as error:
            raise source.unusable(error) from error
