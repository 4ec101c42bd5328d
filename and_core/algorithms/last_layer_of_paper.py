"""The paper's own figures of last-layer dissection (Table 7; Table 2 is the best of each method), to stand beside ours.

They are of other networks: AST and two BEATs on ESC-50, 50 output neurons, with captions by SALMONN, concepts and
captions embedded by CLIP, and Llama-2-chat-13B for ICL.
"""

from dataclasses import dataclass

NETWORKS = ("AST", "BEATs-finetuned", "BEATs-frozen")
METHOD_NAMES = {"description_based": "DB", "text_audio_based": "TAB", "in_context": "ICL"}
"""Our methods as the paper calls them."""


@dataclass(frozen=True)
class PaperScore:
    """One cell of Table 7."""

    top1: float
    """0..1"""
    top5: float
    cosine: float
    """By CLIP."""

    def __str__(self) -> str:
        """As the paper prints it, in percent: 92 / 98 / 0.97"""
        return f"{100 * self.top1:.0f} / {100 * self.top5:.0f} / {self.cosine:.2f}"


def paper_scores(method: str, similarity: str | None) -> dict[str, PaperScore]:
    """Network of the paper -> its scores by that method and function; empty where the paper has none."""
    printed = TABLE_7.get((method, similarity), ())
    return {
        network: PaperScore(top1 / 100, top5 / 100, cosine)
        for network, (top1, top5, cosine) in zip(NETWORKS, printed, strict=False)
    }


TABLE_7: dict[tuple[str, str | None], tuple[tuple[float, float, float], ...]] = {
    ("in_context", None): ((72, 60, 0.83), (52, 56, 0.68), (16, 16, 0.37)),
    ("text_audio_based", "cos"): ((2, 16, 0.23), (50, 80, 0.64), (14, 34, 0.35)),
    ("text_audio_based", "cos_cubed"): ((92, 98, 0.97), (66, 94, 0.77), (38, 76, 0.56)),
    ("text_audio_based", "rank_reorder"): ((84, 92, 0.91), (52, 80, 0.67), (18, 48, 0.42)),
    ("text_audio_based", "wpmi"): ((96, 100, 0.98), (68, 94, 0.77), (46, 72, 0.60)),
    ("text_audio_based", "soft_wpmi"): ((96, 98, 0.98), (74, 92, 0.82), (42, 80, 0.60)),
    ("description_based", "cos"): ((80, 82, 0.85), (76, 100, 0.83), (58, 82, 0.69)),
    ("description_based", "cos_cubed"): ((100, 100, 1.00), (74, 96, 0.82), (46, 82, 0.62)),
    ("description_based", "rank_reorder"): ((86, 100, 0.93), (56, 90, 0.71), (36, 72, 0.56)),
    ("description_based", "wpmi"): ((88, 100, 0.95), (62, 94, 0.75), (34, 68, 0.53)),
    ("description_based", "soft_wpmi"): ((2, 10, 0.24), (2, 10, 0.23), (2, 10, 0.23)),
}
"""Top-1 and top-5 in percent, and the cosine, in the order of NETWORKS."""
