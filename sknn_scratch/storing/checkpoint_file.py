"""The file of a checkpoint: a pickle, followed by its SHA-256.

`pickle.load` reads the file as it reads any other, since a pickle says where it ends. `load` reads
it only if the checksum is right: a pickle that was cut off or changed may fail in any way, or not
at all.
"""

import glob
import hashlib
import os
import pickle
import secrets
import shutil
import time
from pathlib import Path
from typing import IO, Any

MARK = b"sknn_scratch checkpoint, sha256:"  # between the pickle and its digest
OLD = 3600.0  # seconds after which a part is taken for one that a killed process left
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


def make_part(path: Path) -> IO[bytes]:
    """Open a new file beside ``path``, which is written before it takes the place of it.

    Its name is its own, and it is made by this call or not at all: no other process writes to it,
    and no link is followed.
    """
    return path.with_name(f"{path.name}.{secrets.token_hex(4)}.part").open("xb")


def prepare_folder(path: Path) -> None:
    """Clear away what killed processes left of their writing, and see that a file can be made.

    Raises
    ------
    OSError
        If none can, or what is at ``path`` is no file.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(f"path must be in a folder that exists, got {str(path)!r}.")
    if path.exists() and not path.is_file():
        raise OSError(f"path must be that of a file, got {str(path)!r}, which is of another kind.")
    try:
        with make_part(path) as file:
            pass
        os.unlink(file.name)
    except OSError as error:
        reason = f"path cannot be written to: {error.strerror}"
        raise type(error)(error.errno, reason, str(path)) from error
    for part in path.parent.glob(f"{glob.escape(path.name)}.*.part"):
        if time.time() - part.lstat().st_mtime > OLD:
            part.unlink(missing_ok=True)


def version_of(path: Path) -> tuple[int, ...] | None:
    """Return what tells one file at ``path`` from the next; None if there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def save_atomically(estimator: Any, path: Path) -> None:
    """Write an estimator to a file that is, at any moment, the old one or the new one.

    The file keeps its permissions, and a link leads to it as before.
    """
    path = Path(os.path.realpath(path))
    with make_part(path) as file:
        part = Path(file.name)
        try:
            if path.exists():
                shutil.copymode(path, part)
            hashed = Hashed(file)
            pickle.dump(estimator, hashed, protocol=pickle.HIGHEST_PROTOCOL)
            file.write(MARK + hashed.sha256.digest())
            file.flush()
            os.fsync(file.fileno())
            file.close()  # before it is moved: Windows wants that
            os.replace(part, path)
        except BaseException as error:
            part.unlink(missing_ok=True)
            if isinstance(error, OSError) and error.filename is None:  # a disk that is full
                raise OSError(error.errno, error.strerror, str(path)) from error
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
