"""What every request passes and every answer carries.

A page elsewhere must not be able to use a browser in the command room to read this service or to direct it:
a request must name a host that is ours (against DNS rebinding), and a WebSocket and whatever changes
something must come from our own page (a browser lets any page open the one and send the other). Accounts
come later; until then the service listens on this machine alone.
"""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_SITES = frozenset({"same-origin", "none"})
"""Of Sec-Fetch-Site (W3C Fetch Metadata): from our own page, or typed by a person."""
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def page_policy(tiles_url: str = "") -> str:
    """The Content-Security-Policy: everything from here, nothing inline; MapLibre's worker is a blob.

    Map tiles may come from the one server that the settings name.
    """
    tiles = urlsplit(tiles_url)
    tile_host = (
        f" {tiles.scheme}://{tiles.netloc}" if tiles.scheme in {"http", "https"} and tiles.netloc else ""
    )
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' data: blob:{tile_host}",
            f"connect-src 'self'{tile_host}",
            "worker-src blob:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


class Guard:
    """ASGI middleware: refuses what comes from elsewhere, and adds the security headers.

    Every answer about a replay says so in a header, `Droneteam-Replay`.
    """

    def __init__(self, app: ASGIApp, *, host: str, tiles_url: str = "", replay: bool = False) -> None:
        self._app = app
        self._hosts = LOCAL_NAMES | {host} if _is_loopback(host) else None
        self._headers = {
            "Content-Security-Policy": page_policy(tiles_url),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        if replay:
            self._headers["Droneteam-Replay"] = "true"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, self._dressed(send))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": refusal})
        else:
            await PlainTextResponse(refusal, status_code=421)(scope, receive, send)

    def _refusal(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if self._hosts is not None and (urlsplit(f"//{host}").hostname or "") not in self._hosts:
            return "this service does not go by that name"
        origin = headers.get("origin")
        foreign = origin is not None and urlsplit(origin).netloc != host
        if scope["type"] == "websocket":
            return "a page from elsewhere may not listen" if foreign else None
        if scope["method"] not in SAFE_METHODS:
            foreign = foreign or headers.get("sec-fetch-site", "none") not in OWN_SITES
            return "a page from elsewhere may change nothing" if foreign else None
        return None

    def _dressed(self, send: Send) -> Send:
        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        return dressed


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
