"""The three ways to read Algorithm 1: what it counts when it says that captions have something in common.

- `clips`: at least tau of the top-K captions have a sentence in the same cluster. So section 4.5 says it, and so the
  released code counts. It is what the project goes by.
- `sentences`: at least tau sentences of the top-K captions are in the same cluster. The multisets C_i of Algorithm 1
  are added up, so that a caption counts as often as it has sentences there. Never stricter than `clips`.
- `intersection`: the multisets C_i of all K captions have at least tau members in common, as line 15 of Algorithm 1
  is printed. One caption without a cluster rules that cluster out, whatever tau is.

On the shared test vectors of the released code (29 neurons each at K = 5, 10 and 20, three tau each) `clips` gives the
released answer 261 times of 261; `sentences` gives another in 144 of them, `intersection` in 78.
"""

from typing import Literal

Reading = Literal["clips", "sentences", "intersection"]
READINGS: tuple[Reading, ...] = ("clips", "sentences", "intersection")
COLUMNS: dict[Reading, str] = {
    "clips": "shared_clips",
    "sentences": "shared_sentences",
    "intersection": "common_sentences",
}
"""Where the store keeps what each reading counts."""
