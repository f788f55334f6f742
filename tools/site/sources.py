"""The pages as they lie in the repository, where the git host shows them, too.

What is checked here is what both must have: links that lead somewhere, anchors by the git host's
rule, pictures with words for those who do not see them, every page in the navigation.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
BESIDE = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
"""Pages that only the git host shows."""
ALIKE = frozenset({"<code>", "</code>"})
"""For code with a bar in a table: `\\|` in a code span is shown with its backslash on the site."""


@dataclass(frozen=True)
class Site:
    """The repository's Markdown, and the order of the site's pages."""

    root: Path
    navigation: tuple[str, ...]
    """Paths in docs/."""
    pages: tuple[Path, ...]
    """All in docs/."""


@dataclass(frozen=True)
class Link:
    """Where a link or picture leads, and the line of its block."""

    target: str
    line: int
    words: str
    is_picture: bool


def read_site(root: Path) -> Site:
    """The site that zensical.toml and docs/ describe."""
    project = tomllib.loads((root / "zensical.toml").read_text("utf-8"))["project"]
    pages = sorted((root / project["docs_dir"]).rglob("*.md"))
    return Site(root, tuple(_entries(project["nav"])), tuple(pages))


def check(site: Site) -> list[str]:
    """What is wrong, as `file:line: what`."""
    docs = site.root / "docs"
    there = {page.relative_to(docs).as_posix() for page in site.pages}
    findings = [
        f"docs/{page}:1: no entry in zensical.toml's nav leads here"
        for page in sorted(there - set(site.navigation))
    ]
    findings += [
        f"zensical.toml: nav names docs/{page}, which is not there"
        for page in site.navigation
        if page not in there
    ]
    for page in (*site.pages, *(site.root / name for name in BESIDE)):
        inside = docs if page in site.pages else site.root
        where = page.relative_to(site.root).as_posix()
        tokens = MARKDOWN.parse(page.read_text("utf-8"))
        for link in links(tokens):
            if wrong := _wrong(link, page, inside):
                findings.append(f"{where}:{link.line}: {link.target}: {wrong}")
        findings += [
            f"{where}:{line}: {html}: raw HTML; the site and the git host show it differently"
            for line, html in raw_html(tokens)
        ]
    return findings


def links(tokens: Iterable[Token]) -> Iterator[Link]:
    """Every link and picture of a page."""
    for block in tokens:
        line = (block.map or [0])[0] + 1
        for token in block.children or ():
            if token.type == "link_open":
                yield Link(str(token.attrGet("href")), line, "", False)
            elif token.type == "image":
                yield Link(str(token.attrGet("src")), line, token.content, True)


def raw_html(tokens: Iterable[Token]) -> Iterator[tuple[int, str]]:
    """Line and text of every tag that both would not show alike: comments and code do."""
    for block in tokens:
        for token in (block, *(block.children or ())):
            if token.type not in ("html_block", "html_inline"):
                continue
            if not token.content.startswith("<!--") and token.content not in ALIKE:
                yield (block.map or [0])[0] + 1, token.content.strip()


def anchors(page: Path) -> set[str]:
    """The anchors that a git host gives a page: of its headings."""
    seen: dict[str, int] = {}
    found = set()
    tokens = MARKDOWN.parse(page.read_text("utf-8"))
    for number, token in enumerate(tokens):
        if token.type == "heading_open":
            slug = _slug(tokens[number + 1])
            count = seen[slug] = seen.get(slug, -1) + 1
            found.add(f"{slug}-{count}" if count else slug)
    return found


def _slug(heading: Token) -> str:
    words = "".join(
        token.content for token in heading.children or () if token.type in ("text", "code_inline")
    )
    return re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")


def _wrong(link: Link, page: Path, inside: Path) -> str | None:
    if link.is_picture and not link.words.strip():
        return "a picture without words in its brackets"
    try:
        parts = urlsplit(link.target)
    except ValueError:
        return "not an address"
    if parts.scheme or parts.netloc:
        if link.is_picture:
            return "a picture that is asked of another host"
        is_whole = parts.scheme == "https" and "." in (parts.hostname or "")
        return None if is_whole else "an address outside begins with https:// and a host"
    if parts.query or parts.path.startswith("/"):
        return "a link inside is relative and has no query"
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not target.is_relative_to(inside.resolve()):
        return f"leads out of {inside.name}/, which the site has not"
    if not target.exists():
        return "is not there"
    if parts.fragment and (target.suffix != ".md" or parts.fragment not in anchors(target)):
        return "no heading of that page has this anchor"
    return None


def _entries(navigation: Iterable[object]) -> Iterator[str]:
    """The pages of a nav, in order: each entry is a path, or a title with a path or entries."""
    for entry in navigation:
        if isinstance(entry, dict):
            for below in entry.values():
                yield from _entries(below if isinstance(below, list) else [below])
        else:
            yield str(entry)
