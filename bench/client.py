"""`python -m bench.client PORT PATH CONNECTIONS`: POSTs the bodies on its input, one a line, and prints what it took.

A line may begin with headers of its own, as a JSON object and a tab.

A process of its own and cheap on the processor, which it shares with the server: requests are made up beforehand, and
an answer is read only as far as its status, its length and its count.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field

import uvloop


@dataclass(slots=True)
class Load:
    """What is left to send, and how long each answer took."""

    requests: list[bytes]
    latencies: list[float] = field(default_factory=list)
    accepted: int = 0


async def _connection(port: int, load: Load) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while load.requests:
        request = load.requests.pop()
        start = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        body = await _body(reader, head.lower())
        load.latencies.append(time.perf_counter() - start)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"answered {head[:60]!r} {body[:300]!r}")
        load.accepted += json.loads(body).get("accepted", 1) if body else 1
    writer.close()


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    """The rest of an answer, of a length that was told or in chunks."""
    if b"transfer-encoding: chunked" not in head:
        return await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))
    body = b""
    while length := int(await reader.readline(), 16):
        body += (await reader.readexactly(length + 2))[:-2]
    await reader.readline()
    return body


def _request(head: str, line: bytes) -> bytes:
    own, tab, body = line.partition(b"\t")
    headers, body = (json.loads(own), body) if tab else ({}, line)
    more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{head}{more}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def _run(port: int, path: str, connections: int, bodies: list[bytes]) -> dict[str, object]:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    load = Load([_request(head, line) for line in reversed(bodies)])
    start, processor = time.perf_counter(), time.process_time()
    await asyncio.gather(*(_connection(port, load) for _ in range(connections)))
    return {
        "seconds": time.perf_counter() - start,
        "processor": time.process_time() - processor,
        "latencies": load.latencies,
        "accepted": load.accepted,
    }


def main() -> None:
    """Sends everything, prints one JSON object."""
    port, path, connections = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    bodies = sys.stdin.buffer.read().splitlines()
    print(json.dumps(uvloop.run(_run(port, path, connections, bodies))))


if __name__ == "__main__":
    main()
