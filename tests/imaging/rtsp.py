"""A camera that speaks just enough RTSP (RFC 2326): one client, MPEG-TS in RTP, over the same connection."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=thermal\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=video 0 RTP/AVP 33\r\na=rtpmap:33 MP2T/90000\r\na=control:track1\r\n"
)
_TS_AT_ONCE = 7 * 188


@contextmanager
def camera(data: bytes) -> Iterator[str]:
    """The address at which MPEG-TS can be had once."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_serve, args=(server, data), daemon=True)
        thread.start()
        yield f"rtsp://pilot:secret@127.0.0.1:{server.getsockname()[1]}/live"
        thread.join(10)


def _serve(server: socket.socket, data: bytes) -> None:
    connection, _ = server.accept()
    with connection, connection.makefile("rb") as asked, suppress(OSError):
        for line in asked:
            method = line.split(b" ")[0].decode("ascii", "replace")
            headers = _headers(iter(asked.readline, b""))
            answer = f"RTSP/1.0 200 OK\r\nCSeq: {headers.get('cseq', '0')}\r\n"
            if method == "OPTIONS":
                answer += "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n"
            elif method == "DESCRIBE":
                answer += f"Content-Type: application/sdp\r\nContent-Length: {len(SDP)}\r\n\r\n{SDP}"
            elif method == "SETUP":
                answer += "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1;timeout=60\r\n\r\n"
            else:
                answer += "Session: 1\r\n\r\n"
            connection.sendall(answer.encode())
            if method == "PLAY":
                _play(connection, data)
                return


def _headers(lines: Iterator[bytes]) -> dict[str, str]:
    headers = {}
    for line in lines:
        if not line.strip():
            break
        name, _, value = line.decode("ascii", "replace").partition(":")
        headers[name.strip().lower()] = value.strip()
    return headers


def _play(connection: socket.socket, data: bytes) -> None:
    """Interleaved RTP packets (RFC 2326, 10.12; RFC 3550)."""
    for number, at in enumerate(range(0, len(data), _TS_AT_ONCE)):
        rtp = struct.pack(">BBHII", 0x80, 33, number & 0xFFFF, number * 900, 1) + data[at : at + _TS_AT_ONCE]
        connection.sendall(b"$\0" + struct.pack(">H", len(rtp)) + rtp)
