"""Builds a small AST with random weights and fits it to log-mel spectrograms."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
import transformers
from torch import nn

from and_core.models.protocols import FloatArray
from precompute.training.augmentation import augment
from precompute.training.config import ModelSizes, TrainingConfig
from precompute.training.examples import Examples, Progress

WARM_UP = 0.1
"""Share of the steps in which the learning rate rises."""


def new_model(sizes: ModelSizes, class_names: Sequence[str]) -> transformers.ASTForAudioClassification:
    """An AST with random weights from torch's current random state."""
    return transformers.ASTForAudioClassification(
        transformers.ASTConfig(
            hidden_size=sizes.hidden_size,
            num_hidden_layers=sizes.blocks,
            num_attention_heads=sizes.heads,
            intermediate_size=sizes.intermediate_size,
            hidden_dropout_prob=sizes.dropout,
            num_mel_bins=sizes.mel_bins,
            max_length=sizes.frames,
            patch_size=sizes.patch,
            frequency_stride=sizes.patch,
            time_stride=sizes.patch,
            id2label=dict(enumerate(class_names)),
            label2id={name: index for index, name in enumerate(class_names)},
        )
    )


def fit(
    config: TrainingConfig, class_names: Sequence[str], examples: Examples, mean: float, std: float, progress: Progress
) -> transformers.ASTForAudioClassification:
    """Train from random weights; the same on every run with the same configuration, clips and number of threads.

    Args:
        mean, std: of the training clips' log-mel. The network reads (log-mel - mean) / (2 std), as AST's extractor
            makes it.
    """
    rng = np.random.default_rng(config.seed)
    spectrograms = (examples.spectrograms - np.float32(mean)) / np.float32(2 * std)
    one_hot = np.eye(len(class_names), dtype=np.float32)[examples.labels]
    # Dropout and initial weights draw from torch's own random state, which is given back to the caller as it was.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        model = new_model(config.model, class_names)
        batches = math.ceil(len(one_hot) / config.batch_size)
        optimizer, schedule = _optimizer(model, config, batches * config.epochs)
        loss_of = nn.CrossEntropyLoss(label_smoothing=config.label_smoothing)
        model.train()
        for epoch in range(config.epochs):
            progress("epochs trained", epoch, config.epochs)
            for batch in np.array_split(rng.permutation(len(one_hot)), batches):
                inputs, targets = augment(spectrograms[batch], one_hot[batch], config.augmentation, std, rng)
                loss = loss_of(model(torch.from_numpy(inputs)).logits, torch.from_numpy(targets))
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                schedule.step()
        progress("epochs trained", config.epochs, config.epochs)
    return model.eval()


def _optimizer(
    model: nn.Module, config: TrainingConfig, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """AdamW, without decay for biases, norms, positions and tokens; the rate warms up and then falls along a cosine."""
    groups = [
        {"params": [p for p in model.parameters() if _is_matrix(p)], "weight_decay": config.weight_decay},
        {"params": [p for p in model.parameters() if not _is_matrix(p)], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, fused=True)
    warm_up = max(1, round(WARM_UP * steps))

    def share(step: int) -> float:
        if step < warm_up:
            return (step + 1) / warm_up
        return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up)))

    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, share)


def _is_matrix(parameter: nn.Parameter) -> bool:
    """Weights of linear and convolution layers; biases and norms have one axis, tokens and positions have three."""
    return parameter.dim() in (2, 4)


def log_mel_statistics(spectrograms: FloatArray) -> tuple[float, float]:
    """Mean and standard deviation over all values, in double precision."""
    return float(spectrograms.mean(dtype=np.float64)), float(spectrograms.std(dtype=np.float64))


def right_answers(logits: FloatArray, labels: Sequence[int]) -> npt.NDArray[np.bool_]:
    """[N] whether the largest logit is that of the label."""
    right: npt.NDArray[np.bool_] = logits.argmax(axis=1) == np.asarray(labels)
    return right
