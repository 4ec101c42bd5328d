"""Reads the spelling of a selection."""

import json
import re
from collections.abc import Iterator

from and_core.algorithms.ablation.selection import (
    CONCEPT_STRATEGIES,
    RANKING_STRATEGIES,
    Combined,
    Limited,
    Matched,
    Picked,
    Selection,
    Term,
)
from and_core.errors import SelectionError
from and_core.models.registry import nearest

TOKEN = re.compile(r"""\s*(?:([()])|((?:[^\s()"]|"(?:[^"\\]|\\.)*")+)|(\S))""")
"""A bracket; or a word, in which a quoted part may hold anything; or what cannot be read."""
CLAUSES = ("in", "first", "seed")
"""In the order in which one `Limited` applies them."""
PLACE = re.compile(r"depth:\d+(-\d+)?|[\w*.]+")
DEEPEST = 50
"""Brackets in brackets: a permalink may come from anybody."""
LONGEST = 500_000
"""Characters: enough for every neuron of the paper's networks, each on its own."""
MOST_PICKED = 1_000_000
EXAMPLE = "Write it like: open_concept:dog + adjective:loud in layer3_output,depth:5-6 first 200"


def parse(text: str) -> Selection:
    """Read a selection; `str` writes it again.

    Raises:
        SelectionError: it cannot be read, or names a strategy that does not exist.
    """
    if len(text) > LONGEST:
        raise SelectionError(f"A selection of {len(text):,} characters is too long.", f"At most {LONGEST:,} are read.")
    reader = _Reader(text)
    selection = reader.selection(depth=0)
    if reader.token is not None:
        raise reader.error(f"{reader.token!r} is one too many")
    return selection


class _Reader:
    """Reads tokens from left to right; `token` is the one that comes next."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = self._cut(text)
        self.token: str | None = next(self._tokens, None)

    def _cut(self, text: str) -> Iterator[str]:
        for bracket, word, unreadable in TOKEN.findall(text):
            if unreadable:
                raise self.error("a quotation mark has no partner")
            yield bracket or word

    def error(self, what: str) -> SelectionError:
        shown = self.text if len(self.text) <= 80 else f"{self.text[:77]}..."
        return SelectionError(f"The selection {shown!r} cannot be read: {what}.", EXAMPLE)

    def take(self) -> str:
        token = self.token
        if token is None:
            raise self.error("it ends too early" if self.text.strip() else "it is empty")
        self.token = next(self._tokens, None)
        return token

    def selection(self, depth: int) -> Selection:
        """Terms joined by + and -, then clauses."""
        if depth > DEEPEST:
            raise self.error("too many brackets stand in each other")
        found = self.term(depth)
        while self.token in ("+", "-"):
            operator = self.take()
            found = Combined(found, operator, self.term(depth))
        reached = len(CLAUSES)
        while self.token in CLAUSES:
            clause = self.take()
            place = CLAUSES.index(clause)
            limited = found if isinstance(found, Limited) and place > reached else Limited(found)
            found = self.with_clause(limited, clause, self.take())
            reached = place
        return found

    def with_clause(self, limited: Limited, clause: str, value: str) -> Limited:
        of, places, first, percent, seed = limited.of, limited.places, limited.first, limited.percent, limited.seed
        if clause == "in":
            places = tuple(value.split(","))
            wrong = [place for place in places if not PLACE.fullmatch(place)]
            if wrong:
                raise self.error(f"{wrong[0]!r} is neither a layer's name nor a depth such as depth:3 or depth:3-5")
        elif clause == "first" and value.endswith("%"):
            percent = self.share(value)
        else:
            number = self.number(clause, value)
            first, seed = (number, seed) if clause == "first" else (first, number)
        return Limited(of, places, first, percent, seed)

    def share(self, value: str) -> float:
        if not re.fullmatch(r"\d{1,3}(\.\d{1,6})?%", value) or float(value[:-1]) > 100:
            raise self.error(f"first {value!r} is no share between 0% and 100%")
        return float(value[:-1])

    def number(self, clause: str, value: str) -> int:
        if not re.fullmatch(r"\d{1,9}", value):
            raise self.error(f"{clause} {value!r} is not a whole number")
        return int(value)

    def term(self, depth: int) -> Selection:
        word = self.take()
        if word == "(":
            return self.closed(depth)
        if word in (")", "+", "-"):
            raise self.error(f"a strategy should stand before {word!r}")
        if word == "random" and self.token == "(":
            self.take()
            return Matched(self.closed(depth))
        strategy, colon, concept = word.partition(":")
        if strategy == "neurons":
            return Picked(tuple(self.neurons(concept)))
        if strategy not in {*CONCEPT_STRATEGIES, *RANKING_STRATEGIES}:
            raise SelectionError(
                f"There is no strategy {strategy!r}.",
                nearest(strategy, [*CONCEPT_STRATEGIES, *RANKING_STRATEGIES, "neurons"]),
            )
        if (strategy in CONCEPT_STRATEGIES) != bool(concept):
            raise self.error(f"{strategy} needs a concept: {strategy}:dog" if not concept else f"{strategy} takes none")
        return Term(strategy, self.unquoted(concept) if colon else None)

    def closed(self, depth: int) -> Selection:
        inner = self.selection(depth + 1)
        if self.take() != ")":
            raise self.error("a bracket is not closed")
        return inner

    def unquoted(self, concept: str) -> str:
        if '"' not in concept:
            return concept
        try:
            text = json.loads(concept)
        except ValueError as error:
            raise self.error(f"{concept} is not a quoted concept") from error
        return str(text)

    def neurons(self, items: str) -> Iterator[tuple[str, int]]:
        layer, count = "", 0
        for item in items.split(","):
            found = re.fullmatch(r"(?:([\w.]+)#)?(\d{1,9})(?:-(\d{1,9}))?", item)
            layer = (found and found[1]) or layer
            if not found or not layer:
                raise self.error(f"{item!r} is not a neuron such as layer3_output#42")
            first, last = int(found[2]), int(found[3] or found[2])
            count += max(0, last - first + 1)
            if last < first or count > MOST_PICKED:
                raise self.error(f"{item!r} counts backwards" if last < first else "it picks too many neurons")
            yield from ((layer, position) for position in range(first, last + 1))
