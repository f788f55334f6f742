"""tools.regenerate: a generated file that is not as it would be is found and left as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_sync.documents.everything import OF_THE_PROGRAM, OF_THE_PROJECT
from tools import er_diagram, regenerate

DOCS = regenerate.ROOT / "docs"

WRITER = """
import pathlib, sys
out = pathlib.Path("out"); out.mkdir(exist_ok=True)
for name in sys.argv[1:]: (out / name).write_text("new")
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one generator, which writes out/a.md and out/a.png."""
    (tmp_path / "writer.py").write_text(WRITER)
    monkeypatch.setattr(regenerate, "ROOT", tmp_path)
    made = regenerate.Generator(("writer", "a.md", "a.png"), ("out",))
    monkeypatch.setattr(regenerate, "GENERATORS", (made,))
    return tmp_path


def content(repository: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (repository / "out").glob("*")}


def test_files_that_are_as_they_would_be_are_current(repository: Path) -> None:
    assert regenerate.main([]) == 0
    assert content(repository) == {"a.md": "new", "a.png": "new"}
    assert regenerate.main(["--check"]) == 0


@pytest.mark.parametrize("former", [{"a.md": "old"}, {}])
def test_a_stale_or_missing_file_is_found_and_left_as_it_was(
    repository: Path, former: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "out").mkdir()
    for name, text in former.items():
        (repository / "out" / name).write_text(text)
    assert regenerate.main(["--check"]) == 1
    assert content(repository) == former
    assert "out/a.md is stale" in capsys.readouterr().out


def test_a_stale_picture_is_found_and_left_as_it_was(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    regenerate.main([])
    (repository / "out" / "a.png").write_text("of another drawing")
    assert regenerate.main(["--check"]) == 1
    assert "out/a.png is stale" in capsys.readouterr().out
    assert content(repository)["a.png"] == "of another drawing"


def test_a_picture_is_drawn_anew_only_when_its_drawing_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How a letter looks depends on the machine's fonts: the same drawing is not drawn again."""
    monkeypatch.setattr(er_diagram, "DIRECTORY", tmp_path)
    svg, png = tmp_path / "a.svg", tmp_path / "a.png"
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{}</svg>'
    svg.write_text(drawing.format(""), encoding="utf-8")
    er_diagram.main()
    marked = png.read_bytes()[: len(png.read_bytes()) - 1] + b"x"  # with the digest still in it
    png.write_bytes(marked)
    er_diagram.main()
    assert png.read_bytes() == marked
    svg.write_text(drawing.format('<rect width="5" height="5"/>'), encoding="utf-8")
    er_diagram.main()
    assert png.read_bytes() != marked


def test_a_generator_that_does_not_get_through_is_named(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = regenerate.Generator(("no_such_module",), ("out",))
    monkeypatch.setattr(regenerate, "GENERATORS", (broken,))
    assert regenerate.main(["--check"]) == 1
    assert "no_such_module ended with code 1" in capsys.readouterr().out


def test_every_listed_generator_makes_something_that_is_there() -> None:
    for generator in regenerate.GENERATORS:
        assert regenerate.snapshot(generator), generator.makes


CHECKER = """
import sys
if "--check" in sys.argv: print("out/a.md is stale.\\nWrite them anew: it"); sys.exit(1)
import pathlib; pathlib.Path("out").mkdir(exist_ok=True); pathlib.Path("out/a.md").write_text("new")
"""


def test_a_generator_that_checks_itself_is_asked_and_not_run(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "checker.py").write_text(CHECKER)
    made = regenerate.Generator(("checker",), ("out/a.md",), checks="--check")
    monkeypatch.setattr(regenerate, "GENERATORS", (made,))
    assert regenerate.main(["--check"]) == 1
    assert content(repository) == {}
    assert "out/a.md is stale\n" in capsys.readouterr().out
    assert regenerate.main([]) == 0
    assert content(repository) == {"a.md": "new"}


def test_a_generator_that_cannot_check_itself_says_why(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "checker.py").write_text("import sys; sys.exit('No database.')")
    made = regenerate.Generator(("checker",), ("out/a.md",), checks="--check")
    monkeypatch.setattr(regenerate, "GENERATORS", (made,))
    assert regenerate.main(["--check"]) == 1
    assert "No database.\nchecker ended with code 1\n" in capsys.readouterr().out


def test_what_docs_writes_is_what_is_listed() -> None:
    [docs] = [g for g in regenerate.GENERATORS if g.module == ("crm_sync", "docs")]
    made = {*OF_THE_PROGRAM, *(name for name in OF_THE_PROJECT if "*" not in name)}
    made |= {path.relative_to(DOCS).as_posix() for path in DOCS.glob(OF_THE_PROJECT[-1])}
    assert {name.removeprefix("docs/") for name in docs.makes} == made
