"""Names, sizes and settings of the SALMONN release (Tang et al. 2024), and what each is called here.

The released `.pth` holds only what was trained: the layer norms, the window-level Q-Former, its projection and LoRA.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SAMPLE_RATE_HZ = 16_000
SHORTEST_S, LONGEST_S = 1.0, 30.0
"""Shorter clips are padded with silence, longer ones cut."""

WINDOW_FRAMES = round(1500 * 0.333333 / 30)
"""17 of Whisper's 1500 frames of 30 s: a window of a third of a second, and the step to the next."""

QFORMER_HEADS = 12
LORA_ALPHA = 32
LORA_TARGETS = ("q_proj", "v_proj")

AUDIO_PLACE = "<SpeechHere>"
PROMPT_TEMPLATE = f"USER: <Speech>{AUDIO_PLACE}</Speech> {{}}\nASSISTANT:"
PROMPT = "Please describe the audio in detail."
"""What the paper asked (appendix A.1); SALMONN was trained with "Please describe the audio." among others."""

BEAMS, MAX_TOKENS = 4, 200

LANGUAGE_MODEL = "llama_model."
_LAYER = re.compile(r"^speech_Qformer\.bert\.encoder\.layer\.\d+\.")
_BUFFER = re.compile(r"\.rotary_emb\.inv_freq$|\.embeddings\.position_ids$")
"""Tables that every model computes for itself; training saved them along."""
_RENAMED = (
    (re.compile(r"^ln_(speech|audio)\."), r"\1_norm."),
    (re.compile(r"^speech_query_tokens$"), "query"),
    (re.compile(r"^speech_llama_proj\."), "projection."),
    (re.compile(r"^speech_Qformer\.bert\.embeddings\.LayerNorm\."), "qformer.layernorm."),
    (re.compile(r"^speech_Qformer\.bert\.(.*attention)\.self\."), r"qformer.\1.attention."),
    (re.compile(r"^speech_Qformer\.bert\."), "qformer."),
    (re.compile(r"(\.lora_[AB])\.weight$"), r"\1.default.weight"),  # as peft before 0.3 named them
)


def our_names(names: Iterable[str]) -> dict[str, str]:
    """Name here -> name in the file, of everything but tables that are computed.

    Names of the language model keep the prefix `llama_model.`, behind which they are peft's own.
    """
    ours = {}
    for name in names:
        if not _BUFFER.search(name):
            renamed = name
            for pattern, replacement in _RENAMED:
                renamed = pattern.sub(replacement, renamed)
            ours[renamed] = name
    return ours


@dataclass(frozen=True)
class Sizes:
    """Widths of a checkpoint."""

    speech_width: int
    """Of Whisper's frames."""
    audio_width: int
    """Of BEATs' tokens."""
    hidden: int
    feed_forward: int
    blocks: int
    queries: int
    """Tokens that a window becomes."""
    projected: int
    """Width of the language model."""
    lora_rank: int


def sizes_of(shapes: Mapping[str, tuple[int, ...]]) -> Sizes:
    """What the shapes of released tensors, under their released names, tell.

    Raises:
        KeyError: a tensor that tells a size is absent.
    """
    block = "speech_Qformer.bert.encoder.layer.0."
    lora = next((shape for name, shape in shapes.items() if "lora_A" in name), None)
    if lora is None:
        raise KeyError("lora_A")
    _, queries, hidden = shapes["speech_query_tokens"]
    return Sizes(
        speech_width=shapes["ln_speech.weight"][0],
        audio_width=shapes["ln_audio.weight"][0],
        hidden=hidden,
        feed_forward=shapes[f"{block}intermediate_query.dense.weight"][0],
        blocks=len({found.group() for found in map(_LAYER.match, shapes) if found}),
        queries=queries,
        projected=shapes["speech_llama_proj.weight"][0],
        lora_rank=lora[0],
    )
