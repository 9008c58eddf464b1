"""A package is written whole or not at all, and only when the engine computes the same."""

import dataclasses
import errno

import numpy as np
import pytest

from bedside.deployment import export, packing, staging
from bedside.deployment.package import read_package
from bedside.deployment.packing import write_package
from bedside.errors import PackageError


@pytest.fixture
def _fast_export(monkeypatch, written_once):
    """Take the network that was exported before: these tests are about the rest."""
    content = (written_once / "network.onnx").read_bytes()
    monkeypatch.setattr(
        export, "export_network", lambda network, example, path: path.write_bytes(content)
    )


@pytest.mark.usefixtures("_fast_export")
def test_parity_is_reported_and_real_cases_are_compared_too(
    tmp_path, tiny_network, contents_of, monkeypatch
):
    seen = []
    prove = export.prove_parity
    monkeypatch.setattr(
        export, "prove_parity", lambda n, e, a: seen.append(len(a["xray.values"])) or prove(n, e, a)
    )
    real = {"xray.values": np.full((5, 1, 16, 16), 9, np.uint8)}
    written = write_package(
        tmp_path / "package", {"network": tiny_network()}, contents_of(), real=real
    )
    assert seen == [3, 5]
    assert 0 <= written.parity["network"] < 1e-5
    assert written.digest == read_package(written.folder).digest
    assert [path.name for path in tmp_path.iterdir()] == ["package"]


@pytest.mark.usefixtures("_fast_export")
def test_the_same_study_gives_the_same_package(tmp_path, tiny_network, contents_of, written_once):
    written = write_package(tmp_path / "package", {"network": tiny_network()}, contents_of())
    assert written.digest == read_package(written_once).digest


@pytest.mark.usefixtures("_fast_export")
def test_a_network_that_exports_to_other_numbers_leaves_the_old_package(
    package_folder, tiny_network, contents_of
):
    before = read_package(package_folder).digest
    altered = tiny_network()
    altered.linear.bias.data += 1
    with pytest.raises(PackageError, match="within 1e-4"):
        write_package(package_folder, {"network": altered}, contents_of())
    assert read_package(package_folder).digest == before
    assert [path.name for path in package_folder.parent.iterdir()] == ["package"]


@pytest.mark.usefixtures("_fast_export")
def test_a_new_package_replaces_the_old_one_as_a_whole(package_folder, tiny_network, contents_of):
    (package_folder / "left_over.txt").write_text("old")
    contents = contents_of(model_card="# New\n")
    write_package(package_folder, {"network": tiny_network()}, contents)
    assert read_package(package_folder).contents.model_card == "# New\n"
    assert not (package_folder / "left_over.txt").exists()
    assert [path.name for path in package_folder.parent.iterdir()] == ["package"]


def test_a_folder_of_something_else_is_never_replaced(tmp_path, tiny_network, contents_of):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "scan.dcm").write_bytes(b"precious")
    with pytest.raises(PackageError, match=r"^data: expected no folder, an empty one or a package"):
        write_package(tmp_path / "data", {"network": tiny_network()}, contents_of())
    assert (tmp_path / "data" / "scan.dcm").read_bytes() == b"precious"


@pytest.mark.usefixtures("_fast_export")
def test_a_full_disk_keeps_the_old_package_and_says_so(
    package_folder, tiny_network, contents_of, monkeypatch
):
    before = read_package(package_folder).digest

    def full(stage):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(staging, "_flush", full)
    with pytest.raises(PackageError, match=r"got a full disk\. Free some space"):
        write_package(package_folder, {"network": tiny_network()}, contents_of())
    assert read_package(package_folder).digest == before
    assert [path.name for path in package_folder.parent.iterdir()] == ["package"]


def test_an_input_name_that_is_no_file_name_is_refused(tmp_path, tiny_network, contents_of):
    contents = contents_of()
    modality, state = contents.modalities["xray"], contents.modality_states["xray"]
    for name in ("../xray", "a/b", ".hidden", ""):
        renamed = dataclasses.replace(
            contents, modalities={name: modality}, modality_states={name: state}
        )
        with pytest.raises(PackageError, match="name of an input or network: expected letters"):
            write_package(tmp_path / "package", {"network": tiny_network()}, renamed)
    assert not list(tmp_path.iterdir())


def test_a_modality_outside_the_registry_is_refused(tmp_path, tiny_network, contents_of):
    class Strange(type(contents_of().modalities["xray"])):
        pass

    contents = contents_of()
    strange = dataclasses.replace(contents, modalities={"xray": Strange(size=(16, 16))})
    with pytest.raises(PackageError, match="modality: expected one of the registry, got Strange"):
        packing._registered(packing.MODALITIES, strange.modalities["xray"])
