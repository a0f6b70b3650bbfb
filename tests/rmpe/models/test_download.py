"""Downloads of model files, from a server of this test: what comes, what is refused, what is left."""

import hashlib
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from rmpe import cli
from rmpe.errors import ModelError
from rmpe.models import download, store
from rmpe.models.card import ModelFile
from rmpe.models.read import _CARDS as CARDS
from rmpe.models.store import obtain

CONTENT = bytes(range(256)) * 9000  # more than a chunk


class Server(ThreadingHTTPServer):
    """Serves `files` by path; counts requests; misbehaves under some paths."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.requests = {}, []

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append(self.path)
        kind, _, name = self.path[1:].partition("/")
        if kind == "moved":
            self.send_response(302)
            self.send_header("Location", f"/files/{name}")
            self.end_headers()
            return
        if name not in self.server.files:
            self.send_error(404)
            return
        content = self.server.files[name]
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if kind == "cut" else content)

    def log_message(self, *arguments):
        """Say nothing."""


@pytest.fixture
def server(monkeypatch):
    monkeypatch.delenv("RMPE_OFFLINE", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = Server()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def cache(monkeypatch, tmp_path):
    monkeypatch.delenv("RMPE_MODELS", raising=False)
    monkeypatch.setattr(store, "_CACHE", tmp_path / "cache")
    return tmp_path / "cache"


def served(server, kind="files", content=CONTENT, digits=64):
    server.files["net.onnx"] = content
    digest = hashlib.sha256(CONTENT).hexdigest()[:digits]
    return ModelFile("net.onnx", digest, "a test", f"{server.address}/{kind}/net.onnx")


@pytest.mark.parametrize("kind", ["files", "moved"])
@pytest.mark.parametrize("digits", [8, 64])
def test_a_missing_file_is_downloaded_once(server, cache, kind, digits):
    file = served(server, kind, digits=digits)
    assert obtain(file) == cache / "net.onnx"
    assert (cache / "net.onnx").read_bytes() == CONTENT
    requests = len(server.requests)
    assert obtain(file) == cache / "net.onnx"
    assert len(server.requests) == requests


def test_a_file_that_is_here_is_not_downloaded(server, cache, tmp_path):
    (tmp_path / "net.onnx").write_bytes(CONTENT)
    assert obtain(served(server), tmp_path) == tmp_path / "net.onnx"
    assert server.requests == []


@pytest.mark.parametrize(
    ("kind", "content", "message"),
    [
        ("cut", CONTENT, f"the connection ended after {len(CONTENT) // 2} of {len(CONTENT)} bytes"),
        ("files", b"other", "holds another file than net.onnx of the card: its SHA-256 must be"),
    ],
)
def test_what_is_not_the_file_is_not_kept(server, cache, kind, content, message):
    file = served(server, kind, content)
    with pytest.raises(ModelError, match=message):
        obtain(file)
    assert list(cache.iterdir()) == []


def test_a_file_that_the_server_does_not_have(server, cache):
    file = served(server)
    server.files.clear()
    with pytest.raises(ModelError, match="cannot download net.onnx from http.*: Not Found; try"):
        obtain(file)


def test_a_server_that_is_not_there(server, cache):
    file = ModelFile("net.onnx", "0" * 64, "a test", "http://127.0.0.1:9/net.onnx")
    with pytest.raises(ModelError, match="cannot download net.onnx .*refused.*--models DIR"):
        obtain(file)


@pytest.mark.parametrize("variable", ["RMPE_OFFLINE", "HF_HUB_OFFLINE"])
def test_offline_nothing_is_asked(server, cache, monkeypatch, variable):
    monkeypatch.setenv(variable, "1")
    with pytest.raises(ModelError, match=f"unless .*{variable}.* name its folder with --models"):
        obtain(served(server))
    assert server.requests == []


def test_a_folder_that_cannot_be_written_to(server, cache):
    cache.parent.joinpath("cache").write_text("in the way")
    with pytest.raises(ModelError, match="cannot download net.onnx"):
        obtain(served(server))


def test_an_interruption_leaves_nothing(server, cache, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("rmpe.models.download._receive", interrupt)
    with pytest.raises(KeyboardInterrupt):
        obtain(served(server))
    assert list(cache.iterdir()) == []


def test_two_at_once(server, cache):
    file, results = served(server), []
    threads = [threading.Thread(target=lambda: results.append(obtain(file))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [cache / "net.onnx"] * 4
    assert [path.name for path in cache.iterdir()] == ["net.onnx"]


def test_rmpe_infer_downloads_verifies_and_draws(server, cache, models_dir, tmp_path, capsys):
    """A pair whose cards have URLs; first with a file that is not theirs, at last without a server."""
    cards = {}
    for option, name in (("--detector", "ssd_mobilenet_v1_coco"), ("--pose", "simplepose_coco17")):
        lines = []
        for line in (CARDS / f"{name}.toml").read_text().splitlines():
            lines.append(line)
            if line.startswith("file = "):
                file = line.split('"')[1]
                server.files[file] = (models_dir / file).read_bytes()
                lines.append(f'url = "{server.address}/files/{file}"')
        cards[option] = tmp_path / f"{name}.toml"
        cards[option].write_text("\n".join(lines))
    photographs = tmp_path / "photographs"
    photographs.mkdir()
    # A photograph that ships with the sources.
    sources = CARDS.parents[3] / "examples" / "photographs" / "astronaut.jpg"
    if not sources.is_file():
        pytest.skip("needs the photographs of the sources")
    (photographs / "astronaut.jpg").write_bytes(sources.read_bytes())

    def infer(out):
        options = [str(word) for pair in cards.items() for word in pair]
        return cli.main(["infer", str(photographs), *options, "--out", str(tmp_path / out)])

    right = server.files["simplepose_coco17.onnx"]
    server.files["simplepose_coco17.onnx"] = right[:-1]
    assert infer("refused") == 2
    assert "holds another file than simplepose_coco17.onnx" in capsys.readouterr().err
    assert not (cache / "simplepose_coco17.onnx").exists()

    server.files["simplepose_coco17.onnx"] = right
    assert infer("drawn") == 0
    assert sorted(path.name for path in cache.iterdir()) == sorted(server.files)
    drawing = (tmp_path / "drawn" / "drawings" / "astronaut.jpg").read_bytes()
    assert drawing != sources.read_bytes()

    server.files.clear()
    asked = len(server.requests)
    assert infer("again") == 0
    assert (tmp_path / "again" / "drawings" / "astronaut.jpg").read_bytes() == drawing
    assert len(server.requests) == asked


def test_a_server_cannot_fill_the_disk(server, cache, monkeypatch):
    monkeypatch.setattr(download, "_MOST_BYTES", len(CONTENT) - 1)
    with pytest.raises(ModelError, match="a model file must have at most 2303999 bytes"):
        obtain(served(server))
    assert list(cache.iterdir()) == []


def test_what_a_server_says_is_printed_without_controls(server, cache, monkeypatch):
    def respond(self):
        self.wfile.write(b"HTTP/1.0 500 \x1b[31mred\x1b[0m\r\n\r\n")

    file = served(server)
    monkeypatch.setattr(Handler, "do_GET", respond)
    with pytest.raises(ModelError, match=r"\\x1b\[31mred\\x1b\[0m; try again") as caught:
        obtain(file)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            "ftp://127.0.0.1:9/x",
            "leads on to ftp://127.0.0.1:9/x, which does not start with https:",
        ),
        ("file:///etc/passwd", "Redirection to url 'file:///etc/passwd' is not allowed"),
        ("http://[::1", "Invalid IPv6 URL"),
    ],
)
def test_other_places_that_a_server_sends_to_are_refused(
    server, cache, monkeypatch, target, message
):
    def respond(self):
        self.send_response(302)
        self.send_header("Location", target)
        self.end_headers()

    file = served(server)
    monkeypatch.setattr(Handler, "do_GET", respond)
    with pytest.raises(ModelError, match=message):
        obtain(file)


def test_an_encrypted_connection_is_not_left_for_an_open_one():
    request = urllib.request.Request("https://example.org/net.onnx")
    for target, allowed in (("https://example.com/a", True), ("http://example.org/a", False)):
        arguments = (request, None, 302, "Found", request.headers, target)
        if allowed:
            assert download._Redirects().redirect_request(*arguments).full_url == target
        else:
            with pytest.raises(ValueError, match="which does not start with https://"):
                download._Redirects().redirect_request(*arguments)
