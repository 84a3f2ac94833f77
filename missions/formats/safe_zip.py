"""Archives from strangers: KMZ and WPML. Nothing is unpacked to disk, and nothing before it is bounded.

The layout of an archive's last record: PKWARE APPNOTE 6.3.10, section 4.3.16.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from missions.errors import FormatError
from missions.formats.safe_xml import MAX_XML_BYTES

MAX_FILES = 10_000
_MAX_DIRECTORY_BYTES = 2_000_000
_END = struct.Struct("<4s4H2LH")
_LONGEST_COMMENT = 65_535
_LOCATOR_BYTES = 20
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OSError, struct.error)
_KINDS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_SAVE = "Save it again from the program that it comes from, or give the KML in it"


def names_in_archive(data: bytes, where: str) -> list[str]:
    """The names of the files in an archive, in lower case. Raises FormatError."""
    with _opened(data, where) as archive:
        return [info.filename.lower() for info in archive.infolist()]


def file_in_archive(data: bytes, where: str, wanted: Callable[[str], bool]) -> bytes | None:
    """The first file whose name is wanted, unpacked up to a bound; None where there is none.

    Names are compared in lower case. Raises FormatError.
    """
    with _opened(data, where) as archive:
        inside = next((info for info in archive.infolist() if wanted(info.filename.lower())), None)
        return None if inside is None else _unpacked(archive, inside, where)


@contextmanager
def _opened(data: bytes, where: str) -> Iterator[zipfile.ZipFile]:
    _check_directory(data, where)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if len(archive.infolist()) > MAX_FILES:
                raise FormatError(f"holds more than {MAX_FILES} files", where=where, remedy=_SAVE)
            yield archive
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        RuntimeError,
        ValueError,
        OSError,
        struct.error,
    ) as error:
        raise FormatError(f"is no KMZ: {error}", where=where, remedy=_SAVE) from error


def _unpacked(archive: zipfile.ZipFile, inside: zipfile.ZipInfo, where: str) -> bytes:
    if inside.compress_type not in _KINDS:
        # Some methods let the file ask for gigabytes before its first byte.
        raise FormatError("is packed in a way that KMZ does not know", where=where, remedy=_SAVE)
    with archive.open(inside) as file:
        data = file.read(MAX_XML_BYTES + 1)
    if len(data) > MAX_XML_BYTES:
        raise FormatError(f"unpacks to more than {MAX_XML_BYTES // 1_000_000} MB", where=where, remedy=_SAVE)
    return data


def _check_directory(data: bytes, where: str) -> None:
    """Refuse a directory too long to list: Python lists all of it before it tells how many files it holds."""
    at = data.rfind(b"PK\x05\x06", max(0, len(data) - _END.size - _LONGEST_COMMENT))
    if at < 0 or len(data) - at < _END.size:
        raise FormatError("is no KMZ: it is cut short", where=where, remedy=_SAVE)
    _, _, _, _, files, size, start, _ = _END.unpack_from(data, at)
    # Python believes a zip64 locator whatever the record after it says.
    locator = data[max(0, at - _LOCATOR_BYTES) : at].startswith(b"PK\x06\x07")
    if locator or files == 0xFFFF or 0xFFFFFFFF in (size, start):
        raise FormatError("is a zip64 archive, which no KMZ is", where=where, remedy=_SAVE)
    if size > _MAX_DIRECTORY_BYTES or files > MAX_FILES:
        raise FormatError(f"holds {files} files; at most {MAX_FILES} are read", where=where, remedy=_SAVE)
