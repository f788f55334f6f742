from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_sync.errors import OutputError
from crm_sync.report.output import directory, write


def full(number: int) -> Iterator[str]:
    """A report during whose writing the disk says no."""
    yield "the first piece"
    raise OSError(number, "no")


def test_a_report_is_written_as_utf_8_with_plain_line_ends(tmp_path: Path) -> None:
    path = write(tmp_path / "Bericht mit Umlaut ü.html", iter(["Grüße\n", "→\n"]))
    assert path.is_absolute()
    assert path.read_bytes() == "Grüße\n→\n".encode()
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_former_report_is_replaced(tmp_path: Path) -> None:
    write(tmp_path / "report.html", "first")
    write(tmp_path / "report.html", "second")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == "second"


def test_a_dash_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match="- names no file"):
        write("-", "x")
    with pytest.raises(OutputError, match="- names no file"):
        directory(Path("-"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "reason", "mend"),
    [
        (errno.ENOSPC, "the disk is full", "Free some space, or name another disk."),
        (errno.EROFS, "the file system is read-only", "Name another place."),
        (errno.EACCES, "writing is not permitted there", "Name another place."),
        (errno.EIO, "no", "Name another place."),
    ],
)
def test_what_the_disk_refuses_is_said_and_the_former_report_stays(
    tmp_path: Path, number: int, reason: str, mend: str
) -> None:
    path = tmp_path / "report.html"
    write(path, "former")
    with pytest.raises(OutputError) as caught:
        write(path, full(number))
    assert caught.value.sentence == f"{path} cannot be written: {reason}."
    assert caught.value.mend == mend
    assert path.read_text(encoding="utf-8") == "former"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="the directory does not exist"):
        write(tmp_path / "missing" / "report.html", "text")


def test_a_directory_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="that is a directory"):
        write(tmp_path, "text")


def test_an_error_of_the_report_itself_leaves_no_half_file(tmp_path: Path) -> None:
    def broken() -> Iterator[str]:
        yield "half"
        raise ValueError("a mistake of ours")

    with pytest.raises(ValueError, match="a mistake of ours"):
        write(tmp_path / "report.html", broken())
    assert list(tmp_path.iterdir()) == []
