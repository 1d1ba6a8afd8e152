"""A disk that forgets at a power cut what was not synced: a VFS around SQLite's own, recorded.

While the application works, each write, truncation and sync is written down. Afterwards `cut`
makes the files as a cut at any of these instants may leave them: what was synced is there, of
what was written since any part may be missing, sector by sector.
https://www.sqlite.org/vfs.html
"""

import _sqlite3
import contextlib
import ctypes
import random
from collections.abc import Iterator
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int64, c_void_p, cast
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

NAME = b"lossy"
OK = 0
SECTOR = 512


class Methods(ctypes.Structure):
    """The beginning of sqlite3_io_methods; the copy keeps all of it."""

    _fields_ = (
        ("version", c_int),
        ("close", c_void_p),
        ("read", c_void_p),
        ("write", c_void_p),
        ("truncate", c_void_p),
        ("sync", c_void_p),
        ("others", c_void_p * 13),
    )


class File(ctypes.Structure):
    _fields_ = (("methods", POINTER(Methods)),)


class Vfs(ctypes.Structure):
    _fields_ = (
        ("version", c_int),
        ("size_of_file", c_int),
        ("longest_path", c_int),
        ("next", c_void_p),
        ("name", c_char_p),
        ("data", c_void_p),
        ("open", c_void_p),
        ("delete", c_void_p),
        ("others", c_void_p * 16),
    )


Open = CFUNCTYPE(c_int, c_void_p, c_void_p, POINTER(File), c_int, c_void_p)
Delete = CFUNCTYPE(c_int, c_void_p, c_char_p, c_int)
Write = CFUNCTYPE(c_int, POINTER(File), c_void_p, c_int, c_int64)
Truncate = CFUNCTYPE(c_int, POINTER(File), c_int64)
Sync = CFUNCTYPE(c_int, POINTER(File), c_int)


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to a file, or (`acknowledged`) that somebody was told yes."""

    what: str
    file: str = ""
    offset: int = 0
    data: bytes = b""


@dataclass
class Recording:
    """The files as they were at first, and all that happened since, in order.

    `began` is the step at which the part of interest began.
    """

    first: dict[str, bytes]
    steps: list[Step] = field(default_factory=list)
    began: int = 0

    def acknowledge(self) -> None:
        self.steps.append(Step("acknowledged"))

    def acknowledged(self, at: int) -> int:
        return sum(step.what == "acknowledged" for step in self.steps[:at])

    def cut(self, at: int, chance: random.Random) -> dict[str, bytes]:
        """The files after a power cut between step `at` and the one before."""
        disk = Disk({name: bytearray(content) for name, content in self.first.items()})
        for step in self.steps[:at]:
            disk.take(step)
        return disk.after_a_cut(chance)


@dataclass
class Disk:
    """What is safe, and what has been written to each file since it was synced."""

    safe: dict[str, bytearray]
    waiting: dict[str, list[Step]] = field(default_factory=dict)

    def take(self, step: Step) -> None:
        if step.what in ("write", "truncate"):
            self.waiting.setdefault(step.file, []).append(step)
        elif step.what == "sync":
            for written in self.waiting.pop(step.file, []):
                self._write(written)
        elif step.what == "delete":
            self.waiting.pop(step.file, None)
            self.safe.pop(step.file, None)

    def after_a_cut(self, chance: random.Random) -> dict[str, bytes]:
        for steps in self.waiting.values():
            reached = chance.random()  # from nothing to all of it
            for step in steps:
                for sector in sectors(step):
                    if chance.random() < reached:
                        self._write(sector)
        return {name: bytes(content) for name, content in self.safe.items()}

    def _write(self, step: Step) -> None:
        content = self.safe.setdefault(step.file, bytearray())
        if step.what == "truncate":
            del content[step.offset :]
            return
        missing = step.offset + len(step.data) - len(content)
        content.extend(bytes(max(0, missing)))
        content[step.offset : step.offset + len(step.data)] = step.data


def sectors(step: Step) -> Iterator[Step]:
    if step.what == "truncate":
        yield step
        return
    for start in range(0, len(step.data), SECTOR):
        part = step.data[start : start + SECTOR]
        yield Step("write", step.file, step.offset + start, part)


@contextlib.contextmanager
def recorded(folder: Path) -> Iterator[Recording]:
    """What SQLite does in the folder through `file:...?vfs=lossy` while the block runs."""
    recording = Recording({path.name: path.read_bytes() for path in folder.iterdir()})
    library = sqlite_itself()
    library.sqlite3_vfs_find.restype = POINTER(Vfs)
    vfs = LossyVfs(library.sqlite3_vfs_find(None), recording.steps)
    assert library.sqlite3_vfs_register(ctypes.byref(vfs.vfs), 0) == OK
    try:
        yield recording
    finally:
        library.sqlite3_vfs_unregister(ctypes.byref(vfs.vfs))


def sqlite_itself() -> ctypes.CDLL:
    """The library that Python's own module uses."""
    library = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
    if not hasattr(library, "sqlite3_vfs_register"):
        pytest.skip("this Python has SQLite built in: nothing can be put under it")
    return library


class LossyVfs:
    """SQLite's own VFS with three methods of its files watched."""

    def __init__(self, real: Any, steps: list[Step]) -> None:
        self.real, self.steps = real, steps
        self.names: dict[int, str] = {}
        self.methods: dict[int, Methods] = {}
        self.kept: list[Any] = [Open(self._open), Delete(self._delete)]
        self.vfs = Vfs.from_buffer_copy(real.contents)
        self.vfs.name = NAME
        self.vfs.open, self.vfs.delete = (cast(each, c_void_p) for each in self.kept)

    def _open(self, _vfs: int, path: int, file: Any, flags: int, out_flags: int) -> int:
        done = Open(self.real.contents.open)(
            cast(self.real, c_void_p), path, file, flags, out_flags
        )
        if done == OK and path:
            self.names[ctypes.addressof(file.contents)] = name_of(ctypes.string_at(path))
            file.contents.methods = ctypes.pointer(self._watched(file.contents.methods))
        return int(done)

    def _delete(self, _vfs: int, path: bytes, sync_folder: int) -> int:
        self.steps.append(Step("delete", name_of(path)))
        done = Delete(self.real.contents.delete)(cast(self.real, c_void_p), path, sync_folder)
        return int(done)

    def _watched(self, methods: Any) -> Methods:
        key = ctypes.addressof(methods.contents)
        if key not in self.methods:
            watched = Methods.from_buffer_copy(methods.contents)
            self._watch(watched, "write", Write, lambda data, size, offset: (offset, data, size))
            self._watch(watched, "truncate", Truncate, lambda size: (size, 0, 0))
            self._watch(watched, "sync", Sync, lambda _flags: (0, 0, 0))
            self.methods[key] = watched
        return self.methods[key]

    def _watch(self, methods: Methods, what: str, kind: Any, read: Any) -> None:
        real = kind(getattr(methods, what))

        def watched(file: Any, *arguments: Any) -> int:
            done = int(real(file, *arguments))
            if done == OK:
                name = self.names[ctypes.addressof(file.contents)]
                offset, data, size = read(*arguments)
                self.steps.append(Step(what, name, offset, ctypes.string_at(data, size)))
            return done

        self.kept += [real, kind(watched)]
        setattr(methods, what, cast(self.kept[-1], c_void_p))


def name_of(path: bytes) -> str:
    return Path(path.decode()).name
