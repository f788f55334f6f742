"""The one comparison of an answer with its recording: keys and their order, kinds, texts."""

import json
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from xml.etree import ElementTree


def read(path: Path, names: Mapping[str, str] | None = None) -> Any:
    """A recorded body as data; ``names`` are replaced in its text: theirs by ours."""
    return parsed(replaced(path.read_text(encoding="utf-8"), names or {}))


def replaced(text: str, names: Mapping[str, str]) -> str:
    for theirs, ours in names.items():
        text = text.replace(theirs, ours)
    return text


def parsed(text: str) -> Any:
    """The data of a JSON or XML body. An element is its text, or its children by qualified name,
    the second of a name as ``name.1``."""
    if text.lstrip().startswith("<"):
        root = ElementTree.fromstring(text)  # noqa: S314 - a recording, or the local org's answer
        return {root.tag: _content(root)}
    return json.loads(text)


def _content(element: ElementTree.Element) -> Any:
    if not len(element):
        return (element.text or "").strip()
    children: dict[str, Any] = {}
    for child in element:
        earlier = sum(re.sub(r"\.\d+$", "", each) == child.tag for each in children)
        children[f"{child.tag}.{earlier}" if earlier else child.tag] = _content(child)
    return children


def differences(
    ours: Any, theirs: Any, own: Mapping[str, str] | None = None, at: str = ""
) -> Iterator[str]:
    """Where two bodies differ: ``PATH``, or ``+PATH`` and ``-PATH`` of what only ours or only
    theirs has, or ``order PATH`` of keys in another order.

    A path is keys and indexes with slashes between. ``own`` gives patterns of paths whose values
    are each org's own (Ids, times, addresses) and the regular expression that the values of both
    must match whole; their kinds are compared like all others.
    """
    if type(ours) is not type(theirs):
        yield at
    elif isinstance(ours, dict):
        yield from (f"+{_below(at, key)}" for key in ours if key not in theirs)
        yield from (f"-{_below(at, key)}" for key in theirs if key not in ours)
        both = [key for key in theirs if key in ours]
        if [key for key in ours if key in theirs] != both:
            yield f"order {at}"
        for key in both:
            yield from differences(ours[key], theirs[key], own, _below(at, key))
    elif isinstance(ours, list):
        for n in range(min(len(ours), len(theirs))):
            yield from differences(ours[n], theirs[n], own, _below(at, n))
        yield from (f"+{_below(at, n)}" for n in range(len(theirs), len(ours)))
        yield from (f"-{_below(at, n)}" for n in range(len(ours), len(theirs)))
    else:
        form = next((f for pattern, f in (own or {}).items() if fnmatchcase(at, pattern)), None)
        if form is None:
            agree = ours == theirs
        else:
            agree = all(re.fullmatch(form, str(value)) for value in (ours, theirs))
        if not agree:
            yield at


def _below(at: str, key: str | int) -> str:
    return f"{at}/{key}" if at else str(key)


def unexplained(found: list[str], reasons: Mapping[str, str]) -> list[str]:
    """The differences that no pattern of ``reasons`` covers, and the patterns that cover none."""
    bare = [each for each in found if not any(fnmatchcase(each, p) for p in reasons)]
    stale = [p for p in reasons if not any(fnmatchcase(each, p) for each in found)]
    return [*bare, *(f"no such difference any more: {pattern}" for pattern in stale)]
