"""Reads the commit that a git clone stands at, with its files. Without git, and without running anything.

Nothing is taken on trust but the id of the commit: each object that leads from it to a file is hashed. Clones whose
objects lie elsewhere, or that have another format than git's usual one, are not read.
"""

import hashlib
import os
import re
import stat
import zlib
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_ID = re.compile(r"[0-9a-f]{40}")
_REF = re.compile(r"refs/(?:[\w-][\w.+-]*/)*[\w-][\w.+-]*", re.ASCII)
_COMMIT_TREE = re.compile(rb"tree ([0-9a-f]{40})\n")
_KINDS = {1: b"commit", 2: b"tree", 3: b"blob", 4: b"tag"}
_BY_OFFSET, _BY_ID = 6, 7
_LONGEST_CHAIN = 4096
_MAX_OBJECT = 16 << 20
_MAX_INDEX = 256 << 20
_MAX_SMALL = 1 << 20
_MAX_ENTRIES = 200_000
_MAX_DEPTH = 64


class GitError(ValueError):
    """A clone cannot be read. The message is for programmers: callers go on without its commit."""


class GitClone:
    """The clone in a folder.

    Attributes:
        commit: The commit that is checked out.

    Raises GitError if the folder is no clone, or one that cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._git = folder / ".git"
        if self._git.is_symlink() or not self._git.is_dir():
            raise GitError("there is no folder .git")
        self._packs: list[_Pack] | None = None
        self._entries_left = _MAX_ENTRIES
        self.commit: str = self._head()

    def files(self) -> dict[str, str]:
        """The id of each file of the commit, by name. Raises GitError."""
        found = _COMMIT_TREE.match(self.read(self.commit, b"commit"))
        if found is None:
            raise GitError("the commit has no tree")
        try:
            return dict(self._entries(found[1].decode(), "", 0))
        except GitError:
            raise
        except ValueError as error:
            raise GitError("the commit has a damaged tree") from error

    def _entries(self, tree: str, folder: str, depth: int) -> "Iterator[tuple[str, str]]":
        if depth > _MAX_DEPTH:
            raise GitError("folders are nested too deeply")
        data, at = self.read(tree, b"tree"), 0
        while at < len(data):
            end = data.index(b"\0", at)
            mode, _, name = data[at:end].partition(b" ")
            id, at = data[end + 1 : end + 21].hex(), end + 21
            self._entries_left -= 1
            if self._entries_left < 0:
                raise GitError("the commit has too many files")
            path = folder + os.fsdecode(name)
            if mode == b"40000":
                yield from self._entries(id, path + "/", depth + 1)
            elif mode.startswith(b"100"):  # a file; not a link or a submodule
                yield path, id

    def read(self, id: str, kind: bytes, limit: int = _MAX_OBJECT) -> bytes:
        """The content of an object; its id is the digest of it. Raises GitError, also for more than `limit` bytes."""
        try:
            found, data = self._loose(id, limit) or self._packed(id, limit)
        except (OSError, zlib.error, ValueError, IndexError) as error:
            raise GitError(f"the object {id} cannot be read") from error
        if (
            found != kind
            or hashlib.sha1(b"%s %d\0" % (kind, len(data)) + data, usedforsecurity=False).hexdigest() != id
        ):
            raise GitError(f"the object {id} is another one")
        return data

    def _head(self) -> str:
        head = self._text("HEAD")
        name = head.removeprefix("ref: ")
        found = head if name == head else self._ref(name)
        if not _ID.fullmatch(found):
            raise GitError("HEAD names no commit")
        return found

    def _ref(self, name: str) -> str:
        if not _REF.fullmatch(name):
            raise GitError("HEAD names no branch")
        if (self._git / name).is_file():
            return self._text(name)
        for line in self._text("packed-refs").split("\n"):
            id, _, ref = line.partition(" ")
            if ref == name:
                return id
        raise GitError("the branch has no commit")

    def _text(self, name: str) -> str:
        try:
            return _content(self._git / name, _MAX_SMALL).decode().strip()
        except (OSError, ValueError) as error:
            raise GitError(f"{name} cannot be read") from error

    def _loose(self, id: str, limit: int) -> tuple[bytes, bytes] | None:
        path = self._git / "objects" / id[:2] / id[2:]
        if not path.is_file():
            return None
        head, _, data = _inflated(_content(path, limit + 1024), limit + 64).partition(b"\0")
        kind, _, size = head.partition(b" ")
        if int(size) != len(data):
            raise GitError("an object has another size")
        return kind, data

    def _packed(self, id: str, limit: int) -> tuple[bytes, bytes]:
        for pack in self._all_packs():
            offset = pack.find(id)
            if offset is not None:
                return pack.read(offset, limit)
        raise GitError("there is no such object")

    def _all_packs(self) -> "list[_Pack]":
        if self._packs is None:
            folder = self._git / "objects" / "pack"
            self._packs = [_Pack(path) for path in sorted(folder.glob("pack-*.idx"))]
        return self._packs


class _Pack:
    """A file of objects, with its index."""

    def __init__(self, index: Path) -> None:
        self._path = index.with_suffix(".pack")
        self._index = _content(index, _MAX_INDEX)
        if self._index[:8] != b"\xfftOc\0\0\0\x02":
            raise GitError("a pack has an index of another version")
        self._count = self._number(8 + 255 * 4)

    def _number(self, at: int) -> int:
        if at + 4 > len(self._index):
            raise GitError("the index of a pack ends early")
        return int.from_bytes(self._index[at : at + 4])

    def find(self, id: str) -> int | None:
        """Where an object stands in the pack; None if the pack does not have it."""
        wanted = bytes.fromhex(id)
        low = self._number(8 + (wanted[0] - 1) * 4) if wanted[0] else 0
        high, names = min(self._number(8 + wanted[0] * 4), self._count), 8 + 256 * 4
        while low < high:
            middle = (low + high) // 2
            found = self._index[names + middle * 20 : names + middle * 20 + 20]
            if found == wanted:
                return self._offset(middle)
            low, high = (middle + 1, high) if found < wanted else (low, middle)
        return None

    def _offset(self, number: int) -> int:
        small = 8 + 256 * 4 + self._count * 24
        offset = self._number(small + number * 4)
        if offset < 1 << 31:
            return offset
        large = small + self._count * 4 + (offset - (1 << 31)) * 8
        return self._number(large) << 32 | self._number(large + 4)

    def read(self, offset: int, limit: int) -> tuple[bytes, bytes]:
        """The kind and the content of the object at an offset. Raises GitError, OSError, zlib.error or IndexError."""
        deltas: list[bytes] = []
        with open(_open_regular(self._path), "rb") as file:
            while True:
                kind, size, offset = self._head(file, offset)
                if size > limit or len(deltas) > _LONGEST_CHAIN:
                    raise GitError("an object is too large")
                if kind in _KINDS:
                    data = _inflated(file, size)
                    break
                deltas.append(_inflated(file, size))
        for delta in reversed(deltas):
            data = _patched(data, delta, limit)
        return _KINDS[kind], data

    def _head(self, file: "BinaryIO", offset: int) -> tuple[int, int, int]:
        """The kind and size of an object, and the offset of what it is a change of. The file stands at its content."""
        file.seek(offset)
        byte = file.read(1)[0]
        kind, size, shift = byte >> 4 & 7, byte & 15, 4
        while byte & 128:
            byte = file.read(1)[0]
            size, shift = size | (byte & 127) << shift, shift + 7
        if kind == _BY_ID:
            base = self.find(file.read(20).hex())
            if base is None:
                raise GitError("an object is a change of one in another pack")
            return kind, size, base
        if kind == _BY_OFFSET:
            byte = file.read(1)[0]
            back = byte & 127
            while byte & 128:
                byte = file.read(1)[0]
                back = (back + 1) << 7 | byte & 127
            if not 0 < back < offset:
                raise GitError("an object is a change of itself")
            return kind, size, offset - back
        if kind not in _KINDS:
            raise GitError("an object has an unknown kind")
        return kind, size, offset


def _patched(base: bytes, delta: bytes, limit: int) -> bytes:
    """The object that a change makes of another one."""
    _, at = _varint(delta, 0)
    size, at = _varint(delta, at)
    if size > limit:
        raise GitError("an object is too large")
    out = bytearray()
    while at < len(delta) and len(out) <= size:
        code, at = delta[at], at + 1
        if not code & 128:
            out += delta[at : at + code]
            at += code
            continue
        values = [0, 0]
        for bit in range(7):
            if code >> bit & 1:
                part, place = (0, bit) if bit < 4 else (1, bit - 4)
                values[part] |= delta[at] << 8 * place
                at += 1
        start, length = values[0], values[1] or 1 << 16
        out += base[start : start + length]
    if len(out) != size:
        raise GitError("a change makes an object of another size")
    return bytes(out)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte, at = data[at], at + 1
        value, shift = value | (byte & 127) << shift, shift + 7
        if not byte & 128:
            return value, at


def _inflated(source: "bytes | BinaryIO", limit: int) -> bytes:
    """What compressed bytes hold, at most `limit` bytes. Raises GitError for more, and zlib.error."""
    engine = zlib.decompressobj()
    if isinstance(source, bytes):
        out = engine.decompress(source, limit + 1)
    else:
        out = b""
        while not engine.eof and len(out) <= limit and (chunk := source.read(1 << 16)):
            out += engine.decompress(chunk, limit + 1 - len(out))
            while engine.unconsumed_tail and not engine.eof and len(out) <= limit:
                out += engine.decompress(engine.unconsumed_tail, limit + 1 - len(out))
    if len(out) > limit:
        raise GitError("an object is larger than it says")
    return out


def _content(path: Path, limit: int) -> bytes:
    with open(_open_regular(path), "rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise GitError(f"{path.name} is too large")
    return data


def _open_regular(path: Path) -> int:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(None, "it is not a file", str(path))
    return handle
