"""A server of model files that misbehaves as it is told to."""

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from rmpe.models import transfer

CONTENT = np.random.default_rng(0).bytes(3_000_000)  # more than a chunk


class Server(ThreadingHTTPServer):
    """Serves `files` by path; remembers what it was asked; misbehaves under some paths."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.requests, self.ranges, self.version = {}, [], [], "1"
        self.cuts = {}  # kind -> how often it still breaks off
        self.go_on = threading.Event()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server = self.server
        server.requests.append(self.path)
        server.ranges.append(self.headers.get("Range"))
        self.close_connection = True
        kind, _, name = self.path[1:].partition("/")
        if kind in ("moved", "down"):
            self.send_response(302)
            self.send_header("Location", f"/files/{name}" if kind == "moved" else "ftp://a/b")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if name not in server.files:
            self.send_error(404)
            return
        content = server.files[name]
        start = 0
        asked = self.headers.get("Range")
        if asked and self.headers.get("If-Range") == f'"{server.version}"' and kind != "norange":
            start = int(asked[len("bytes=") : -1])
        if start >= len(content) > 0:
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("ETag", f'"{server.version}"')
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        rest = content[start:]
        left = server.cuts.get(kind, 0)
        if kind == "slow":
            self.wfile.write(rest[: len(rest) // 2])
            self.wfile.flush()
            server.go_on.wait(60)
            rest = rest[len(rest) // 2 :]
        elif left:
            server.cuts[kind] = left - 1
            rest = rest[: len(rest) // 2]
        with contextlib.suppress(ConnectionError):
            self.wfile.write(rest)

    def log_message(self, *arguments):
        """Say nothing."""


@pytest.fixture
def server(monkeypatch):
    for variable in ("RMPE_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(transfer, "_PAUSE", 0.0)
    server = Server()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.go_on.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def cache(monkeypatch, tmp_path):
    for variable in ("RMPE_MODELS", "HF_HUB_CACHE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hugging face"))
    monkeypatch.setenv("RMPE_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "models"
