"""Files that come through addresses: none takes the place of another's of the same name."""

import hashlib
import re
import shutil
from dataclasses import replace

import pytest

from rmpe import cli
from rmpe.errors import ModelError
from rmpe.models.build import load_detector
from rmpe.models.read import _CARDS, load_card
from rmpe.models.store import find, obtain

SIMPLEPOSE = (_CARDS / "simplepose_coco17.toml").read_text()


def foreign(name, extra=""):
    """A card that names a file, without its SHA-256."""
    lines = [line for line in SIMPLEPOSE.splitlines() if not line.startswith("sha256")]
    text = "\n".join(lines).replace("simplepose_coco17.onnx", name)
    return text.replace("[network]\n", f"[network]\n{extra}").encode()


def test_the_card_of_a_stranger_does_not_take_the_place_of_a_known_network(server, cache, capsys):
    server.files["theirs.toml"] = foreign("vitpose-s-coco.onnx")
    server.files["vitpose-s-coco.onnx"] = b"theirs"
    path = obtain(load_card(f"{server.address}/files/theirs.toml").network)
    assert path.read_bytes() == b"theirs"
    assert path.with_name("theirs.toml").is_file()
    assert find(load_card("vitpose_s_coco17").network) is None
    assert cli.main(["models", "verify", "vitpose_s_coco17"]) == 1
    assert re.search(r"vitpose-s-coco.onnx +missing", capsys.readouterr().out)


@pytest.mark.parametrize("whole", [False, True])
def test_the_card_of_a_stranger_with_a_sha256_and_a_url_does_not_either(
    server, cache, tmp_path, whole
):
    server.files["theirs.onnx"] = b"theirs"
    digest = hashlib.sha256(b"theirs").hexdigest()
    lines = f'url = "{server.address}/files/theirs.onnx"\n' + f'sha256 = "{digest}"\n' * whole
    server.files["theirs.toml"] = foreign("vitpose-s-coco.onnx", lines)
    (tmp_path / "copied.toml").write_bytes(server.files["theirs.toml"])
    for card in (f"{server.address}/files/theirs.toml", tmp_path / "copied.toml"):
        assert obtain(load_card(card).network).read_bytes() == b"theirs"
    assert find(load_card("vitpose_s_coco17").network) is None


def test_a_known_network_that_is_here_is_not_taken_for_that_of_a_stranger(server, cache):
    cache.mkdir(parents=True)
    (cache / "vitpose-s-coco.onnx").write_bytes(b"ours")
    server.files["theirs.toml"] = foreign("vitpose-s-coco.onnx")
    server.files["vitpose-s-coco.onnx"] = b"theirs"
    card = load_card(f"{server.address}/files/theirs.toml")
    assert obtain(card.network).read_bytes() == b"theirs"
    assert obtain(load_card("vitpose_s_coco17").network).read_bytes() == b"ours"


def test_a_file_with_the_same_whole_sha256_is_shared(server, cache):
    cache.mkdir(parents=True)
    (cache / "net.onnx").write_bytes(b"ours")
    for content, asked in ((b"ours", 0), (b"theirs", 1)):
        digest = hashlib.sha256(content).hexdigest()
        name = f"{content.decode()}.toml"
        server.files[name] = foreign("net.onnx", f'sha256 = "{digest}"\n')
        server.files["net.onnx"] = content
        card = load_card(f"{server.address}/files/{name}")
        assert obtain(card.network).read_bytes() == content
        assert server.requests.count("/files/net.onnx") == asked


def test_two_cards_with_files_of_one_name_have_each_its_own(server, cache):
    addresses = []
    for folder in ("a", "b"):
        server.files[f"{folder}/card.toml"] = foreign("model.onnx")
        server.files[f"{folder}/model.onnx"] = folder.encode()
        addresses.append(f"{server.address}/files/{folder}/card.toml")
    for _ in range(2):
        found = [obtain(load_card(address).network).read_bytes() for address in addresses]
        assert found == [b"a", b"b"]
    assert len(server.requests) == 4


# Addresses of networks


@pytest.fixture
def hub(server, cache, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", f"{server.address}/hub")
    return server


FILE = "onnx/coco/vitpose-s-coco.onnx"
REPOSITORY = "hf:JunkyByte/easy_ViTPose"


def serve_revision(server, revision, content):
    server.files[f"JunkyByte/easy_ViTPose/resolve/{revision}/{FILE}"] = content


def test_a_revision_is_not_that_of_the_card(hub, tmp_path, monkeypatch):
    serve_revision(hub, "main", b"main")
    serve_revision(hub, "v2", b"v2")
    assert obtain(load_card("vitpose_s_coco17").network).read_bytes() == b"main"
    assert obtain(load_card(f"{REPOSITORY}@v2/{FILE}").network).read_bytes() == b"v2"
    assert obtain(load_card(f"{REPOSITORY}/{FILE}").network).read_bytes() == b"main"
    assert obtain(load_card(f"{REPOSITORY}@main/{FILE}").network).read_bytes() == b"main"
    with pytest.raises(ModelError, match=r"resolve/v3/.*Not Found"):
        obtain(load_card(f"{REPOSITORY}@v3/{FILE}").network)
    # Nor is a file of the name in a folder that the user named.
    (tmp_path / "vitpose-s-coco.onnx").write_bytes(b"main")
    monkeypatch.setenv("RMPE_MODELS", str(tmp_path))
    with pytest.raises(ModelError, match=r"resolve/v3/.*Not Found"):
        obtain(load_card(f"{REPOSITORY}@v3/{FILE}").network)
    monkeypatch.setenv("RMPE_OFFLINE", "1")
    with pytest.raises(ModelError, match=r"forbids to download it: .* into .*networks/\w{16}, und"):
        obtain(load_card(f"{REPOSITORY}@v3/{FILE}").network)


def test_a_revision_is_compared_with_the_sha256_of_the_card(hub, monkeypatch):
    card = load_card("vitpose_s_coco17")
    digest = hashlib.sha256(b"main").hexdigest()
    card = replace(card, network=replace(card.network, sha256=digest))
    monkeypatch.setattr("rmpe.models.read.known_cards", lambda: {"vitpose_s_coco17": card})
    serve_revision(hub, "main", b"main")
    serve_revision(hub, "v2", b"v2")
    with pytest.raises(ModelError, match="it holds another file than vitpose-s-coco.onnx"):
        obtain(load_card(f"{REPOSITORY}@v2/{FILE}").network)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://example.org/vitpose-s-coco.onnx", "vitpose_s_coco17"),
        ("hf:some-one/else/vitpose-s-coco.onnx", "vitpose_s_coco17"),
        ("https://example.org/bearpaw_hg8-90e5d470.pth", "hourglass8_mpii16"),
    ],
)
def test_a_known_file_name_alone_makes_no_known_network(cache, address, name):
    with pytest.raises(ModelError) as caught:
        load_card(address)
    said = str(caught.value)
    assert f"the network {address} has the file name of {name}, whose whole SHA-256 is not" in said
    assert f"give the name {name} in place of the address" in said
    assert "begin a card for" in said
    assert "rmpe models new-card" in said


def test_the_url_behind_an_address_of_a_card_is_its_own(cache, monkeypatch):
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    url = f"https://huggingface.co/JunkyByte/easy_ViTPose/resolve/main/{FILE}"
    assert load_card(url).name == "vitpose_s_coco17"


# Paths of networks


def test_files_beside_a_networks_file_are_found_too(cache, models_dir, tmp_path):
    for name in ("ssd_mobilenet_v1_coco.onnx", "ssd_mobilenet_v1_coco_anchors.npz"):
        shutil.copy(models_dir / name, tmp_path / name)
    path = tmp_path / "ssd_mobilenet_v1_coco.onnx"
    assert [obtain(file).parent for file in load_card(path).files] == [tmp_path] * 2
    load_detector(path)
