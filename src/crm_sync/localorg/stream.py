"""Bodies too large for memory: an upload goes to a file as it comes, an answer comes from one.

Nothing here knows what the bytes mean.
"""

import tempfile
import zlib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

_BLOCK = 256 * 1024


class TooLargeError(Exception):
    """The upload has more bytes than the limit."""


async def spool(chunks: AsyncIterator[bytes], folder: Path, most: int, *, zipped: bool) -> Path:
    """Write a body to a new file in ``folder``, unzipped; the caller removes or moves the file.

    A body over ``most`` bytes is read to its end all the same, so that the client hears the answer.
    Raises TooLargeError, and zlib.error for a body that is neither gzip nor deflate though it says
    so; no file is left then.
    """
    unzip = zlib.decompressobj(32 + zlib.MAX_WBITS) if zipped else None  # 32: either, by its head
    size = 0
    with ExitStack() as undo:
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".upload", delete=False) as file:
            path = Path(file.name)
            undo.callback(path.unlink)
            async for chunk in chunks:
                data = unzip.decompress(chunk) if unzip is not None else chunk
                size += len(data)
                if size <= most:
                    file.write(data)
        if unzip is not None and not unzip.eof:
            raise zlib.error("the compressed body is not complete")
        if size > most:
            raise TooLargeError
        undo.pop_all()
    return path


class FileParts:
    """Some text and then byte ranges of a file, in the order given; read while it is sent.

    The file is opened at once, so that it may be removed while the answer is on its way.
    """

    def __init__(self, head: bytes, path: Path, ranges: Sequence[tuple[int, int]]) -> None:
        self._head = head
        self._file = path.open("rb")
        self._ranges = ranges
        self.size = len(head) + sum(end - start for start, end in ranges)

    def __iter__(self) -> Iterator[bytes]:
        block = bytearray(self._head)
        with self._file as file:
            for start, end in self._ranges:
                file.seek(start)
                while start < end and (data := file.read(min(end - start, _BLOCK))):
                    start += len(data)
                    block += data
                    if len(block) >= _BLOCK:
                        yield bytes(block)
                        block.clear()
        if block:
            yield bytes(block)
