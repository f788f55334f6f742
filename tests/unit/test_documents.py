"""The pages in docs/ and beside it, as the git host shows them. The site made of them:
`tools.site` in CI, and tests/browser/test_site.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.site import sources

ROOT = Path(__file__).parents[2]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A small one, in order."""
    (tmp_path / "docs" / "how-to").mkdir(parents=True)
    (tmp_path / "zensical.toml").write_text(
        '[project]\ndocs_dir = "docs"\n'
        'nav = [{ "Start" = "index.md" }, { "How to" = [{ "Do" = "how-to/do.md" }] }]\n',
        "utf-8",
    )
    (tmp_path / "docs" / "index.md").write_text("# Start\n\n[do](how-to/do.md#do-it-2)\n", "utf-8")
    (tmp_path / "docs" / "how-to" / "do.md").write_text("# Do\n\n## `Do` it (2)\n", "utf-8")
    for name in sources.BESIDE:
        (tmp_path / name).write_text("# A page\n\n[docs](docs/index.md)\n", "utf-8")
    return tmp_path


def test_every_page_is_in_the_navigation_and_every_link_leads_somewhere() -> None:
    site = sources.read_site(ROOT)
    assert len(site.pages) > 10
    assert sources.check(site) == []


def test_a_repository_in_order_has_no_findings(repository: Path) -> None:
    assert sources.check(sources.read_site(repository)) == []


@pytest.mark.parametrize(
    ("file", "line", "says"),
    [
        ("docs/index.md", "[x](gone.md)", "is not there"),
        ("docs/index.md", "[x](how-to/do.md#gone)", "no heading of that page has this anchor"),
        ("docs/index.md", "[x](#gone)", "no heading of that page has this anchor"),
        ("docs/index.md", "[x](../README.md)", "leads out of docs/"),
        ("docs/index.md", "[x](/docs/index.md)", "a link inside is relative"),
        ("docs/index.md", "![x](gone.png)", "is not there"),
        ("docs/index.md", "![](../docs/index.md)", "a picture without words"),
        ("docs/index.md", "![x](https://example.com/x.png)", "asked of another host"),
        ("docs/index.md", "[x](http://example.com)", "begins with https://"),
        ("docs/index.md", "[x](https:example.com)", "begins with https://"),
        ("docs/index.md", "a <b>bold</b> word", "raw HTML"),
        ("docs/index.md", "<div>\nraw\n</div>", "raw HTML"),
        ("docs/stray.md", "# Stray", "no entry in zensical.toml's nav leads here"),
        ("README.md", "[x](docs/gone.md)", "is not there"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(
    repository: Path, file: str, line: str, says: str
) -> None:
    with (repository / file).open("a", encoding="utf-8") as page:
        page.write(f"\n{line}\n")
    findings = sources.check(sources.read_site(repository))
    assert findings, line
    assert all(found.startswith(f"{file}:") and says in found for found in findings), findings


def test_a_page_in_the_navigation_that_is_not_there_is_named(repository: Path) -> None:
    (repository / "docs" / "how-to" / "do.md").unlink()
    (repository / "docs" / "index.md").write_text("# Start\n", "utf-8")
    findings = sources.check(sources.read_site(repository))
    assert findings == ["zensical.toml: nav names docs/how-to/do.md, which is not there"]
