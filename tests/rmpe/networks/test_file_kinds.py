"""What a file is that was taken for a network: told of any bytes."""

import io
import zipfile

from hypothesis import given

from rmpe.networks.file_kinds import describe_content, describe_file

from ...fuzz import fuzz
from ..mutation import damaged


def script():
    """A zip archive with what tells a TorchScript program."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("net/constants.pkl", b"numbers")
    return file.getvalue()


SCRIPT = script()


def test_a_script_is_told(tmp_path):
    (tmp_path / "net.pth").write_bytes(SCRIPT)
    assert describe_file(tmp_path / "net.pth").startswith("a TorchScript program")


def test_an_archive_of_a_version_to_come_is_nothing_known(tmp_path):
    content = bytearray(SCRIPT)
    content[content.index(b"PK\x01\x02") + 6] = 84
    (tmp_path / "net.pth").write_bytes(content)
    assert describe_file(tmp_path / "net.pth") is None


@fuzz(300)
@given(damaged(SCRIPT))
def test_damaged_archives_are_something_or_nothing_known(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "net.pth"
    path.write_bytes(content)
    assert describe_content(path) is None or describe_content(path).startswith("a")
