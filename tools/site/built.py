"""The built site: whether all that a page names is there, and whether a page says the same as on
the git host.

Zensical's own validation knows links from page to page; this knows whatever stands in the HTML.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tools.site.diagrams import COLOURS
from tools.site.sources import MARKDOWN, Site

COMPARED = (
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "ul",
    "ol",
    "li",
    "pre",
    "table",
    "tr",
    "blockquote",
    "img",
)
"""What Python-Markdown, which Zensical renders with, and CommonMark could read differently."""
BROUGHT = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src"}
"""Tags that a browser follows by itself, with `link`, by the attribute that it follows."""
ELSEWHERE = re.compile(r"url\(\s*['\"]?(https?:)?//|@import\s+['\"](https?:)?//")


@dataclass
class Page(HTMLParser):
    """What a page names, and what it is made of."""

    file: Path
    named: list[tuple[str, bool]] = field(default_factory=list)
    """Address, and whether the browser asks for it by itself."""
    ids: set[str] = field(default_factory=set)
    elements: Counter[str] = field(default_factory=Counter)
    """Tags inside <article>."""
    _article: int = 0

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.file.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if "id" in found:
            self.ids.add(found["id"])
        if tag == "article":
            self._article += 1
        elif self._article:
            self.elements[tag] += 1
        attribute = BROUGHT.get(tag, "href")
        if attribute in found and not found[attribute].startswith("data:"):
            self.named.append((found[attribute], tag != "a"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "article":
            self._article -= 1


def check(site: Site, made: Path) -> list[str]:
    """What is wrong with the built pages, as `file: what`."""
    pages = {file: Page(file) for file in sorted(made.rglob("*.html"))}
    findings = []
    for file, page in pages.items():
        for address, is_brought in page.named:
            if wrong := _wrong(address, is_brought, file, pages):
                findings.append(f"{file.relative_to(made).as_posix()}: {address}: {wrong}")
    for source in site.pages:
        name = source.relative_to(site.root / "docs").with_suffix(".html")
        findings += _differences(source, pages[made / name].elements, name.as_posix())
    findings += [
        f"{file.relative_to(made).as_posix()}: asks another host for a font or a picture"
        for file in sorted(made.rglob("*.css"))
        if ELSEWHERE.search(file.read_text("utf-8"))
    ]
    return findings


def _wrong(address: str, is_brought: bool, file: Path, pages: dict[Path, Page]) -> str | None:
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return "is asked of another host" if is_brought else None
    path = unquote(parts.path)
    if file.name == "404.html":  # a server shows it in any folder, so it counts from the root
        path = path.removeprefix("/")
    target = (file.parent / path).resolve() if path else file
    if not target.is_file():
        return "is not there"
    if parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids:
        return "no place on that page has this name"
    return None


def _differences(source: Path, elements: Counter[str], name: str) -> list[str]:
    html = MARKDOWN.render(source.read_text("utf-8"))
    wanted = Counter(re.findall(r"<(\w+)", html))
    diagrams = html.count('class="language-mermaid"')
    wanted["pre"] -= diagrams
    wanted["img"] += diagrams * len(COLOURS)
    return [
        f"{name}: {elements[tag]} times <{tag}>; the git host shows {wanted[tag]}: "
        "a list needs an empty line before it, and four blanks before what belongs to an item"
        for tag in COMPARED
        if elements[tag] != wanted[tag]
    ]
