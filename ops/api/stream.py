"""One client of the live stream: a snapshot, then what changed, at the pace that the client asked for.

The sender waits for this client's socket alone. While it waits nothing is queued for the client: when the
socket takes a message again it gets the newest state, and is told how many messages it missed.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from fastapi import WebSocket, WebSocketDisconnect

from ops.api.around import Versions
from ops.api.desk import Desk
from ops.api.folder import Section
from ops.api.picture import Cursor

STALL_LIMIT_S = 20.0
"""A client that takes nothing for so long is let go; its page connects again by itself."""
SILENCE_LIMIT_S = 1.0
"""Nothing changed: say so this often, so that a client can tell quiet from dead."""
GOING_AWAY = 1001


async def stream(socket: WebSocket, desk: Desk, hz: float, closing: asyncio.Event) -> None:
    """Serve one client until it leaves, stalls for too long or the server closes."""
    await socket.accept()
    sending = asyncio.create_task(_Sender(socket, desk, hz).run())
    leaving = asyncio.create_task(_until_gone(socket))
    stopping = asyncio.create_task(closing.wait())
    tasks = (sending, leaving, stopping)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    if closing.is_set():
        await _say_goodbye(socket)
    failure = outcomes[0]
    if isinstance(failure, Exception) and not isinstance(failure, WebSocketDisconnect | TimeoutError):
        raise failure


async def _until_gone(socket: WebSocket) -> None:
    """Read and forget whatever the client says, until it is gone."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _say_goodbye(socket: WebSocket) -> None:
    try:
        async with asyncio.timeout(0.5):
            await socket.close(GOING_AWAY, "the server stops")
    except (TimeoutError, WebSocketDisconnect, RuntimeError):
        return


@dataclass(slots=True)
class _Sender:
    socket: WebSocket
    desk: Desk
    hz: float
    cursor: Cursor = field(default_factory=Cursor)
    sections: dict[Section, int] = field(default_factory=dict)
    missed: int = 0
    boards: Versions = field(default_factory=dict)
    playing: tuple[bool, float] = (False, 1.0)

    async def run(self) -> None:
        self.sections = dict(self.desk.sections)
        await self._send_snapshot()
        clock = asyncio.get_running_loop().time
        due_s = said_s = clock()
        while True:
            due_s = max(due_s + 1 / self.hz, clock())
            await asyncio.sleep(due_s - clock())
            quiet = clock() - said_s < SILENCE_LIMIT_S
            if await self._send_delta(skip_empty=quiet):
                said_s = clock()

    async def _send_snapshot(self) -> None:
        said = await asyncio.to_thread(self.desk.snapshot, self.hz)
        self.cursor, self.boards, self.missed = said.upto, said.boards, 0
        await self._send(said.text)

    async def _send_delta(self, *, skip_empty: bool) -> bool:
        """Whether anything was sent; what a replay showed before a jump is no base to add to."""
        said = self.desk.delta(self.cursor, self.sections, self.missed, self.boards)
        if said is None:
            await self._send_snapshot()
            return True
        playing = self.desk.playing
        if skip_empty and not said.news and playing == self.playing:
            return False
        self.cursor, self.sections, self.missed = said.upto, dict(self.desk.sections), 0
        self.playing, self.boards = playing, said.boards
        await self._send(said.text)
        return True

    async def _send(self, text: str) -> None:
        clock = asyncio.get_running_loop().time
        began_s = clock()
        async with asyncio.timeout(STALL_LIMIT_S):
            await self.socket.send_text(text)
        self.missed += int((clock() - began_s) * self.hz)
