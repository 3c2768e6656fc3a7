"""The file of a checkpoint: a pickle, followed by its SHA-256.

`pickle.load` reads the file as it reads any other, since a pickle says where it ends. `load` reads
it only if the checksum is right: a pickle that was cut off or changed may fail in any way, or not
at all.
"""

import hashlib
import os
import pickle
import shutil
from pathlib import Path
from typing import IO, Any

MARK = b"sknn_scratch checkpoint, sha256:"  # between the pickle and its digest
FOOTER = len(MARK) + hashlib.sha256().digest_size


class Hashed:
    """A file that is written to, and the SHA-256 of what was."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.sha256: Any = hashlib.sha256()  # its class has no public name

    def write(self, data: bytes) -> int:
        """Write and digest some bytes."""
        self.sha256.update(data)
        return self.file.write(data)


def part_of(path: Path) -> Path:
    """Return the file that is written before it takes the place of ``path``.

    There is one: what a killed process has left of it is overwritten by the next.
    """
    return path.with_name(f"{path.name}.part")


def save_atomically(estimator: Any, path: Path) -> None:
    """Write an estimator to a file that is, at any moment, the old one or the new one.

    The file keeps its permissions, and a link leads to it as before.
    """
    path = Path(os.path.realpath(path))
    part = part_of(path)
    try:
        with part.open("wb") as file:
            if path.exists():
                shutil.copymode(path, part)
            hashed = Hashed(file)
            pickle.dump(estimator, hashed, protocol=pickle.HIGHEST_PROTOCOL)
            file.write(MARK + hashed.sha256.digest())
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def load(path: Path) -> Any:
    """Return what `save_atomically` wrote.

    Raises
    ------
    ValueError
        If the file is not as it was written, or cannot be loaded.
    """
    with path.open("rb") as file:
        if not is_whole(file):
            raise ValueError(
                f"{str(path)!r} is not a whole checkpoint: it was cut off, changed, or not written "
                "by fit_with_checkpoints. Remove it to train anew."
            )
        file.seek(0)
        try:
            return pickle.load(file)
        except Exception as error:  # whatever its classes raise, or are not there to raise
            raise ValueError(f"{str(path)!r} cannot be loaded: {error}") from error


def is_whole(file: IO[bytes], at_a_time: int = 1 << 20) -> bool:
    """Return True if an open file ends in the digest of all that stands before."""
    left = file.seek(0, os.SEEK_END) - FOOTER
    if left < 0:
        return False
    file.seek(0)
    sha256 = hashlib.sha256()
    while left > 0:
        data = file.read(min(left, at_a_time))
        sha256.update(data)
        left -= len(data)
    return file.read() == MARK + sha256.digest()
