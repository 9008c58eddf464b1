"""What is written is what is read, and a package that cannot be trusted is not read."""

import json
import pickletools
from pathlib import Path

import numpy as np
import pytest

from bedside.deployment.integrity import CHECKSUMS, write_checksums
from bedside.deployment.package import read_package
from bedside.errors import PackageError

NAMES = [
    "checksums.json",
    "model_card.md",
    "network.onnx",
    "package.json",
    "selfcheck/expected.json",
    "selfcheck/xray.values.npy",
    "state/xray.json",
]


def names_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


def rewrite(folder, change):
    """Change package.json as someone would who also mends the checksums."""
    path = folder / "package.json"
    words = json.loads(path.read_text())
    change(words)
    path.write_text(json.dumps(words))
    (folder / CHECKSUMS).unlink()
    write_checksums(folder)


def test_a_package_comes_back_as_it_was_written(package_folder, contents_of):
    written, package = contents_of(), read_package(package_folder)
    assert package.contents == written
    assert package.contents.modalities["xray"].size == (16, 16)
    assert list(package.networks) == ["network"]
    assert package.precision == "float32"
    assert package.version == package.digest[:12]


def test_the_files_are_those_of_the_format(package_folder):
    assert names_in(package_folder) == NAMES
    words = json.loads((package_folder / "package.json").read_text())
    assert words["format_version"] == 1
    assert words["task"]["state"]["names"] == ["well", "ill"]
    assert words["facts"]["metrics"]["auroc"]["low"] == 0.8


@pytest.mark.parametrize("name", NAMES)
def test_one_changed_byte_in_any_file_stops(package_folder, name):
    path = package_folder / name
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 4
    path.write_bytes(content)
    with pytest.raises(PackageError, match=rf"^{name}: .*Copy the package again from its run\.$"):
        read_package(package_folder)


@pytest.mark.parametrize("name", NAMES)
def test_one_missing_file_stops(package_folder, name):
    (package_folder / name).unlink()
    with pytest.raises(PackageError, match=name):
        read_package(package_folder)


def test_nothing_is_pickled(package_folder):
    for name in NAMES:
        content = (package_folder / name).read_bytes()
        with pytest.raises(Exception, match=r".+"):  # no file is a sequence of pickle opcodes
            list(pickletools.genops(content))
        if name.endswith(".npy"):
            assert np.load(package_folder / name, allow_pickle=False).dtype == np.uint8


def test_no_place_of_this_machine_is_in_it(written_once, package_folder):
    places = {str(written_once.parent), str(Path.home()) + "/", str(Path(__file__).parents[2])}
    for name in NAMES:
        content = (package_folder / name).read_bytes()
        assert not [place for place in places if place.encode() in content], name


def test_a_pickled_array_is_refused(package_folder):
    target = package_folder / "selfcheck" / "xray.values.npy"
    np.save(target, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    (package_folder / CHECKSUMS).unlink()
    write_checksums(package_folder)
    with pytest.raises(PackageError, match=r"^selfcheck: expected made-up inputs"):
        read_package(package_folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.update(format_version=2), r"expected format version 1, got 2\."),
        (lambda w: w.pop("format_version"), r"expected format version 1, got none\."),
        (lambda w: w.update(surprise=1), r"package\.json: surprise: expected a valid entry"),
        (lambda w: w["facts"].pop("study"), r"package\.json: facts\.study: expected a valid"),
        (lambda w: w["task"].update(name="guess"), "package.json, task: expected a task and"),
        (
            lambda w: w["inputs"]["xray"]["options"].update(depth=3),
            r"package\.json, input 'xray': expected a modality and options",
        ),
        (lambda w: w.update(networks=["../network"]), r"\.\./network\.onnx: expected this file"),
    ],
)
def test_words_that_are_not_the_formats_stop(package_folder, change, message):
    rewrite(package_folder, change)
    with pytest.raises(PackageError, match=message):
        read_package(package_folder)


@pytest.mark.parametrize("content", ["", "[1]", "{", "null"])
@pytest.mark.parametrize("name", ["package.json", "state/xray.json"])
def test_malformed_json_stops(package_folder, name, content):
    (package_folder / name).write_text(content)
    (package_folder / CHECKSUMS).unlink()
    write_checksums(package_folder)
    with pytest.raises(PackageError, match=rf"^{name}: expected a JSON object"):
        read_package(package_folder)
