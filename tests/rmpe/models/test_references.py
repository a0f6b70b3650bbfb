"""Cards by address and by their network's file, and addresses in cards."""

import hashlib
import io
import os
import shutil
import zipfile
from dataclasses import replace

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
        ("hf:a/b@refs/pr/1/mine.toml", "with %2F for a slash in the revision, got"),
        ("https:///mine.toml", "the address of a model must be"),
        ("https://[::1/mine.toml", "the address of a model must be"),
        (
            "https://example.org/README.md",
            "must end in .toml, or as a network's file in .onnx, .pth",
        ),
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


def test_suffixes_in_capitals_are_the_same(cache, models_dir, tmp_path):
    path = tmp_path / "UP.ONNX"
    shutil.copy(models_dir / "simplepose_coco17.onnx", path)
    assert load_card(path).name == "simplepose_coco17"
    assert 'head = "heatmap"' in draft_card(path)
    (tmp_path / "MINE.TOML").write_text(SIMPLEPOSE)
    assert load_card(tmp_path / "MINE.TOML").name == "MINE"


def test_an_address_that_no_card_knows_while_offline(cache, monkeypatch):
    monkeypatch.setenv("RMPE_OFFLINE", "1")
    for address in ("hf:a/b/yolo.onnx", "https://example.org/vitpose-s-coco.onnx"):
        with pytest.raises(ModelError, match="RMPE_OFFLINE is set, so that nothing is downloaded"):
            load_card(address)


def test_the_url_of_a_known_network(server, cache, models_dir):
    server.files["simplepose_coco17.onnx"] = (models_dir / "simplepose_coco17.onnx").read_bytes()
    card = load_card(f"{server.address}/files/simplepose_coco17.onnx")
    path = obtain(card.network)
    assert path == cache / "simplepose_coco17.onnx"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == card.network.sha256


@pytest.mark.parametrize(
    ("address", "file", "url"),
    [
        ("hf:a/b/x/yolo.onnx", "yolo.onnx", "https://huggingface.co/a/b/resolve/main/x/yolo.onnx"),
        ("https://example.org/yolo.onnx", "yolo.onnx", "https://example.org/yolo.onnx"),
        ("https://example.org/yolo.zip", "the ONNX file in it", "https://example.org/yolo.zip"),
        # A name that many files have, and one network of another repository.
        (
            "hf:a/b/onnx/model.onnx",
            "model.onnx",
            "https://huggingface.co/a/b/resolve/main/onnx/model",
        ),
    ],
)
def test_an_address_that_no_card_knows_says_how_to_use_it(cache, monkeypatch, address, file, url):
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    with pytest.raises(ModelError, match=f"no card is known for the network {address}") as caught:
        load_card(address)
    said = str(caught.value)
    assert f"download {url}" in said
    assert f"begin a card for {file} with rmpe models new-card" in said
    assert "as --detector CARD.toml or --pose CARD.toml" in said


RTMPOSE = "rtmpose-m_simcc-body7_pt-body7_420e-256x192-e48f03d0_20230504.zip"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (f"https://download.openmmlab.com/mmpose/v1/projects/rtmposev1/onnx_sdk/{RTMPOSE}",
         "rtmpose_m_coco17"),
        (f"hf:Tau-J/RTMPose/rtmposev1/onnx_sdk/{RTMPOSE}", "rtmpose_m_coco17"),
        (f"https://example.org/copies/{RTMPOSE}", "rtmpose_m_coco17"),
        ("hf:onnx-community/vitpose-base-simple@v1/onnx/model.onnx", "vitpose_base_simple_coco17"),
        ("https://example.org/yolox_s.onnx", "yolox_s_coco"),
    ],
)  # fmt: skip
def test_an_address_of_a_file_that_a_card_names(address, name):
    card = load_card(address)
    assert card.name == name
    assert card.network.urls[0] == address
    assert len(set(card.network.urls)) == len(card.network.urls)


def test_an_archive_in_place_of_a_name_is_unpacked(server, cache, monkeypatch, models_dir):
    network = (models_dir / "simplepose_coco17.onnx").read_bytes()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("deep/end2end.onnx", network)
    server.files["nets.zip"] = archive.getvalue()
    address = f"{server.address}/files/nets.zip"
    card = load_card("simplepose_coco17")
    card = replace(card, network=replace(card.network, urls=(address,)))
    monkeypatch.setattr("rmpe.models.read.known_cards", lambda: {"simplepose_coco17": card})
    assert obtain(load_card(address).network).read_bytes() == network


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("README.md", b"# hello", "a text, and no network"),
        ("model.tflite", b"\x1c\0\0\0TFL3", "a TensorFlow network: convert it to ONNX"),
        ("gone.t7", None, "a Torch7 network: convert it to ONNX"),
        ("nets.zip", b"PK", "an archive: unpack it, and give the network in it"),
        ("folder", ..., "a folder: give the file in it"),
    ],
)
def test_what_is_no_network_in_place_of_a_name(tmp_path, name, content, what):
    path = tmp_path / name
    if content is ...:
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(
        ModelError, match=f"must be a card, .toml, or a network in .*, which is {what}"
    ):
        load_card(path)
    with pytest.raises(ModelError, match=f"must be an ONNX file or .*{name}, which is {what}"):
        draft_card(path)


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("net.onnx", b"\n<!DOCTYPE html>", "a web page: get the file itself"),
        ("net.pth", b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer: get the"),
    ],
)
def test_what_was_downloaded_in_place_of_a_network(tmp_path, name, content, what):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=f"{name} is {what}"):
        load_card(tmp_path / name)
    with pytest.raises(ModelError, match=f"must be an ONNX file or .*{name}, which is {what}"):
        draft_card(tmp_path / name)


# Addresses


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("hf:a/b/c.onnx", "https://huggingface.co/a/b/resolve/main/c.onnx"),
        ("hf:a-1/b.2@v1.0/x/y z.onnx", "https://huggingface.co/a-1/b.2/resolve/v1.0/x/y%20z.onnx"),
        ("https://example.org/a?b=1", "https://example.org/a?b=1"),
        ("hf:a/b@refs%2Fpr%2f1/c.onnx", "https://huggingface.co/a/b/resolve/refs%2Fpr%2F1/c.onnx"),
    ],
)
def test_urls_behind_addresses(address, url, monkeypatch):
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    assert is_safe_address(address)
    assert to_url(address) == url


@pytest.mark.parametrize(
    "address",
    ["", "hf:", "hf:a/b", "hf:a/b/", "hf:a/b/../c", "hf:a/b//c", "hf:a/b@/c", "hf:a/b@x/./c", "hf:a/b@../c", "hf:a/b@x%2F../c", "hf:a/b@refs/pr/1/c",
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
