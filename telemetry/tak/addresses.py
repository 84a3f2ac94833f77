"""Where events go to and come from, as people write it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from missions.errors import LinkError

FORMS = (
    "tak+udp://HOST:PORT (a group such as 239.2.3.1:6969 is a mesh), tak+tcp://HOST:PORT, "
    "tak+tls://HOST:PORT?ca=FILE&cert=FILE&key=FILE"
)
_SCHEMES = {"tak+udp": "udp", "tak+tcp": "tcp", "tak+tls": "tls"}
_COMMON = {"udp": {"protocol", "interface", "ttl"}, "tcp": set[str]()}
_OPTIONS = {**_COMMON, "tls": {"ca", "cert", "key", "password_file", "name", "verify"}}
_HOST = re.compile(r"[A-Za-z0-9._:%-]+")


@dataclass(frozen=True, slots=True)
class TakAddress:
    """One destination. `kind` is "udp", "tcp" or "tls"; `text` is what people wrote.

    UDP: `protocol` 0 is XML and 1 protobuf, `interface` the address of the interface that a mesh is reached
    through, `ttl` how many routers a datagram may pass. TLS: `ca` signed the server's certificate, `cert`
    and `key` are ours (PEM), `password_file` holds the key's password, `name` is the name in the server's
    certificate where that is not the host. `verify` is "yes", "ca" (who signed it, not its name) or "no".
    """

    text: str
    kind: str
    host: str
    port: int
    protocol: int = 0
    interface: str | None = None
    ttl: int = 1
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    password_file: Path | None = None
    name: str | None = None
    verify: str = "yes"

    @property
    def multicast(self) -> bool:
        """Whether it is a mesh: a group that many listen to."""
        try:
            return self.kind == "udp" and ipaddress.ip_address(self.host).is_multicast
        except ValueError:
            return False


def tak_address(text: str) -> TakAddress:
    """What an address such as `tak+udp://239.2.3.1:6969` says. Raises LinkError."""
    try:
        parts = urlsplit(text)
        port = parts.port
        options = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError as error:
        raise _malformed(text, str(error)) from error
    kind = _SCHEMES.get(parts.scheme)
    host = parts.hostname or ""
    if kind is None or not port or not _HOST.fullmatch(host):
        raise _malformed(text, "a scheme, a host and a port are needed")
    if parts.path not in {"", "/"} or parts.fragment or parts.username is not None:
        raise _malformed(text, "nothing but ?options may follow the port")
    given = dict(options)
    strange = sorted(given.keys() - _OPTIONS[kind])
    if strange or len(given) != len(options):
        known = ", ".join(sorted(_OPTIONS[kind])) or "none"
        raise _malformed(text, f"option {strange[0] if strange else 'given twice'}: {kind} knows {known}")
    if bool(given.get("cert")) != bool(given.get("key")):
        raise _malformed(text, "cert and key belong together")
    return TakAddress(
        text=_without_options(text),
        kind=kind,
        host=host,
        port=port,
        protocol=int(_choice(text, given, "protocol", ("0", "1"))),
        interface=_interface(text, given.get("interface")),
        ttl=int(_choice(text, given, "ttl", tuple(map(str, range(1, 256))))),
        ca=_path(given, "ca"),
        cert=_path(given, "cert"),
        key=_path(given, "key"),
        password_file=_path(given, "password_file"),
        name=given.get("name"),
        verify=_choice(text, given, "verify", ("yes", "ca", "no")),
    )


def _without_options(text: str) -> str:
    return text.partition("?")[0]


def _path(given: dict[str, str], name: str) -> Path | None:
    return Path(given[name]).expanduser() if given.get(name) else None


def _interface(text: str, value: str | None) -> str | None:
    if value is None:
        return None
    try:
        return str(ipaddress.IPv4Address(value))
    except ValueError as error:
        raise _malformed(text, f"interface {value!r} is no IPv4 address") from error


def _choice(text: str, given: dict[str, str], name: str, choices: tuple[str, ...]) -> str:
    value = given.get(name, choices[0])
    if value not in choices:
        shown = f"{choices[0]} to {choices[-1]}" if len(choices) > 3 else " or ".join(choices)
        raise _malformed(text, f"{name} {value!r} is not {shown}")
    return value


def _malformed(text: str, why: str) -> LinkError:
    return LinkError(f"this is no TAK address ({why})", where=text, remedy=f"Write one of {FORMS}")
