"""Cards by address and by their network's file, and addresses in cards."""

import hashlib
import os
import shutil

import pytest

from rmpe.errors import ModelError
from rmpe.models.addresses import HubFile, is_safe_address, last_name, sibling, to_url
from rmpe.models.build import load_pose
from rmpe.models.draft import draft_card
from rmpe.models.read import _CARDS, load_card
from rmpe.models.references import card_of_file, fetch_card
from rmpe.models.store import obtain

SIMPLEPOSE = (_CARDS / "simplepose_coco17.toml").read_text()


def test_a_card_by_its_url_and_its_network_beside_it(server, cache, models_dir):
    server.files["deep/mine.toml"] = SIMPLEPOSE.encode()
    server.files["deep/simplepose_coco17.onnx"] = (
        models_dir / "simplepose_coco17.onnx"
    ).read_bytes()
    address = f"{server.address}/files/deep/mine.toml"
    for _ in range(2):
        card = load_card(address)
        assert (card.name, card.title[:10]) == ("mine", "SimplePose")
        assert load_pose(address).network.output_shapes == ((17, 64, 48),)
    # Both once.
    assert server.requests == [
        "/files/deep/mine.toml",
        "/files/deep/simplepose_coco17.onnx",
    ]


def test_a_card_on_the_hub(server, cache, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", server.address)
    server.files["nets/resolve/main/a/mine.toml"] = SIMPLEPOSE.encode()
    card = load_card("hf:some-one/nets/a/mine.toml")
    assert card.network.urls == ("hf:some-one/nets/a/simplepose_coco17.onnx",)
    assert server.requests == ["/some-one/nets/resolve/main/a/mine.toml"]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("http://example.org/mine.toml", "the address of a model must be an address, https://"),
        ("hf:nobody", "the address of a model must be"),
        ("https:///mine.toml", "the address of a model must be"),
        ("https://[::1/mine.toml", "the address of a model must be"),
        ("https://example.org/yolo.onnx", "no card is known for a network's file yolo.onnx, .* ne"),
    ],
)
def test_addresses_that_are_refused(cache, address, message):
    with pytest.raises(ModelError, match=message):
        load_card(address)


def test_a_card_that_is_not_there_or_too_long(server, cache):
    with pytest.raises(ModelError, match=r"cannot download the card http.*/mine.toml: Not Found"):
        load_card(f"{server.address}/files/mine.toml")
    server.files["mine.toml"] = b"#" * 70_000
    with pytest.raises(ModelError, match="must have at most 65536 bytes, got 70000"):
        load_card(f"{server.address}/files/mine.toml")
    server.files["mine.toml"] = b"import os"
    with pytest.raises(ModelError, match="is not valid TOML"):
        load_card(f"{server.address}/files/mine.toml")


def test_a_card_by_its_url_while_offline(server, cache, monkeypatch):
    server.files["mine.toml"] = SIMPLEPOSE.encode()
    monkeypatch.setenv("RMPE_OFFLINE", "1")
    with pytest.raises(ModelError, match="RMPE_OFFLINE forbids to download the card .* its path"):
        load_card(f"{server.address}/files/mine.toml")
    monkeypatch.delenv("RMPE_OFFLINE")
    load_card(f"{server.address}/files/mine.toml")
    monkeypatch.setenv("RMPE_OFFLINE", "1")
    assert load_card(f"{server.address}/files/mine.toml").name == "mine"


def test_a_networks_file_is_recognized_by_its_sha256(models_dir, tmp_path):
    path = tmp_path / "downloaded.onnx"
    shutil.copy(models_dir / "simplepose_coco17.onnx", path)
    card = load_card(path)
    assert (card.name, obtain(card.network)) == ("simplepose_coco17", path)
    assert load_pose(path).network.output_shapes == ((17, 64, 48),)


def test_a_networks_file_is_recognized_by_its_name(tmp_path):
    path = tmp_path / "original_2hg.pt"
    path.write_bytes(b"weights")
    card = load_card(str(path))
    assert (card.name, obtain(card.network)) == ("newell_hourglass2_mpii16", path)


def test_a_networks_file_with_a_card_beside_it(tmp_path):
    (tmp_path / "net.toml").write_text(SIMPLEPOSE)
    assert load_card(tmp_path / "net.onnx").name == "net"


def test_a_networks_file_that_nobody_knows(tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"weights")
    with pytest.raises(ModelError, match="no card is known .* net.onnx, .* write one, net.toml"):
        load_card(tmp_path / "net.onnx")
    with pytest.raises(ModelError, match="cannot read the network .*gone.pth: No such file"):
        load_card(tmp_path / "gone.pth")


def test_the_url_of_a_known_network(server, cache, models_dir):
    server.files["simplepose_coco17.onnx"] = (models_dir / "simplepose_coco17.onnx").read_bytes()
    card = load_card(f"{server.address}/files/simplepose_coco17.onnx")
    path = obtain(card.network)
    assert path == cache / "simplepose_coco17.onnx"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == card.network.sha256


# Addresses


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("hf:a/b/c.onnx", "https://huggingface.co/a/b/resolve/main/c.onnx"),
        ("hf:a-1/b.2@v1.0/x/y z.onnx", "https://huggingface.co/a-1/b.2/resolve/v1.0/x/y%20z.onnx"),
        ("https://example.org/a?b=1", "https://example.org/a?b=1"),
    ],
)
def test_urls_behind_addresses(address, url, monkeypatch):
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    assert is_safe_address(address)
    assert to_url(address) == url


@pytest.mark.parametrize(
    "address",
    ["", "hf:", "hf:a/b", "hf:a/b/", "hf:a/b/../c", "hf:a/b//c", "hf:a/b@/c", "hf:a/b@x/./c",
     "http://example.org/a", "http://localhost.example.org/a", "ftp://example.org/a", "https://",
     "https://example.org/a b", "https://example.org/a\n", "file:///etc/passwd", "hf:a/b/c?d"]
)  # fmt: skip
def test_what_is_no_safe_address(address):
    assert not is_safe_address(address)


def test_parts_of_addresses():
    assert HubFile.parse("https://example.org/a") is None
    assert last_name("hf:a/b@r/c/d.zip") == last_name("https://example.org/c/d.zip?x=/y") == "d.zip"
    assert sibling("hf:a/b@r/c/d.toml", "e.onnx") == "hf:a/b@r/c/e.onnx"
    assert sibling("https://example.org/c/d.toml?x=/y", "e.pth") == "https://example.org/c/e.pth"


@pytest.mark.parametrize(
    ("url", "urls"),
    [
        ('"hf:a/b/c"', ("hf:a/b/c",)),
        ('["https://example.org/a", "hf:a/b/c"]', ("https://example.org/a", "hf:a/b/c")),
        ('["https://example.org/a", "http://example.org/b"]',
         ("https://example.org/a", "http://example.org/b")),
        ("[]", None), ("[1]", None), ('["ftp://a/b"]', None), ('["hf:a/b/c", ""]', None),
        (str(["hf:a/b/c"] * 9), None),
    ],
)  # fmt: skip
def test_mirrors_of_a_card(tmp_path, url, urls):
    (tmp_path / "mine.toml").write_text(
        SIMPLEPOSE.replace("[network]\n", f"[network]\nurl = {url}\nbytes = 12\n")
    )
    if urls is None:
        with pytest.raises(ModelError, match="network.url must be an address, https://"):
            load_card(tmp_path / "mine.toml")
    else:
        network = load_card(tmp_path / "mine.toml").network
        assert (network.urls, network.size) == (urls, 12)


def test_http_needs_the_whole_sha256(tmp_path):
    text = SIMPLEPOSE.replace("[network]\n", '[network]\nurl = "http://example.org/a"\n')
    digest = load_card("simplepose_coco17").network.sha256
    (tmp_path / "mine.toml").write_text(text.replace(digest, digest[:63]))
    with pytest.raises(ModelError, match="where sha256 has all 64 digits, http://"):
        load_card(tmp_path / "mine.toml")


@pytest.mark.parametrize("name", ["net.onnx", "net.pth"])
def test_a_networks_file_that_is_a_pipe_is_not_waited_for(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(ModelError, match=f"cannot read the network .*{name}: it is not a file"):
        card_of_file([], tmp_path / name)
    with pytest.raises(ModelError, match="it is not a file"):
        draft_card(tmp_path / name)


def test_a_card_whose_name_is_too_long(server, cache):
    with pytest.raises(ModelError, match="cannot download the card http"):
        fetch_card(f"{server.address}/files/{'a' * 300}.toml")
