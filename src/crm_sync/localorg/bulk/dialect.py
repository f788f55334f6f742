"""CSV as Bulk API 2.0 reads and writes it: six delimiters, two line endings, quotes doubled.

In: the bytes of an upload. Out: records, each as its own bytes and as cells. An upload that cannot
be read as CSV is refused as a whole before its first row is saved.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

DELIMITERS = {
    "BACKQUOTE": "`",
    "CARET": "^",
    "COMMA": ",",
    "PIPE": "|",
    "SEMICOLON": ";",
    "TAB": "\t",
}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}


class UnreadableError(Exception):
    """What is wrong with an upload as a whole; the text is that of the job's ``errorMessage``."""


UNESCAPED_QUOTE = (
    "InvalidBatch : Failed to parse CSV. Found unescaped quote. A value with quote should be "
    "within a quote"
)
"""3: also what a byte order mark before a quoted header leads to."""
OPEN_QUOTE = "InvalidBatch : Failed to parse CSV. EOF reached before closing an opened quote"
"""U."""


@dataclass(frozen=True)
class Record:
    """One record of an upload; ``raw`` is it with its line ending, ``cells`` its values."""

    raw: bytes
    cells: list[str]


class Dialect:
    """How one job writes its CSV."""

    def __init__(self, delimiter: str, line_ending: str) -> None:
        """By the names that the API uses for both."""
        self.delimiter = DELIMITERS[delimiter]
        self.line_ending_name = line_ending
        self.line_ending = LINE_ENDINGS[line_ending]
        mark = re.escape(self.delimiter.encode())
        cell = rb'(?:"[^"]*(?:""[^"]*)*"|[^"%b\r\n]*)' % mark
        self._well_formed = re.compile(rb"%b(?:%b%b)*\r?\n?" % (cell, mark, cell))
        self._between = f'"{self.delimiter}"'

    def check(self, path: Path) -> None:
        """Raise UnreadableError unless every record of the file can be read.

        A line that ends otherwise than the job says refuses the job, within quotes too (3: three
        reports of "LineEnding is invalid" for line breaks inside values).
        """
        wants_return = self.line_ending_name == "CRLF"
        is_open = False
        record = b""
        with path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n") and line.endswith(b"\r\n") is not wants_return:
                    raise UnreadableError(
                        "ClientInputError : LineEnding is invalid on user data. Current "
                        f"LineEnding setting is {self.line_ending_name}"
                    )
                if not is_open and b'"' not in line:
                    continue
                record += line
                is_open ^= line.count(b'"') % 2 == 1
                if not is_open:
                    if self._well_formed.fullmatch(record) is None:
                        raise UnreadableError(UNESCAPED_QUOTE)
                    record = b""
        if is_open:
            is_misplaced = self._well_formed.fullmatch(record + b'"') is None
            raise UnreadableError(UNESCAPED_QUOTE if is_misplaced else OPEN_QUOTE)

    def read(self, file: BinaryIO, count: int) -> list[Record]:
        """The next records from where the file stands, at most ``count``; blank lines do not count.

        The file is one that ``check`` has passed. Bytes that are not UTF-8 become U+FFFD (U).
        """
        raws: list[bytes] = []
        while len(raws) < count and (line := file.readline()):
            while line.count(b'"') % 2 and (more := file.readline()):
                line += more
            if line.strip(b"\r\n"):
                raws.append(line)
        texts = [raw.decode("utf-8", "replace") for raw in raws]
        try:
            rows = list(csv.reader(texts, delimiter=self.delimiter, strict=True))
        except csv.Error as error:
            raise UnreadableError(f"InvalidBatch : Failed to parse CSV. {error}") from None
        return [Record(raw, cells) for raw, cells in zip(raws, rows, strict=True)]

    def write(self, cells: Sequence[str]) -> str:
        """A record with every value in quotes (R, amp-labs bulk/info/partial-failure.csv)."""
        quoted = [cell.replace('"', '""') if '"' in cell else cell for cell in cells]
        return f'"{self._between.join(quoted)}"{self.line_ending}'

    def head(self, names: Iterable[str], header: bytes) -> bytes:
        """A header of results: our names in quotes, then that of the upload as it was (R)."""
        own = "".join(f'"{name}"{self.delimiter}' for name in names)
        return own.encode() + header.rstrip(b"\r\n") + self.line_ending.encode()
