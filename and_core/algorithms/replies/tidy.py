"""Take off what is no answer in any reply: thinking, marks of chat templates, code fences, tables, endless loops."""

import re

THINKING = re.compile(r"<(think|thinking|reasoning)>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
UNOPENED_THINKING = re.compile(r"\A.*</(?:think|thinking|reasoning)>", re.DOTALL | re.IGNORECASE)
"""Some chat templates open the thinking themselves, so that a reply holds only its end."""
TEMPLATE_MARK = re.compile(
    r"<\|[^|<>\n]{1,40}\|>|</?s>|<(?:pad|unk|bos|eos)>|<(?:start|end)_of_turn>|\[/?INST\]|<</?SYS>>", re.IGNORECASE
)
NEXT_TURN = re.compile(r"\n(?:#+ *)?(?:user|human|instruction|system)\s*:.*\Z", re.DOTALL | re.IGNORECASE)
"""A model that does not stop plays the next turn too."""
SPEAKER = re.compile(r"\A\s*(?:#+\s*)?(?:assistant|response|model|output)\s*:\s*", re.IGNORECASE)
CODE_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[\w-]*$\n?", re.MULTILINE)
MANY_SIGNS = re.compile(r"([^\w\s])\1{3,}")
MANY_LINES = re.compile(r"\n{3,}")
LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
TABLE_HEAD = re.compile(r"^[ \t]*\|.+\|\n(?=[ \t]*\|[ |:-]+\|$)", re.MULTILINE)
TABLE_ROW = re.compile(r"^[ \t]*\|(.+)\|$", re.MULTILINE)
TABLE_RULE = re.compile(r"[\s|:-]*")
TOKEN = re.compile(r"\w+|[^\w\s]")
LONGEST_PERIOD = 60
"""Tokens of what a model may say again and again."""
FEWEST_LOOPED = 9
"""Tokens that a loop covers at least: "very very very" is none."""
TAIL = 8
"""Characters at the end of a loop that stand in each of its rounds; looking for them first is quick."""


def tidy(reply: str) -> str:
    """The reply without thinking, template marks, code fences, a table's rules, and what it repeats until its end."""
    text = TEMPLATE_MARK.sub("", UNOPENED_THINKING.sub("", THINKING.sub("", reply)))
    text = LINE_BREAK.sub("\n", MANY_SIGNS.sub(r"\1\1\1", text)).replace("\N{NO-BREAK SPACE}", " ")
    text = MANY_LINES.sub("\n\n", "\n".join(line.rstrip() for line in text.splitlines()))
    text = CODE_FENCE.sub("", SPEAKER.sub("", NEXT_TURN.sub("", text)))
    return without_loop(TABLE_ROW.sub(_as_point, TABLE_HEAD.sub("", text))).strip()


def _as_point(row: re.Match[str]) -> str:
    """`| Loudness | All are loud. |` as a point of a list; empty for the rule under a table's head."""
    cells = [cell.strip() for cell in row[1].split("|")]
    return "" if TABLE_RULE.fullmatch(row[1]) else f"- {': '.join(cell for cell in cells if cell)}"


def without_loop(text: str) -> str:
    """Where a text ends in the same words three times or more, keep them once; case and last full stop aside.

    The released code looks for any eight tokens that stand twice, which many honest lists have ("All of the clips
    contain the sound of a ..."), and then keeps the first sentence only.
    """
    end = text.rstrip(" \n.!?,;:").lower()
    if end.count(end[-TAIL:]) < 3:
        return text
    tokens = [(match[0].lower(), match.end()) for match in TOKEN.finditer(text)]
    while tokens and not tokens[-1][0].isalnum():
        tokens.pop()
    words = [token for token, _ in tokens]
    for period in range(1, min(LONGEST_PERIOD, len(words) // 3) + 1):
        repeats, block = 1, words[-period:]
        while words[-(repeats + 1) * period : -repeats * period] == block:
            repeats += 1
        if repeats >= 3 and repeats * period >= FEWEST_LOOPED:
            return text[: tokens[-(repeats - 1) * period - 1][1]]
    return text
