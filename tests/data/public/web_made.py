"""A small web server on this machine, which can be told to behave badly."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Web:
    """Files by path, what was asked for, and how the server behaves.

    Args:
        files: path -> content.
        ranges: whether it answers ranges.
        tag: its ETag, or None.
        cut: bytes of a body after which it hangs up, once.
        shifted: whether it answers a range with another one.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    tag: str | None = '"v1"'
    cut: int | None = None
    shifted: bool = False
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    port: int = 0

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"


class Handler(BaseHTTPRequestHandler):
    web: Web

    def do_GET(self) -> None:
        web = self.web
        asked = self.headers.get("Range")
        web.asked.append((self.path.strip("/"), asked))
        body = web.files.get(self.path.strip("/"))
        if body is None:
            self.send_error(404)
            return
        start = 0
        same = self.headers.get("If-Range") in {None, web.tag}
        if asked and web.ranges and same:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
        if start >= len(body) > 0 and start:
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            shown = start + (1 if web.shifted else 0)
            self.send_header("Content-Range", f"bytes {shown}-{len(body) - 1}/{len(body)}")
        if web.tag:
            self.send_header("ETag", web.tag)
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        piece = body[start:]
        if web.cut is not None:
            piece, web.cut = piece[: web.cut], None
            self.close_connection = True
        self.wfile.write(piece)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[Web]:
    """A running server."""
    web = Web()
    handler = type("Handler", (Handler,), {"web": web})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    web.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
