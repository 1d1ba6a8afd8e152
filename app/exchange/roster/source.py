"""A folder or a zip becomes named bytes, within limits. Nothing is unpacked to disk."""

import stat
import zipfile
import zlib
from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from app.errors import Invalid

MOST_BYTES = 200_000_000  # of the archive, and of all that is read from it or from the folder
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
OF_THE_MACHINE = ("__MACOSX", ".")  # what a Mac adds to every zip

Files = dict[str, bytes]


def load_files(path: Path, wanted: Container[str], *, most_bytes: int = MOST_BYTES) -> Files:
    """The wanted files by lower-case name. Others are neither read nor counted.

    Raises Invalid when there is nothing under the path, when the zip is damaged, encrypted,
    leads outside itself or holds a name twice, and when it all is larger than `most_bytes`.
    """
    room = Room(most_bytes)
    try:
        if path.is_dir():
            return _from_folder(path, wanted, room)
        if path.is_file():
            return _from_zip(path, wanted, room)
    except OSError as error:
        raise Invalid(f"{path.name}: {error.strerror or 'cannot be read'}") from error
    raise Invalid(f"{path.name}: there is no such folder or zip")


class Room:
    """What may still be read."""

    def __init__(self, bytes_left: int) -> None:
        self.bytes_left = bytes_left

    def take(self, content: bytes, name: str) -> bytes:
        self.bytes_left -= len(content)
        if self.bytes_left < 0:
            raise Invalid(f"{name}: the roster is too large")
        return content


def _from_folder(folder: Path, wanted: Container[str], room: Room) -> Files:
    files: Files = {}
    for file in sorted(folder.iterdir()):
        if file.name.lower() in wanted and file.is_file():
            with file.open("rb") as stream:
                _add(files, file.name, room.take(stream.read(room.bytes_left + 1), file.name))
    return files


def _from_zip(path: Path, wanted: Container[str], room: Room) -> Files:
    if path.stat().st_size > room.bytes_left:
        raise Invalid(f"{path.name}: the roster is too large")
    files: Files = {}
    with _opened(path) as archive:
        for member in archive.infolist():
            place = _place(path, member)
            if place is not None and place.name.lower() in wanted:
                with archive.open(member) as stream:
                    _add(files, place.name, room.take(stream.read(room.bytes_left + 1), place.name))
    return files


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except BROKEN as error:
        raise Invalid(f"{path.name}: the zip is damaged, cut off or encrypted") from error


def _place(path: Path, member: zipfile.ZipInfo) -> PurePosixPath | None:
    """Where a file stands in the zip; None for folders and what a Mac adds."""
    place = PurePosixPath(member.filename.replace("\\", "/"))
    if place.is_absolute() or ".." in place.parts or ":" in place.parts[0]:
        raise Invalid(f"{path.name}: the zip holds a path that leads outside it")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise Invalid(f"{path.name}: the zip holds a link")
    hidden = any(part.startswith(OF_THE_MACHINE) for part in place.parts)
    return None if member.is_dir() or hidden else place


def _add(files: Files, name: str, content: bytes) -> None:
    if name.lower() in files:
        raise Invalid(f"{name}: is there twice")
    files[name.lower()] = content
