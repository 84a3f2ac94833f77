"""Download ArduPilot's official SITL programs.

The server's layout (firmware.ardupilot.org; Tools/scripts/build_binaries.py in ArduPilot writes it):

    BASE/Copter/stable/SITL_x86_64_linux_gnu/arducopter            the program
    BASE/Copter/stable/SITL_x86_64_linux_gnu/firmware-version.txt  "4.5.4-FIRMWARE_VERSION_TYPE_OFFICIAL"
    BASE/Copter/stable/SITL_x86_64_linux_gnu/git-version.txt       "commit 3fc6011a..."
    BASE/Copter/stable/SITL_x86_64_linux_gnu/arducopter.sha256     offered by mirrors only

and the same with Plane and arduplane. The version's folder is stable, beta, latest or stable-4.5.4.
"""

from __future__ import annotations

import hashlib
import http.client
import platform
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from missions.errors import SettingsError, SimulatorError
from missions.files import write_whole, writing_whole
from sitl.ardupilot.binaries import (
    BINARY_LIMIT_BYTES,
    Binary,
    InstallRecord,
    Kind,
    checked_kind,
    find,
    program_path,
    record_path,
    version_of,
)

OFFICIAL_SERVER = "https://firmware.ardupilot.org"
_TEXT_LIMIT_BYTES = 64_000
_CHUNK_BYTES = 256 * 1024
_TIMEOUT_S = 30.0
_ELF_X86_64 = (b"\x7fELF\x02\x01", 0x3E)

Progress = Callable[[int, int | None], None]
"""Called with the bytes read so far and the bytes to come in all (None where the server does not say)."""


def install(
    kind: str,
    version: str = "stable",
    base_url: str = OFFICIAL_SERVER,
    progress: Progress | None = None,
    *,
    sha256: str | None = None,
) -> Binary:
    """Download the program of this kind, check it, and put it where `find` looks.

    It is compared with `sha256` where that is given, else with the checksum that the server keeps beside it,
    where there is one; `Binary.record` says which. Raises SimulatorError, and then leaves what was installed
    before as it was.
    """
    known = checked_kind(kind)
    pinned = _checked_sha256(sha256) if sha256 else None
    url = program_url(known, version, base_url)
    if platform.machine() not in {"x86_64", "AMD64"}:
        raise SimulatorError(
            f"there is no official ArduPilot program for {platform.machine()} machines",
            remedy="Build ArduPilot from source and set DRONETEAM_SITL to its folder",
        )
    expected, verified_by = (pinned, "the given checksum") if pinned else _offered_sha256(url)
    target = program_path(known)
    with writing_whole(target) as temporary:
        digest = _download(url, temporary, progress)
        if expected and digest != expected:
            raise SimulatorError(
                f"its SHA-256 is {digest}, not {expected}",
                where=url,
                remedy="Do not use it; download it again",
            )
        _check_program(temporary, known, url)
        temporary.chmod(0o755)
        record = InstallRecord(
            url=url,
            sha256=digest,
            verified_by=verified_by if expected else "",
            version=_optional_text(url, "firmware-version.txt"),
            commit=_commit(_optional_text(url, "git-version.txt")),
        )
    write_whole(record_path(known), record.to_json().encode())
    installed = find(known)
    if installed is None:
        raise SimulatorError(
            "was written and cannot be run", where=str(target), remedy="Check who may run it"
        )
    return installed


def program_url(kind: Kind, version: str, base_url: str = OFFICIAL_SERVER) -> str:
    """Where the server keeps this program. Raises SettingsError for a version or an address that is none."""
    if urlsplit(base_url).scheme not in {"http", "https"} or not urlsplit(base_url).netloc:
        raise SettingsError(f'"{base_url}" is no http or https address', remedy=f"Use {OFFICIAL_SERVER}")
    if re.fullmatch(r"\d+\.\d+\.\d+", version):
        version = f"stable-{version}"
    if not re.fullmatch(r"stable|beta|latest|stable-\d+\.\d+\.\d+", version):
        raise SettingsError(
            f'"{version}" is no version of ArduPilot',
            remedy="Choose stable, beta, latest or a number such as 4.5.4",
        )
    return f"{base_url.rstrip('/')}/{kind.capitalize()}/{version}/SITL_x86_64_linux_gnu/ardu{kind}"


def _checked_sha256(text: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise SettingsError(f'"{text}" is no SHA-256', remedy="Give 64 hexadecimal digits")
    return text.lower()


def _download(url: str, path: Path, progress: Progress | None) -> str:
    """Read `url` into `path`; its SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer, path.open("wb") as file:  # noqa: S310
            length = answer.headers.get("Content-Length", "")
            total = int(length) if length.isdigit() else None
            done = 0
            while chunk := answer.read(_CHUNK_BYTES):
                done += len(chunk)
                if done > BINARY_LIMIT_BYTES:
                    raise SimulatorError(
                        f"is larger than {BINARY_LIMIT_BYTES // 1_000_000} MB",
                        where=url,
                        remedy="Check the address",
                    )
                file.write(chunk)
                digest.update(chunk)
                if progress:
                    progress(done, total)
    except urllib.error.HTTPError as error:
        with error:
            raise SimulatorError(
                f"the server answered {error.code} {error.reason}", where=url, remedy="Check the version"
            ) from error
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise _unreachable(url, error) from error
    if total is not None and done != total:
        raise SimulatorError(
            f"the download broke off after {done} of {total} bytes", where=url, remedy="Try again"
        )
    return digest.hexdigest()


def _unreachable(url: str, error: Exception) -> SimulatorError:
    reason = getattr(error, "reason", None) or error
    return SimulatorError(
        f"cannot be downloaded ({reason})",
        where=url,
        remedy="Check the internet connection, or copy the program here by hand (docs/sitl.md)",
    )


def _offered_sha256(url: str) -> tuple[str | None, str]:
    text = _optional_text(url, f"{url.rsplit('/', 1)[1]}.sha256")
    found = re.match(r"[0-9a-fA-F]{64}\b", text)
    return (found[0].lower(), "the server's checksum") if found else (None, "")


def _optional_text(url: str, name: str) -> str:
    """A small text beside the program, "" where there is none. Raises SimulatorError without an answer."""
    beside = f"{url.rsplit('/', 1)[0]}/{name}"
    try:
        with urllib.request.urlopen(beside, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            return str(answer.read(_TEXT_LIMIT_BYTES).decode("utf-8", "replace")).strip()
    except urllib.error.HTTPError as error:
        error.close()
        return ""
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise _unreachable(beside, error) from error


def _commit(git_version: str) -> str:
    found = re.search(r"commit ([0-9a-f]{7,40})", git_version)
    return found[1] if found else ""


def _check_program(path: Path, kind: Kind, url: str) -> None:
    with path.open("rb") as file:
        head = file.read(20)
    magic, machine = _ELF_X86_64
    if not head.startswith(magic) or int.from_bytes(head[18:20], "little") != machine:
        raise SimulatorError("is no Linux program for x86-64", where=url, remedy="Check the address")
    if version_of(path, kind) is None:
        raise SimulatorError(f"is a program, but no ArduPilot {kind}", where=url, remedy="Check the address")
