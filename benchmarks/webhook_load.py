"""Send deliveries, or hold connections that do harm; started by `webhooks.py`, for each in a process of its own.

Reads a JSON object from standard input: `port`, `rate` in deliveries a second, and `abuse` (a key of ABUSES) or `sender` (a key
of SENDERS) and `bodies`; without `port` it is the empty server. A sender writes one to standard output: the number of each status ("none" without a response), and
the latencies in milliseconds from before the connection.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

PATIENCE = 10.0
"""Seconds that a sender waits for its responses."""
PAUSE = 0.5
"""Seconds after which an abusive connection that was closed is opened again."""
FRIEND, STRANGER, STRANGERS = "127.0.0.1", "127.0.0.2", "127.1.{}.{}"
"""Addresses of the loopback network on Linux: of the sender, of another one, and of many others."""
REUSED, PIPELINED = 20, 10
"""Connections that are kept alive; requests that are sent at once."""

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def request(body: bytes = b"", *, length: int | None = None, path: str = "/webhook") -> bytes:
    """Return a request; `length` is its Content-Length if it is to differ from the body's."""
    size = len(body) if length is None else length
    return f"POST {path} HTTP/1.1\r\nHost: receiver\r\nContent-Length: {size}\r\n\r\n".encode() + body


@dataclass(frozen=True, slots=True, kw_only=True)
class Abuse:
    """Connections that deliver nothing. Each sends `opening`, then a byte a second if it `drips`.

    `ends` closes the sending direction after the opening.
    """

    count: int = 250
    opening: bytes = b""
    drips: bool = False
    ends: bool = False
    address: str = FRIEND


NO_BODY = request(length=500)
ABUSES = {
    "120 without a body": Abuse(count=120, opening=NO_BODY),
    "250 without a body": Abuse(opening=NO_BODY),
    "250 that send nothing": Abuse(),
    "250 at a byte a second": Abuse(opening=NO_BODY, drips=True),
    "250 with half a head": Abuse(opening=NO_BODY[:-9], drips=True),
    "250 half-open": Abuse(opening=NO_BODY, ends=True),
    "250 kept alive": Abuse(opening=request(path="/")),
    "250 with pipelined junk": Abuse(opening=request(b"x.y.z") * PIPELINED),
    "250 with large bodies": Abuse(opening=request(b"x" * 999_998, length=999_999)),
    "2000 of one address": Abuse(count=2000, opening=NO_BODY, address=STRANGER),
    "2000 of the same address": Abuse(count=2000, opening=NO_BODY),
    "2000 of many addresses": Abuse(count=2000, opening=NO_BODY, address=STRANGERS),
}


@dataclass(slots=True, kw_only=True)
class Load:
    """A load on `port` with its results so far."""

    port: int
    rate: float
    statuses: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)

    async def connect(self, address: str = FRIEND) -> Streams:
        """Return a new connection from this address."""
        return await asyncio.open_connection("127.0.0.1", self.port, local_addr=(address, 0))

    async def schedule(self, jobs: list[list[bytes]], send: Callable[[list[bytes]], Awaitable[None]]) -> None:
        """Start each job, the bodies of one `send`, at its time, however long the earlier ones take."""
        began = time.perf_counter()
        sent = 0
        async with asyncio.TaskGroup() as group:
            for job in jobs:
                await asyncio.sleep(began + sent / self.rate - time.perf_counter())
                sent += len(job)
                group.create_task(_run(send, job))

    async def send_once(self, bodies: list[bytes]) -> None:
        """Send the bodies at once on a new connection."""
        began = time.perf_counter()
        streams = None
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                streams = await self.connect()
        await self.exchange(streams, bodies, began)
        if streams is not None:
            await close(streams[1])

    async def exchange(self, streams: Streams | None, bodies: list[bytes], began: float) -> bool:
        """Send the bodies at once and record their responses; return True if the connection can be used again."""
        left, usable = len(bodies), False
        with suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                if streams is not None:
                    streams[1].write(b"".join(map(request, bodies)))
                while streams is not None and left:
                    status, usable = await read_response(streams[0])
                    self.statuses[status] += 1
                    self.latencies.append(1000 * (time.perf_counter() - began))
                    left -= 1
        if left:
            self.statuses["none"] += left
        return usable and not left

    async def abuse(self, abuse: Abuse, number: int, ready: asyncio.Semaphore) -> None:
        """Hold one abusive connection, and open it again whenever it is closed."""
        address = abuse.address.format(number // 250, number % 250 + 1)
        while True:
            with suppress(OSError):
                reader, writer = await self.connect(address)
                writer.write(abuse.opening)
                if abuse.ends:
                    writer.write_eof()
                ready.release()
                drip = asyncio.create_task(_drip(writer)) if abuse.drips else None
                with suppress(OSError):
                    while await reader.read(65_536):
                        pass
                if drip is not None:
                    drip.cancel()
                writer.transport.abort()
            await asyncio.sleep(PAUSE)


async def _run(send: Callable[[list[bytes]], Awaitable[None]], job: list[bytes]) -> None:
    await send(job)


async def _drip(writer: asyncio.StreamWriter) -> None:
    while True:
        await asyncio.sleep(1)
        writer.write(b"x")


async def close(writer: asyncio.StreamWriter) -> None:
    """Close a connection, also one that the receiver has closed."""
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def read_response(reader: asyncio.StreamReader) -> tuple[str, bool]:
    """Return the status of the next response, and True if the connection can be used again."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r")[0]))
    return head.split()[1].decode(), b"connection: close" not in head


async def send_alone(load: Load, bodies: list[bytes]) -> None:
    """Send each body on a connection of its own."""
    await load.schedule([[body] for body in bodies], load.send_once)


async def send_pipelined(load: Load, bodies: list[bytes]) -> None:
    """Send several bodies at once on each connection."""
    await load.schedule([bodies[n : n + PIPELINED] for n in range(0, len(bodies), PIPELINED)], load.send_once)


async def send_kept_alive(load: Load, bodies: list[bytes]) -> None:
    """Send the bodies on connections that stay open, as a reverse proxy does."""
    idle: asyncio.LifoQueue[Streams | None] = asyncio.LifoQueue()
    for _ in range(REUSED):
        idle.put_nowait(None)

    async def send(job: list[bytes]) -> None:
        began = time.perf_counter()
        streams = await idle.get()
        try:
            if streams is None or streams[0].at_eof():
                streams = await load.connect()
            if not await load.exchange(streams, job, began):
                await close(streams[1])
                streams = None
        finally:
            idle.put_nowait(streams)

    await load.schedule([[body] for body in bodies], send)


SENDERS = {"alone": send_alone, "kept alive": send_kept_alive, "pipelined": send_pipelined}


async def hold(load: Load, abuse: Abuse) -> None:
    """Hold the abusive connections until this process is stopped; print a line when each was open once."""
    ready = asyncio.Semaphore(0)
    async with asyncio.TaskGroup() as group:
        for number in range(abuse.count):
            group.create_task(load.abuse(abuse, number, ready))
        for _ in range(abuse.count):
            await ready.acquire()
        print("ready", flush=True)


async def respond() -> None:
    """Print a port, and respond with 200 to what arrives there without looking at it, until this process is stopped."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r")[0]))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await close(writer)

    server = await asyncio.start_server(answer, FRIEND, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def run() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    work = json.load(sys.stdin)
    if "port" not in work:
        await respond()
    load = Load(port=work["port"], rate=work["rate"])
    if "abuse" in work:
        await hold(load, ABUSES[work["abuse"]])
    await SENDERS[work["sender"]](load, [body.encode() for body in work["bodies"]])
    json.dump({"statuses": load.statuses, "latencies": load.latencies}, sys.stdout)


if __name__ == "__main__":
    asyncio.run(run())
