"""One who asks over HTTP: connections that each send the next question when the answer to the last has come.

``asking.py PORT SECONDS CONNECTIONS``, with the addresses to ask on standard input, one a line. Prints as JSON how many
answers came a second, and the times to them in milliseconds that half and 99 of 100 stayed within.
"""

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Iterator

import uvloop

END, LENGTH = b"\r\n\r\n", b"content-length: "


class Asker(asyncio.Protocol):
    """One connection.

    Parameters
    ----------
    requests
        What to send, without end; shared with the others.
    times
        Seconds from each question to its answer; shared as well.
    """

    def __init__(self, requests: Iterator[bytes], times: list[float]) -> None:
        self.requests = requests
        self.times = times
        self.held = b""
        self.began = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Ask for the first time."""
        self.transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Note the time when an answer is whole, and ask again."""
        self.held += data
        head = self.held.find(END)
        if head < 0:
            return
        if not self.held.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(self.held.decode(errors="replace"))
        length = self.held.index(LENGTH) + len(LENGTH)
        if len(self.held) < head + len(END) + int(self.held[length : self.held.index(b"\r", length)]):
            return
        self.times.append(time.perf_counter() - self.began)
        self.held = b""
        self._ask()

    def _ask(self) -> None:
        self.began = time.perf_counter()
        self.transport.write(next(self.requests))


async def ask(port: int, seconds: float, connections: int, addresses: list[str]) -> dict[str, float]:
    """Ask for some seconds."""
    loop = asyncio.get_running_loop()
    failed: asyncio.Future[None] = loop.create_future()
    loop.set_exception_handler(lambda _, told: failed.done() or failed.set_exception(told["exception"]))
    requests = itertools.cycle(f"GET {address} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for address in addresses)
    times: list[float] = []
    began, used = time.perf_counter(), time.process_time()
    for _ in range(connections):
        await loop.create_connection(lambda: Asker(requests, times), "127.0.0.1", port)
    await asyncio.wait([failed], timeout=seconds)
    if failed.done():
        failed.result()
    spent = time.perf_counter() - began
    busy = (time.process_time() - used) / spent
    times.sort()
    half, most = (times[int(len(times) * share)] * 1e3 for share in (0.5, 0.99))
    return {"answers": len(times), "rate": len(times) / spent, "p50": half, "p99": most, "busy": busy}


def main() -> None:
    port, seconds, connections = sys.argv[1:]
    print(json.dumps(uvloop.run(ask(int(port), float(seconds), int(connections), sys.stdin.read().split()))))


if __name__ == "__main__":
    main()
