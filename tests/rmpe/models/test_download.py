"""Downloads of model files, from a server of this test: what comes, what is refused, what is left."""

import errno
import hashlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
import zipfile
from dataclasses import replace

import pytest

from rmpe import cli
from rmpe.errors import ModelError
from rmpe.models import archive, download, transfer
from rmpe.models.card import ModelFile
from rmpe.models.read import _CARDS as CARDS
from rmpe.models.store import obtain
from rmpe.output_file import create_file

from .conftest import CONTENT, Handler


def served(server, *kinds, content=CONTENT, digits=64, name="net.onnx"):
    server.files["net.onnx"] = content
    digest = hashlib.sha256(CONTENT).hexdigest()[:digits]
    urls = tuple(f"{server.address}/{kind}/net.onnx" for kind in kinds or ["files"])
    return ModelFile(name, digest, "a test", urls)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


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


def test_a_connection_that_breaks_is_taken_up_again(server, cache):
    server.cuts["cut"] = 4
    assert obtain(served(server, "cut")).read_bytes() == CONTENT
    half = len(CONTENT) // 2
    assert server.ranges[:2] == [None, f"bytes={half}-"]
    assert len(server.requests) == 5
    assert names(cache) == ["net.onnx"]


def test_a_server_without_ranges_sends_it_all_again(server, cache):
    server.cuts["norange"] = 1
    assert obtain(served(server, "norange")).read_bytes() == CONTENT


def test_a_file_that_has_changed_meanwhile_is_not_mixed(server, cache):
    server.cuts["cut"] = 1000
    file = served(server, "cut", content=bytes(len(CONTENT)))
    with pytest.raises(ModelError, match="the connection ended after"):
        obtain(file)
    assert "net.onnx.partial" in names(cache)
    server.cuts.clear()
    server.version, server.files["net.onnx"] = "2", CONTENT
    assert obtain(file).read_bytes() == CONTENT


def test_what_an_earlier_try_has_left_is_used(server, cache):
    server.cuts["cut"] = 1000
    file = served(server, "cut")
    with pytest.raises(ModelError):
        obtain(file)
    had = (cache / "net.onnx.partial").stat().st_size
    assert 0 < had < len(CONTENT)
    server.cuts.clear()
    assert obtain(file).read_bytes() == CONTENT
    assert server.ranges[-1] == f"bytes={had}-"


def test_a_partial_that_is_longer_than_the_file(server, cache):
    cache.mkdir(parents=True)
    file = served(server)
    (cache / "net.onnx.partial").write_bytes(bytes(len(CONTENT) + 1))
    state = f'{{"url": "{file.urls[0]}", "validator": "\\"1\\""}}'
    (cache / "net.onnx.partial.state").write_text(state)
    assert obtain(file).read_bytes() == CONTENT


@pytest.mark.parametrize("state", ["", "[1]", '{"url": 1}', "\0"])
def test_a_partial_of_unknown_origin_is_not_used(server, cache, state):
    cache.mkdir(parents=True)
    (cache / "net.onnx.partial").write_bytes(b"something")
    (cache / "net.onnx.partial.state").write_text(state)
    assert obtain(served(server)).read_bytes() == CONTENT
    assert server.ranges == [None]


def test_another_file_is_not_kept(server, cache):
    with pytest.raises(ModelError, match="holds another file than net.onnx of the card: its SHA-2"):
        obtain(served(server, content=b"other"))
    assert names(cache) == []


@pytest.mark.parametrize("first", ["gone", "down", "other"])
def test_the_mirror_is_asked_where_the_first_server_fails(server, cache, first):
    file = served(server)
    server.files["other.onnx"] = b"other"
    there = {"gone": "files/gone.onnx", "down": "down/net.onnx", "other": "files/other.onnx"}
    urls = (f"{server.address}/{there[first]}", *file.urls)
    assert obtain(replace(file, urls=urls)).read_bytes() == CONTENT
    assert server.requests == [f"/{there[first]}", "/files/net.onnx"]
    assert names(cache) == ["net.onnx"]


def test_all_servers_that_failed_are_named(server, cache):
    file = served(server)
    server.files.clear()
    urls = (*file.urls, "http://127.0.0.1:9/net.onnx")
    with pytest.raises(
        ModelError, match="files/net.onnx: Not Found; nor from http.*refused; try ag"
    ):
        obtain(replace(file, urls=urls))


def test_what_a_server_says_is_printed_without_controls(server, cache, monkeypatch):
    def respond(self):
        self.wfile.write(b"HTTP/1.0 500 \x1b[31mred\x1b[0m\r\n\r\n")
        self.close_connection = True

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
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.close_connection = True

    file = served(server)
    monkeypatch.setattr(Handler, "do_GET", respond)
    with pytest.raises(ModelError, match=message):
        obtain(file)


def test_an_encrypted_connection_is_not_left_for_an_open_one():
    request = urllib.request.Request("https://example.org/net.onnx")
    for target, allowed in (("https://example.com/a", True), ("http://example.org/a", False)):
        arguments = (request, None, 302, "Found", request.headers, target)
        if allowed:
            assert transfer._Redirects().redirect_request(*arguments).full_url == target
        else:
            with pytest.raises(ValueError, match="which does not start with https://"):
                transfer._Redirects().redirect_request(*arguments)


def test_the_hub_of_hugging_face(server, cache, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_ENDPOINT", f"{server.address}/")
    file = replace(served(server), urls=("hf:some-one/nets@v1/onnx/net.onnx",))
    server.files["nets/resolve/v1/onnx/net.onnx"] = CONTENT
    assert obtain(file) == cache / "net.onnx"
    assert server.requests == ["/some-one/nets/resolve/v1/onnx/net.onnx"]
    # What their own library has downloaded is used as it is.
    (cache / "net.onnx").unlink()
    hub = tmp_path / "hugging face" / "hub" / "models--some-one--nets"
    copy = hub / "snapshots" / "abc" / "onnx" / "net.onnx"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(CONTENT)
    (hub / "refs").mkdir()
    (hub / "refs" / "v1").write_text("abc")
    assert obtain(file) == copy
    assert len(server.requests) == 1


@pytest.mark.parametrize("digits", [0, 8])
def test_the_sha256_of_the_first_download_is_written_down(server, cache, digits):
    file = served(server, digits=digits)
    obtain(file)
    record = (cache / "net.onnx.sha256").read_text()
    assert record == f"{hashlib.sha256(CONTENT).hexdigest()}  net.onnx\n"
    (cache / "net.onnx").write_bytes(CONTENT[:-1])
    with pytest.raises(ModelError, match="damaged or another version: its SHA-256 must"):
        obtain(file)


def test_a_file_that_is_not_there(server, cache):
    file = served(server)
    server.files.clear()
    with pytest.raises(ModelError, match="cannot download net.onnx into .*: Not Found; try"):
        obtain(file)


def test_a_server_that_is_not_there(server, cache):
    file = ModelFile("net.onnx", "0" * 64, "a test", ("http://127.0.0.1:9/net.onnx",))
    with pytest.raises(ModelError, match="cannot download net.onnx .*refused.*--models DIR"):
        obtain(file)


@pytest.mark.parametrize("variable", ["RMPE_OFFLINE", "HF_HUB_OFFLINE"])
def test_offline_nothing_is_asked_and_it_says_what_to_put_where(
    server, cache, monkeypatch, variable
):
    monkeypatch.setenv(variable, "1")
    file = served(server)
    with pytest.raises(ModelError) as caught:
        obtain(file)
    for part in (variable, file.urls[0], f"into {cache}, under the name net.onnx", "--models DIR"):
        assert part in str(caught.value)
    assert server.requests == []


def test_a_folder_that_cannot_be_written_to(server, cache):
    cache.parent.write_text("in the way")
    with pytest.raises(ModelError, match="cannot write net.onnx into .*; .* RMPE_HOME, and try"):
        obtain(served(server))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_full_or_a_read_only_disk_is_no_matter_of_the_server(server, cache, monkeypatch, number):
    class Full(io.FileIO):
        def write(self, data):
            raise OSError(number, os.strerror(number))

    def full(path):
        return Full(path, "w") if path.name.endswith(".partial") else create_file(path)

    monkeypatch.setattr(transfer, "create_file", full)
    with pytest.raises(ModelError, match=f"cannot write net.onnx into .*{os.strerror(number)}"):
        obtain(served(server, "files", "moved"))
    assert server.requests == ["/files/net.onnx"]


def test_a_disk_that_is_full_at_last_is_no_matter_of_the_server(server, cache, monkeypatch):
    def full(path, digest):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(download, "write_record", full)
    with pytest.raises(ModelError, match="cannot write net.onnx into .*No space.*; make room or"):
        obtain(served(server, "files", "moved", digits=8))
    assert server.requests == ["/files/net.onnx"]
    assert "net.onnx" not in names(cache)


GET = """
import sys
from rmpe.models.card import ModelFile
from rmpe.models.store import obtain

try:
    print(obtain(ModelFile("net.onnx", sys.argv[1], "a test", (sys.argv[2],))))
except KeyboardInterrupt:
    sys.exit(130)
"""


def start(file):
    command = [sys.executable, "-c", GET, file.sha256, file.urls[0]]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(condition):
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_ctrl_c_while_a_slow_server_sends_leaves_what_came(server, cache):
    file = served(server, "slow")
    process = start(file)
    part = cache / "net.onnx.partial"
    wait_for(lambda: part.exists() and part.stat().st_size > 0)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    had = part.stat().st_size
    assert "net.onnx.lock" not in names(cache)
    server.go_on.set()
    assert obtain(file).read_bytes() == CONTENT
    assert server.ranges[-1] == f"bytes={had}-"


def test_two_processes_download_it_once(server, cache):
    file = served(server, "slow")
    processes = [start(file)]
    wait_for(lambda: server.requests)
    processes.append(start(file))
    line = processes[1].stderr.readline()
    assert line == "waiting for another process, which downloads net.onnx\n"
    server.go_on.set()
    for process in processes:
        out, _ = process.communicate(timeout=60)
        assert (process.returncode, out) == (0, f"{cache / 'net.onnx'}\n")
    assert server.requests == ["/slow/net.onnx"]
    assert names(cache) == ["net.onnx"]


def test_threads_download_it_once(server, cache):
    file, results = served(server), []
    threads = [threading.Thread(target=lambda: results.append(obtain(file))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [cache / "net.onnx"] * 4
    assert server.requests == ["/files/net.onnx"]
    assert names(cache) == ["net.onnx"]


# Archives


def packed(server, members, compression=zipfile.ZIP_STORED):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as opened:
        for name, data in members:
            opened.writestr(name, data)
    server.files["nets.zip"] = content.getvalue()
    digest = hashlib.sha256(CONTENT).hexdigest()
    return ModelFile("net.onnx", digest, "a test", (f"{server.address}/files/nets.zip",))


def test_a_network_in_an_archive(server, cache):
    members = [
        ("2023/net/", b""),
        ("2023/net/end2end.onnx", CONTENT),
        ("2023/net/deploy.json", b""),
    ]
    assert obtain(packed(server, members)).read_bytes() == CONTENT
    assert names(cache) == ["net.onnx"]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([("../net.onnx", CONTENT)], "holds a name that leads out of it: '../net.onnx'"),
        ([("net.onnx", CONTENT), ("/etc/passwd", b"")], "leads out of it: '/etc/passwd'"),
        ([("net.onnx", CONTENT), (r"a\..\..\b", b"")], "leads out of it"),
        ([("a.onnx", CONTENT), ("b.onnx", b"")], "must hold one ONNX file, got a.onnx, b.onnx"),
        ([("readme.txt", b"")], "must hold one ONNX file, got none"),
        ([(f"{n}.txt", b"") for n in range(1001)], "at most 1000 files, got 1001"),
        ([("net.onnx", b"other")], "holds another file than net.onnx"),
    ],
)
def test_archives_that_are_refused(server, cache, members, message):
    with pytest.raises(ModelError, match=message):
        obtain(packed(server, members))
    assert names(cache) == []
    assert not list(cache.parent.glob("*.onnx"))


def test_a_bomb(server, cache, monkeypatch):
    file = packed(server, [("net.onnx", bytes(3_000_000))], zipfile.ZIP_DEFLATED)
    with pytest.raises(ModelError, match="net.onnx unpacks to [0-9]+ times its size; weights do"):
        obtain(file)
    monkeypatch.setattr(download, "MOST_BYTES", 1_000_000)
    monkeypatch.setattr(archive, "_MOST_SHRUNK", 10_000)
    with pytest.raises(ModelError, match="net.onnx must have at most 1000000 bytes unpacked"):
        obtain(file)
    assert names(cache) == []


def test_an_archive_that_lies_about_a_size(server, cache):
    file = packed(server, [("net.onnx", CONTENT)])
    content = server.files["nets.zip"]
    small = len(CONTENT) - 1
    lie = content.replace(len(CONTENT).to_bytes(4, "little"), small.to_bytes(4, "little"))
    server.files["nets.zip"] = lie
    with pytest.raises(ModelError, match="cannot download net.onnx into"):
        obtain(file)
    server.files["nets.zip"] = content[:1000]
    with pytest.raises(ModelError, match="it is no zip archive, or damaged"):
        obtain(file)
    assert names(cache) == []


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
    assert not list(cache.rglob("simplepose_coco17.onnx"))

    server.files["simplepose_coco17.onnx"] = right
    assert infer("drawn") == 0
    # Each card looks where its own addresses lead.
    assert sorted(path.name for path in cache.rglob("*.*")) == sorted(server.files)
    drawing = (tmp_path / "drawn" / "drawings" / "astronaut.jpg").read_bytes()
    assert drawing != sources.read_bytes()

    server.files.clear()
    asked = len(server.requests)
    assert infer("again") == 0
    assert (tmp_path / "again" / "drawings" / "astronaut.jpg").read_bytes() == drawing
    assert len(server.requests) == asked


def test_a_server_cannot_fill_the_disk(server, cache, monkeypatch):
    monkeypatch.setattr(transfer.receive, "__defaults__", (len(CONTENT) - 1,))
    with pytest.raises(ModelError, match="it must have at most 2999999 bytes, got 3000000"):
        obtain(served(server))
    assert "net.onnx" not in names(cache)


@pytest.mark.parametrize("suffix", [".partial", ".partial.state", ".zip.partial"])
@pytest.mark.parametrize("kind", ["link", "hard link", "pipe"])
def test_what_is_planted_under_the_names_of_a_download_gives_way(
    server, cache, tmp_path, suffix, kind
):
    cache.mkdir(parents=True)
    (tmp_path / "precious").write_text("precious")
    planted = cache / f"net.onnx{suffix}"
    if kind == "link":
        planted.symlink_to(tmp_path / "precious")
    elif kind == "hard link":
        planted.hardlink_to(tmp_path / "precious")
    else:
        os.mkfifo(planted)
    file = served(server)
    if suffix == ".zip.partial":
        file = packed(server, [("net.onnx", CONTENT)])
    assert obtain(file).read_bytes() == CONTENT
    assert (tmp_path / "precious").read_text() == "precious"
    assert names(cache) == ["net.onnx"]
