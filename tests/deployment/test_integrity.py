"""Not one byte of a package changes unnoticed, and nothing outside it is touched."""

import json

import pytest

from bedside.deployment.integrity import CHECKSUMS, read_verified, write_checksums
from bedside.errors import PackageError

FILES = {"package.json": b'{"a": 1}\n', "state/xray.json": b"{}\n", "network.onnx": bytes(range(9))}


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "package"
    (root / "state").mkdir(parents=True)
    for name, content in FILES.items():
        (root / name).write_bytes(content)
    write_checksums(root)
    return root


def test_a_whole_package_gives_its_files_and_a_digest_that_names_them(folder):
    contents, digest = read_verified(folder)
    assert contents == FILES
    assert digest == write_checksums(folder)
    (folder / "package.json").write_bytes(b'{"a": 2}\n')
    assert write_checksums(folder) != digest


@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_names_its_file_and_the_remedy(folder, name):
    path = folder / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(PackageError) as caught:
        read_verified(folder)
    assert str(caught.value) == (
        f"{name}: expected the checksum in checksums.json, got another. "
        "Copy the package again from its run."
    )


def test_any_changed_byte_of_the_checksums_is_noticed(folder):
    path = folder / CHECKSUMS
    content = path.read_bytes()
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= 1
        path.write_bytes(changed)
        with pytest.raises(PackageError, match=r"^checksums\.json: expected the checksums as they"):
            read_verified(folder)
    path.write_bytes(content + b"\n")
    with pytest.raises(PackageError, match=r"^checksums\.json"):
        read_verified(folder)


@pytest.mark.parametrize("words", [b"", b"[]", b"{}", b'{"files": 3}', b"[" * 100_000, b"\xff"])
def test_malformed_checksums_are_one_sentence(folder, words):
    (folder / CHECKSUMS).write_bytes(words)
    with pytest.raises(PackageError, match=r"^checksums\.json: .*Copy the package again"):
        read_verified(folder)


def test_missing_and_extra_files_are_all_named(folder):
    (folder / "network.onnx").unlink()
    (folder / "state" / "more.json").write_text("{}")
    with pytest.raises(PackageError) as caught:
        read_verified(folder)
    missing, extra = str(caught.value).splitlines()
    assert missing.startswith("network.onnx: expected this file of the package, got none.")
    assert extra.startswith("state/more.json: expected only files that checksums.json names")


def test_links_are_refused_even_to_the_same_content(folder, tmp_path):
    outside = tmp_path / "outside"
    outside.write_bytes(FILES["network.onnx"])
    (folder / "network.onnx").unlink()
    (folder / "network.onnx").symlink_to(outside)
    with pytest.raises(PackageError, match=r"^network\.onnx: expected a plain file"):
        read_verified(folder)


def test_a_linked_folder_is_refused(folder, tmp_path):
    (folder / "state").rename(tmp_path / "state")
    (folder / "state").symlink_to(tmp_path / "state")
    with pytest.raises(PackageError, match=r"^state: expected a plain file"):
        read_verified(folder)


def test_a_path_out_of_the_package_is_never_opened(folder, tmp_path, monkeypatch):
    (tmp_path / "secret").write_bytes(b"secret")
    words = json.loads((folder / CHECKSUMS).read_text())
    from bedside.deployment import integrity

    (folder / CHECKSUMS).write_bytes(integrity._serialise({**words["files"], "../secret": "0"}))
    with pytest.raises(PackageError, match=r"^\.\./secret: expected this file of the package"):
        read_verified(folder)


def test_a_folder_that_is_no_package_gets_the_right_hint(folder, tmp_path):
    with pytest.raises(PackageError, match=r"nowhere: .*got no such folder"):
        read_verified(tmp_path / "nowhere")
    with pytest.raises(PackageError, match=r"got a run folder\. Name the folder 'package' in it"):
        read_verified(tmp_path)
    (folder / CHECKSUMS).unlink()
    with pytest.raises(PackageError, match=r"got a folder without checksums\.json"):
        read_verified(folder)
