"""Ports that nobody listens on."""

from __future__ import annotations

import socket


def free_udp_port() -> int:
    """A port of this machine that is free now."""
    return _free(socket.SOCK_DGRAM)


def free_tcp_port() -> int:
    """A port of this machine that is free now."""
    return _free(socket.SOCK_STREAM)


def _free(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
