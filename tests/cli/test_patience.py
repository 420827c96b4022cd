"""The bounds on a connection, on the server that serves: slow and endless requests are cut off, others are not."""

import socket
import threading
from contextlib import contextmanager, suppress

import pytest
import uvicorn

from gridmap.cli import patience
from gridmap.cli.serve import SERVER

SHORT, LONG, EVER = 0.2, 1.0, 10.0
HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def echo(scope, receive, send):
    """Answer with the length of the body."""
    if scope["type"] != "http":
        return
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        length += len(message["body"])
        more = message["more_body"]
    body = str(length).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(echo, **{**SERVER, "log_level": "critical"}))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join()


@pytest.fixture
def hurried(monkeypatch):
    """Let the server wait no longer than a test can."""
    monkeypatch.setattr(patience, "HEAD_SECONDS", SHORT)
    monkeypatch.setattr(patience, "BODY_SECONDS", LONG)


@contextmanager
def connected(port):
    with socket.create_connection(("127.0.0.1", port), EVER) as link:
        yield link


def until_closed(link):
    """Read until the server hangs up; a server that does not fails by the time-out."""
    said = b""
    try:
        while more := link.recv(1 << 16):
            said += more
    except ConnectionResetError:
        pass
    return said


def trickle(link, piece):
    """Send a piece as often as the server takes it, with a pause in which it may hang up."""
    link.settimeout(SHORT / 8)
    for _ in range(int(EVER * 8 / SHORT)):
        try:
            link.sendall(piece)
            if link.recv(1 << 16) == b"":
                return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


@pytest.mark.usefixtures("hurried")
class TestTooSlow:
    @pytest.mark.parametrize("begun", [b"", b"G", HEAD, HEAD + b"Content-Length: 5\r\n\r\n12"])
    def test_a_client_that_stops_is_left(self, port, begun):
        with connected(port) as link:
            link.sendall(begun)
            assert until_closed(link) == b""

    @pytest.mark.parametrize(
        ("begun", "piece"),
        [
            (b"", b"G"),
            (HEAD, b"X"),
            (HEAD, b"X: y\r\n"),
            (HEAD + b"Content-Length: 999999\r\n\r\n", b"1"),
            (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n1\r\n"),
            (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
        ],
    )
    def test_drops_do_not_buy_time(self, port, begun, piece):
        with connected(port) as link:
            link.sendall(begun)
            assert trickle(link, piece)

    def test_after_an_answer_the_next_head_is_waited_for_no_longer(self, port):
        with connected(port) as link:
            link.sendall(GET)
            assert link.recv(1 << 16).endswith(b"\r\n\r\n0")
            assert trickle(link, b"G")


class TestTooLarge:
    @pytest.mark.parametrize(
        "begun",
        [HEAD, HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;"],
    )
    def test_headers_without_end_are_refused(self, port, begun):
        with connected(port) as link:
            link.sendall(begun)
            with suppress(OSError):
                for _ in range(1000):
                    link.sendall(b"x" * 1000 if begun.endswith(b";") else b"X: " + b"y" * 1000 + b"\r\n")
            assert b"HTTP/1.1 200" not in until_closed(link)


class TestGood:
    def test_a_body_may_be_as_large_as_it_likes_and_come_in_pieces(self, port):
        with connected(port) as link:
            link.sendall(HEAD + b"Content-Length: 3000000\r\n\r\n")
            for _ in range(300):
                link.sendall(b"x" * 10_000)
            assert link.recv(1 << 16).endswith(b"3000000")

    def test_many_small_chunks(self, port):
        with connected(port) as link:
            link.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 50_000 + b"0\r\n\r\n")
            assert link.recv(1 << 16).endswith(b"50000")

    def test_one_connection_takes_many_requests_also_before_their_answers(self, port):
        with connected(port) as link:
            for _ in range(3):
                link.sendall(GET)
                assert link.recv(1 << 16).endswith(b"\r\n\r\n0")
            link.sendall(GET * 3)
            said = b""
            while said.count(b"HTTP/1.1 200") < 3:
                said += link.recv(1 << 16)

    def test_nobody_is_told_what_serves(self, port):
        with connected(port) as link:
            link.sendall(GET)
            assert b"server:" not in link.recv(1 << 16).lower()

    def test_a_wish_to_upgrade_is_passed_over(self, port):
        with connected(port) as link:
            link.sendall(GET[:-2] + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n")
            assert link.recv(1 << 16).startswith(b"HTTP/1.1 200")
