"""Which part of a text changed, so that a reader's eye finds it.

In: a text before and after. Out: both as a list of parts, each changed or the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

__all__ = ["Part", "difference", "folded_parts"]

LIKENESS = 0.3
"""Below this share of common words two texts are two texts, and marks would only litter them."""
MOST_COMPARISONS = 4_000_000
"""Words before times words after; beyond it the middle is marked whole: comparing is quadratic."""

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True)
class Part:
    """A stretch of a text."""

    text: str
    changed: bool


def difference(before: str, after: str) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Both texts in parts, compared word by word. Texts with little in common have no mark."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    old_middle, new_middle = old[head : len(old) - tail], new[head : len(new) - tail]

    stretches: list[tuple[bool, str, str]] = []  # changed, before, after
    if head:
        stretches.append((False, "".join(old[:head]), "".join(new[:head])))
    if len(old_middle) * len(new_middle) > MOST_COMPARISONS:
        stretches.append((True, "".join(old_middle), "".join(new_middle)))
    elif old_middle or new_middle:
        matcher = SequenceMatcher(None, old_middle, new_middle, autojunk=False)
        for tag, a, b, c, d in matcher.get_opcodes():
            texts = "".join(old_middle[a:b]), "".join(new_middle[c:d])
            stretches.append((tag != "equal", *texts))
    if tail:
        stretches.append((False, "".join(old[-tail:]), "".join(new[-tail:])))

    same = sum(len(a.strip()) for changed, a, _ in stretches if not changed)
    if same < LIKENESS * max(len(before), len(after)):
        return (Part(before, False),), (Part(after, False),)
    stretches = _without_lonely_blanks(stretches)
    return (
        tuple(Part(a, changed) for changed, a, _ in stretches if a),
        tuple(Part(b, changed) for changed, _, b in stretches if b),
    )


def folded_parts(
    parts: tuple[Part, ...], around: int = 40, most: int = 300, ellipsis: str = " … "
) -> tuple[Part, ...]:
    """The parts with long unchanged stretches shortened to what stands around a change."""
    if len(parts) == 1:
        return (Part(_shortened(parts[0].text, most, 0, ellipsis), parts[0].changed),)
    folded: list[Part] = []
    for index, part in enumerate(parts):
        if part.changed:
            head, tail = most // 2, most // 2
        else:
            head = 0 if index == 0 else around
            tail = 0 if index == len(parts) - 1 else around
        folded.append(Part(_shortened(part.text, head, tail, ellipsis), part.changed))
    return tuple(folded)


def _shortened(text: str, head: int, tail: int, ellipsis: str) -> str:
    """The first and last characters of a text, cut between words where one ends nearby."""
    if len(text) <= head + tail + 20:
        return text
    start = text[:head]
    if head:
        start = start[: start.rfind(" ", head - head // 4)] if " " in start[-head // 4 :] else start
        start = start.rstrip() + ellipsis
    else:
        start = ellipsis.lstrip()
    end = text[len(text) - tail :] if tail else ""
    if (blank := end.find(" ", 0, tail // 4)) != -1:
        end = end[blank:].lstrip()
    return start + end


def _common(a: list[str], b: list[str]) -> int:
    count = 0
    for left, right in zip(a, b, strict=False):
        if left != right:
            break
        count += 1
    return count


def _without_lonely_blanks(stretches: list[tuple[bool, str, str]]) -> list[tuple[bool, str, str]]:
    """Adjacent changes as one, also where only a blank stands between them."""
    joined: list[tuple[bool, str, str]] = []
    last = len(stretches) - 1
    for index, (changed, before, after) in enumerate(stretches):
        is_blank_between = not changed and not before.strip() and 0 < index < last
        is_change = changed or is_blank_between
        if joined and joined[-1][0] == is_change:
            _, a, b = joined[-1]
            joined[-1] = (is_change, a + before, b + after)
        else:
            joined.append((is_change, before, after))
    return joined
