"""A small web server on this machine that can do, and get wrong, what servers of large files do."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server(ThreadingHTTPServer):
    """Serves `content` at every path.

    Attributes:
        version: the ETag of the content, "" for none.
        ranges: whether it can begin in the middle.
        cut: bytes after which it closes the connection; None: never.
        status: answered instead of the content; 0: the content.
        asked: the Range of each request, "" for none.
    """

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content, self.version, self.ranges, self.status = content, '"1"', True, 0
        self.cut: int | None = None
        self.asked: list[str] = []

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{name}"


class _Handler(BaseHTTPRequestHandler):
    server: Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        server, asked = self.server, self.headers.get("Range", "")
        server.asked.append(asked)
        if server.status:
            self.send_error(server.status)
            return
        start = 0
        if asked and server.ranges and self.headers.get("If-Range") == server.version:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
        size = len(server.content)
        self.send_response(416 if start >= size else 206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {'*' if start >= size else f'{start}-{size - 1}'}/{size}")
        if server.version:
            self.send_header("ETag", server.version)
        self.send_header("Content-Length", str(max(0, size - start)))
        self.end_headers()
        with suppress(ConnectionError):  # who asked may have gone
            self.wfile.write(server.content[start:][: server.cut])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def serving(content: bytes) -> Iterator[Server]:
    """A server, running while the block does."""
    with Server(content) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
