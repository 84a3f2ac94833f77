"""Installing ArduPilot from a server of the official layout."""

from __future__ import annotations

import hashlib
import http.server
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from missions.errors import SettingsError, SimulatorError
from sitl.ardupilot import find, install, list_installed

ELF_HEAD = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00\x3e\x00"
COPTER = ELF_HEAD + b"\0" * 3000 + b"ArduCopter V4.5.4\0" + b"\1" * 300_000
PLANE = ELF_HEAD + b"\0" * 3000 + b"ArduPlane V4.5.4\0" + b"\2" * 3000
LAYOUT = "Copter/stable/SITL_x86_64_linux_gnu/arducopter"


class Server:
    """An HTTP server on this machine with the official server's layout."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.announced: dict[str, int] = {}
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                data = outer.files.get(self.path.lstrip("/"))
                if data is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(outer.announced.get(self.path.lstrip("/"), len(data))))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    server.files[LAYOUT] = COPTER
    yield server
    server.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place to install to."""
    folder = tmp_path / "programs"
    monkeypatch.setenv("DRONETEAM_SITL", str(folder))
    return folder


def test_it_downloads_what_find_then_finds(server: Server, folder: Path) -> None:
    base = LAYOUT.rsplit("/", 1)[0]
    server.files[f"{base}/firmware-version.txt"] = b"4.5.4-FIRMWARE_VERSION_TYPE_OFFICIAL\n"
    server.files[f"{base}/git-version.txt"] = b"commit 0123456789abcdef\nAuthor: someone\n"
    told: list[tuple[int, int | None]] = []
    binary = install("copter", base_url=server.url, progress=lambda *args: told.append(args))
    assert binary == find("copter")
    assert binary.path.read_bytes() == COPTER
    assert os.access(binary.path, os.X_OK)
    assert told[-1] == (len(COPTER), len(COPTER))
    record = binary.record
    assert record is not None
    assert record.sha256 == hashlib.sha256(COPTER).hexdigest()
    assert record.version.startswith("4.5.4")
    assert record.commit == "0123456789abcdef"
    assert record.verified_by == ""
    assert [installed.kind for installed in list_installed()] == ["copter"]


def test_a_version_by_number_has_its_own_folder(server: Server, folder: Path) -> None:
    server.files["Plane/stable-4.5.4/SITL_x86_64_linux_gnu/arduplane"] = PLANE
    assert install("plane", "4.5.4", server.url).kind == "plane"


def test_the_servers_checksum_is_used_where_there_is_one(server: Server, folder: Path) -> None:
    digest = hashlib.sha256(COPTER).hexdigest()
    server.files[f"{LAYOUT}.sha256"] = f"{digest}  arducopter\n".encode()
    record = install("copter", base_url=server.url).record
    assert record is not None
    assert record.verified_by == "the server's checksum"
    server.files[f"{LAYOUT}.sha256"] = b"0" * 64
    refuse(server, "SHA-256")


def test_a_given_checksum_must_fit(server: Server, folder: Path) -> None:
    right = hashlib.sha256(COPTER).hexdigest()
    with pytest.raises(SimulatorError, match="SHA-256"):
        install("copter", base_url=server.url, sha256="ab" * 32)
    assert list(folder.iterdir()) == []
    record = install("copter", base_url=server.url, sha256=right.upper()).record
    assert record is not None
    assert record.verified_by == "the given checksum"


def test_what_was_installed_survives_a_failure(server: Server, folder: Path) -> None:
    install("copter", base_url=server.url)
    server.files[LAYOUT] = b"<html>we moved</html>" * 10
    refuse(server, "no Linux program")
    binary = find("copter")
    assert binary is not None
    assert binary.path.read_bytes() == COPTER


def test_a_download_that_breaks_off_is_refused(server: Server, folder: Path) -> None:
    server.announced[LAYOUT] = len(COPTER) + 1000
    refuse(server, "broke off")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no Linux program"),
        (b"#!/bin/sh\necho hello there everyone\n", "no Linux program"),
        (ELF_HEAD[:18] + b"\xb7\x00" + COPTER[20:], "no Linux program"),
        (ELF_HEAD + bytes(5000), "no ArduPilot copter"),
        (PLANE, "no ArduPilot copter"),
    ],
    ids=["empty", "script", "other machine", "other program", "plane"],
)
def test_what_is_no_ardupilot_is_refused(server: Server, folder: Path, data: bytes, why: str) -> None:
    server.files[LAYOUT] = data
    refuse(server, why)
    assert list(folder.iterdir()) == []


def test_a_version_that_the_server_lacks_is_refused(server: Server, folder: Path) -> None:
    with pytest.raises(SimulatorError, match="404"):
        install("copter", "1.2.3", server.url)


@pytest.mark.parametrize("version", ["../../etc", "stable-4", "", "4.5.4/../.."])
def test_a_version_that_is_none_is_refused(server: Server, folder: Path, version: str) -> None:
    with pytest.raises(SettingsError, match="no version"):
        install("copter", version, server.url)


@pytest.mark.parametrize("address", ["file:///etc", "ftp://127.0.0.1", "nonsense"])
def test_an_address_that_is_none_is_refused(folder: Path, address: str) -> None:
    with pytest.raises(SettingsError, match="address"):
        install("copter", base_url=address)


def test_without_a_network_it_says_so_once(folder: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(SimulatorError, match="Check the internet connection"):
            install("copter", base_url=f"http://127.0.0.1:{unused.getsockname()[1]}")
    assert not folder.exists() or list(folder.iterdir()) == []


def refuse(server: Server, why: str) -> None:
    with pytest.raises(SimulatorError, match=why):
        install("copter", base_url=server.url)
