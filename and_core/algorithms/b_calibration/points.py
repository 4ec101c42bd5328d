"""Cut a summary into its points, whatever style the summarizer replied in ("each mentioned point p", section 3.4)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

NUMBER = r"\(?\d{1,2}[.):](?!\d)\)?"
BULLET = r"[-*•–—·▪●◦‣+]"
MARKED_LINE = re.compile(rf"^(?P<indent>\s*)(?P<marker>{NUMBER}|{BULLET})\s+(?P<text>\S.*)$")
INLINE_BULLET = re.compile(r"(?<=[.!?:])\s+(?=[*•▪●◦‣]\s+\S)")
INLINE_NUMBER = re.compile(r"(?<=[.!?:;])\s+(?=\(?(?P<number>\d{1,2})[.)]\s+\S)")
MARKDOWN = re.compile(r"\*(?:\*|(?<!\w\*)(?=\S)|(?<=\S\*)(?!\w))|__|`")
MARKDOWN_LINE = re.compile(r"^\s*(?:#+|>)\s+", re.MULTILINE)

SENTENCE_END = re.compile(r"[.!?]+[\"')\]”’]*\s+(?=\S)")
ABBREVIATIONS = frozenset(
    (
        "e.g.",
        "i.e.",
        "eg.",
        "ie.",
        "vs.",
        "cf.",
        "ca.",
        "approx.",
        "incl.",
        "esp.",
        "resp.",
        "fig.",
        "mr.",
        "mrs.",
        "dr.",
    )
)
"""A full stop after these ends no sentence."""

GREETING = re.compile(
    r"^(?:sure(?: thing)?|certainly|of course|absolutely|definitely|okay|ok|hello|hi|hey|great|thanks|thank you)"
    r"(?: there)?\s*[!,.:]+\s*",
    re.IGNORECASE,
)
LEAD_IN = re.compile(
    r"^(?:(?:so|now),? )?(?:here(?: are|'s| is)|below (?:are|is)|these are|the following|based on"
    r"|after (?:listening|analy[sz]ing|reviewing))\b"
    r".*\b(?:commonalit|similarit|characteristic|feature|point|list|summar|description|observation|trait|share)",
    re.IGNORECASE,
)
TALK = re.compile(
    r"^(?:i|i'm|i'd|i'll|i've|as an ai|as a language model)\b"
    r"|\b(?:i|we) hope\b|^hope (?:this|that|it|these)\b|\blet me know\b|\bfeel free\b"
    r"|\b(?:happy|glad|here) to help\b|\bwould you like\b|\bcan i help\b|\banything else\b"
    r"|^please (?:note|let|provide|tell|feel|keep)\b|^(?:if|do) you (?:have|need|want|would)\b"
    r"|^(?:you're|you are) welcome\b",
    re.IGNORECASE,
)
TALK_HINTS = ("hope", "let me", "feel free", "to help", "would you", "can i help", "else", "please", "you", "as a")
"""Each way to talk that does not begin with I has one of them; looking for them first is quick."""
CLOSING = re.compile(
    r"^(?:overall|in (?:summary|conclusion|short|sum)|to (?:summari[sz]e|sum up|conclude)|in general|all in all),",
    re.IGNORECASE,
)
NO_ANSWER = re.compile(
    r"^(?:none|nothing|n/a|na|null)[.!]?$"
    r"|\b(?:no|any) (?:clear |obvious |apparent |notable |significant )?(?:commonalit|similarit)",
    re.IGNORECASE,
)


@dataclass
class _Item:
    """One point while it is being put together."""

    text: str
    marker: str
    """What the line began with, digits as "1"; empty for a line of prose."""
    indent: int


def points(summary: str) -> list[str]:
    """Split a summary into its points, in order.

    Numbered lists ("1.", "1)", "(1)"), bulleted lists ("-", "*", "•") and plain prose are understood, also when a list
    runs on in one line. An item of a list is one point with all its sentences ("Title: text" stays whole); of prose,
    every sentence is. Markdown is taken off. What a chat model says around its answer (greetings, "Here are the
    commonalities ...", "Overall, ...", "I hope this helps") and "there are no commonalities" are left out.

    Returns:
        Points without markers, white space collapsed; empty where nothing was said.
    """
    found: list[str] = []
    for item in _under_their_titles(_items(_one_item_a_line(_without_markdown(summary)))):
        said = [clean for sentence in sentences(item.text) if (clean := _without_chatter(sentence, item))]
        found += [" ".join(said)] if item.marker and said else said
    return found


def _without_markdown(text: str) -> str:
    return MARKDOWN.sub("", MARKDOWN_LINE.sub("", text) if "#" in text or ">" in text else text)


def _one_item_a_line(text: str) -> str:
    """Break the line before each further item of a list that runs on in one line."""
    text = INLINE_BULLET.sub("\n", text)
    first = re.match(r"\s*\(?(\d{1,2})[.)]\s", text)
    expected = int(first[1]) + 1 if first else 1

    def break_if_next(match: re.Match[str]) -> str:
        nonlocal expected
        if int(match["number"]) != expected:
            return match[0]
        expected += 1
        return "\n"

    return "\n".join(
        INLINE_NUMBER.sub(break_if_next, line) if INLINE_NUMBER.search(line) else line for line in text.splitlines()
    )


def _items(text: str) -> Iterator[_Item]:
    """Gather lines into items; an unmarked line may go on with the item above unless a blank line is between them."""
    current: _Item | None = None
    for line in text.splitlines():
        marked = MARKED_LINE.match(line)
        if not marked and line.strip() and current is not None and _goes_on(current, line):
            current.text += _joint(current.text, line.strip()) + line.strip()
            continue
        if current is not None:
            yield current
            current = None
        if marked:
            current = _Item(marked["text"].strip(), re.sub(r"\d+", "1", marked["marker"]), len(marked["indent"]))
        elif line.strip():
            current = _Item(line.strip(), "", len(line) - len(line.lstrip()))
    if current is not None:
        yield current


def _goes_on(item: _Item, line: str) -> bool:
    """Whether an unmarked line belongs to the item above: to prose as it runs on, to a list unless it is talk."""
    if not item.marker:
        return not item.text.endswith((".", "!", "?", ":")) and not line.strip()[0].isupper()
    return not (CLOSING.match(line.strip()) or _is_talk(line.strip()))


def _joint(text: str, line: str) -> str:
    """A title on a line of its own ("1. Loudness") is joined to the sentence under it as "Loudness: ..."."""
    return ": " if text[-1].isalnum() and line[0].isupper() else " "


def _under_their_titles(items: Iterator[_Item]) -> Iterator[_Item]:
    """Turn an item that is only a title ("Loudness:") with items below it into "Loudness: text" for each of them."""
    title: _Item | None = None
    for item in items:
        if title is not None and item.marker and (item.indent > title.indent or item.marker != title.marker):
            yield _Item(f"{title.text} {item.text}", item.marker, item.indent)
            continue
        title = item if item.marker and item.text.endswith(":") else None
        if title is None:
            yield item


def sentences(text: str) -> Iterator[str]:
    """Cut prose after each sentence; not after an abbreviation, an initial or a number that begins an item."""
    start = 0
    for end in SENTENCE_END.finditer(text):
        last_word = text[start : end.end()].split()[-1].strip("\"'()[]”’").lower()
        if last_word in ABBREVIATIONS or re.fullmatch(r"(?:\w\.)+|\d+\.", last_word):
            continue
        yield text[start : end.end()].strip()
        start = end.end()
    if text[start:].strip():
        yield text[start:].strip()


def _is_talk(sentence: str) -> bool:
    lower = sentence.lower()
    return (lower[:1] == "i" or any(hint in lower for hint in TALK_HINTS)) and TALK.search(sentence) is not None


def _without_chatter(sentence: str, item: _Item) -> str:
    """The sentence without a greeting before it; empty if it is talk to the reader and not about the clips."""
    sentence = " ".join(GREETING.sub("", sentence.replace("’", "'")).split())
    is_lead_in = LEAD_IN.match(sentence) or (not item.marker and sentence.endswith(":"))
    opens_item = bool(item.marker) and item.text.startswith(sentence[:20])
    is_closing = CLOSING.match(sentence) and not opens_item  # "3. Overall, the clips are loud" is a point of its own
    if is_lead_in or is_closing or _is_talk(sentence) or NO_ANSWER.search(sentence):
        return ""
    return sentence if re.search(r"\w", sentence) else ""
