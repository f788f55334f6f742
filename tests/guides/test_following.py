"""Who follows a guide notices what is wrong in it: a step left out, an output, the list."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guides.following import Reader, follow, git
from tests.guides.reading import GuideError, read

GOOD = """
# Say good evening

**In `greet.py`, replace:**

```python
    return f"Good day, {name}."
```

**by:**

```python
    return f"Good evening, {name}."
```

It is to be read, too.

**In `notes.txt`, after:**

```text
one
```

**add:**

```text
one and a half
```

Somebody to greet. **New file `names/ada.txt`:**

```text
<your name>
```

**Add to `.env`:**

```ini
EVENING=<your name>
```

**Run:**

```console
$ uv run python -m greet names/ada.txt
Good evening, …

…
3 lines
$ git add --all
$ git commit -q -m "Good evening"
```

## Files touched

| File | Why |
|---|---|
| `greet.py` | says it |
| `names/ada.txt` | is greeted |
| `notes.txt` | reads on |
"""

GREET = '''"""Greets."""
import pathlib, sys

def greet(name):
    return f"Good day, {name}."

if __name__ == "__main__":
    print(greet(pathlib.Path(sys.argv[1]).read_text().strip()))
    print()
    print(*pathlib.Path("notes.txt").read_text().split("\\n"), sep="\\n")
    print("3 lines")
'''


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    """Somebody with a small program under git."""
    folder = tmp_path / "clone"
    (folder / "src").mkdir(parents=True)
    (folder / ".gitignore").write_text(".env\n", encoding="utf-8")
    (folder / "greet.py").write_text(GREET, encoding="utf-8")
    (folder / "notes.txt").write_text("one\ntwo\n", encoding="utf-8")
    git(folder, "init", "-q")
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "A program")
    return Reader(folder, filled_in={"your name": "Ada"})


def test_a_guide_is_followed_step_by_step(reader: Reader) -> None:
    guide = follow(GOOD, reader)
    assert len(guide.deeds) == 5
    read_back = {name: (reader.folder / name).read_text("utf-8") for name in guide.files}
    assert 'return f"Good evening, {name}."' in read_back["greet.py"]
    assert read_back["names/ada.txt"] == "Ada\n"
    assert read_back["notes.txt"] == "one\none and a half\ntwo\n"
    assert (reader.folder / ".env").read_text("utf-8") == "EVENING=Ada\n"
    assert git(reader.folder, "log", "-1", "--format=%s") == "Good evening\n"
    assert git(reader.folder, "status", "--porcelain") == ""


def step(begin: str, end: str) -> str:
    """A step of the guide: from these words to before those."""
    return GOOD[GOOD.index(begin) : GOOD.index(end)]


WRONG = {
    "a step that is left out, which a command shows": (
        step("**In `greet.py`", "It is to be"), "", "prints\nGood day, Ada",
    ),
    "a step that is left out, which only the list shows": (
        step("**In `notes", "Somebody"), "", "the list names what was not touched: notes.txt",
    ),
    "a file that is left out of the list": (
        "| `notes.txt` | reads on |\n", "", "the list leaves out notes.txt",
    ),
    "a file in the list that is not touched": (
        "| `notes.txt`", "| `other.txt` | so it says |\n| `notes.txt`", "not touched: other.txt",
    ),
    "a file twice in the list": (
        "| `notes.txt`", "| `greet.py` | again |\n| `notes.txt`", "names a file twice",
    ),
    "lines that do not stand there": (
        "```text\none\n```", "```text\nOne\n```", "line 20: these lines stand 0 times in notes.txt",
    ),
    "half a line": (
        "```text\none\n```", "```text\nne\n```", "these lines stand 0 times in notes.txt",
    ),
    "a file that is not there": (
        "In `notes.txt`", "In `note.txt`", "these lines stand 0 times in note.txt",
    ),
    "a new file that is there already": (
        "New file `names/ada.txt`", "New file `notes.txt`", "line 32: notes.txt is there already",
    ),
    "another output": ("Good evening, …", "Good morning, …", "line 44: `uv run python -m greet"),
    "lines that are printed and not told": (
        "\n…\n3 lines", "\n3 lines", "and not\nGood evening, …\n\n3 lines",
    ),
    "a command that fails": (
        "names/ada.txt\nGood", "names/bob.txt\nGood", "names/bob.txt` ended with 1",
    ),
    "a command of another project": (
        "$ git add --all", "$ curl example.com", "line 44: curl is no command of this project",
    ),
    "something that nobody can fill in": (
        "EVENING=<your name>", "EVENING=<your mood>", "line 38: nobody told the reader what <your",
    ),
    "an instruction that is none": (
        "**Run:**", "**Go on:**", "line 44: “Go on:” is nothing that a reader could do",
    ),
    "no instruction": ("**Run:**\n", "Then\n", "line 44: nothing says what to do with this block"),
    "half an instruction": ("**add:**", "**Run:**", "line 20: no block with “add:” follows"),
    "output without a command": (
        "$ uv run python -m greet names/ada.txt\n", "", "does not begin with a command",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_guide_is_noticed(reader: Reader, mistake: str) -> None:
    right, wrong, said = WRONG[mistake]
    assert GOOD.count(right) == 1
    with pytest.raises(GuideError) as noticed:
        follow(GOOD.replace(right, wrong), reader)
    assert said in str(noticed.value)


def test_a_guide_with_lines_that_stand_twice_is_noticed(reader: Reader) -> None:
    (reader.folder / "notes.txt").write_text("one\ntwo\none\n", encoding="utf-8")
    with pytest.raises(GuideError, match=r"these lines stand 2 times in notes\.txt, not once"):
        follow(GOOD, reader)


def test_the_line_of_a_step_is_that_of_its_block() -> None:
    lines = GOOD.splitlines()
    assert all(lines[deed.line - 1].startswith("```") for deed in read(GOOD).deeds)
