"""The image modality: options, reading, fitting on what it is given, preparing, faking."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image as Pillow

from bedside.errors import DataError, StudyError
from bedside.modalities import REGISTRY
from bedside.modalities.image import SMALLEST_STD, Image, resized
from bedside.schema import Geometry, Modality, Reference, Sample
from bedside.study import parse_options

SIZE = (16, 20)


def image(**options) -> Image:
    return Image(size=options.pop("size", SIZE), **options)


def samples(n=6, *, channels=None, dtype=np.uint8, seed=0) -> list[Sample]:
    shape = SIZE if channels is None else (*SIZE, channels)
    rng = np.random.default_rng(seed)
    drawn = [rng.integers(0, 256, shape, dtype=np.uint8) for _ in range(n)]
    if dtype != np.uint8:
        drawn = [(values / 255).astype(dtype) for values in drawn]
    return [Sample(values) for values in drawn]


def test_it_is_the_registered_modality():
    modality: Modality = REGISTRY.load("image")()
    assert isinstance(modality, Image)
    assert modality.columns_used() == ["image"]
    assert modality.default_encoder == "resnet"
    assert ".dcm" in modality.suffixes


def test_options_survive_json():
    modality = image(column="file", channels=3, resize="pad", mirror=True)
    words = json.loads(json.dumps(modality.model_dump(mode="json")))
    assert Image.model_validate(words) == modality


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"sise": [64, 64]}, "sise: unknown key. Did you mean 'size'?"),
        ({"size": [8, 64]}, "inputs.xray: size, item 1: expected a whole number of at least 16"),
        (
            {"size": [64, 4096]},
            "size, item 2: expected a whole number of at least 16 and at most 2048",
        ),
        ({"channels": 2}, "channels: expected 'auto', 1 or 3, got 2"),
        ({"resize": "crop"}, "resize: expected 'stretch' or 'pad', got 'crop'"),
        ({"frame": 0}, "frame: expected 'first' or 'middle' or a whole number of at least 1"),
        ({"window": [40, 0]}, "inputs.xray: window: expected"),
        ({"window": "brain"}, "inputs.xray: window: expected 'first' or 'full'"),
    ],
)
def test_wrong_options_are_named(words, said):
    with pytest.raises(StudyError) as caught:
        parse_options(Image, words, where="inputs.xray")
    assert said in str(caught.value)


@pytest.mark.parametrize("resize", ["stretch", "pad"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("channels", [None, 3])
def test_an_image_of_the_target_size_is_untouched(resize, dtype, channels):
    values = samples(1, channels=channels, dtype=dtype)[0].values
    read = image(resize=resize).read(Reference("row 0", values)).values
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, values)


def test_a_file_is_resized_when_read(tmp_path):
    step = np.zeros((64, 80), np.uint8)
    step[:, 40:] = 200
    path = tmp_path / "x.png"
    Pillow.fromarray(step).save(path)
    sample = image().read(Reference("row 0", path))
    assert sample.values.shape == SIZE
    assert sample.geometry.shape == (64, 80)
    assert sample.values[:, :9].max() == 0
    assert sample.values[:, 11:].min() == 200


def test_shrinking_averages_instead_of_aliasing():
    checks = (np.indices((256, 320)).sum(axis=0) % 2 * 255).astype(np.uint8)
    small = resized(checks, SIZE, how="stretch").astype(int)
    assert np.abs(small - 127).max() <= 4
    small = resized((checks / 255).astype(np.float32), SIZE, how="stretch")
    assert np.abs(small - 0.5).max() < 0.02


@pytest.mark.parametrize("shape", [(8, 9), (40, 33), (40, 33, 3)])
def test_bytes_and_floats_resize_alike_and_stay_in_range(shape):
    values = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    whole = resized(values, SIZE, how="stretch")
    exact = resized(values.astype(np.float32), SIZE, how="stretch")
    assert whole.dtype == np.uint8
    assert np.abs(exact - whole).max() <= 1.0
    assert exact.min() >= values.min() - 1e-3
    assert exact.max() <= values.max() + 1e-3


def test_pad_keeps_the_aspect_ratio_on_black():
    white = np.full((20, 80), 255, np.uint8)
    padded = resized(white, (40, 40), how="pad")
    np.testing.assert_array_equal(padded[15:25], 255)
    assert padded[:15].max() == padded[25:].max() == 0
    tall = resized(np.ones((80, 1), np.float32), (16, 16), how="pad")
    assert tall.shape == (16, 16)
    assert tall.sum() == 16


def test_fit_is_the_mean_and_deviation_of_the_training_pixels():
    given = samples()
    state = image().fit(iter(given))
    pixels = np.stack([s.values for s in given]).astype(float)
    assert (state["channels"], state["dtype"]) == (1, "uint8")
    assert state["standardise"]["values"]["mean"] == pytest.approx([pixels.mean()])
    assert state["standardise"]["values"]["std"] == pytest.approx([pixels.std()])
    assert json.loads(json.dumps(state)) == state


def test_fit_sees_only_what_it_is_given():
    given = samples(8)
    state = image().fit(given[:4])
    given[6] = Sample(np.full((*SIZE, 3), 255, np.uint8))
    assert image().fit(given[:4]) == state
    assert image().fit(given) != state


def test_fit_in_colour_counts_grey_images_in_every_channel():
    mixed = [*samples(2), *samples(2, channels=3, seed=1)]
    state = image().fit(mixed)
    prepared = np.stack([image().prepare(s, state)["values"] for s in mixed]).astype(float)
    assert state["channels"] == 3
    fitted = state["standardise"]["values"]
    assert fitted["mean"] == pytest.approx(prepared.mean(axis=(0, 2, 3)))
    assert fitted["std"] == pytest.approx(prepared.std(axis=(0, 2, 3)))


def test_fit_of_mixed_depth_is_float_in_0_to_1():
    mixed = [*samples(2), *samples(2, dtype=np.float32, seed=1)]
    state = image().fit(mixed)
    prepared = np.stack([image().prepare(s, state)["values"] for s in mixed])
    assert state["dtype"] == "float32" == str(prepared.dtype)
    assert prepared.max() <= 1
    fitted = state["standardise"]["values"]
    assert fitted["mean"] == pytest.approx([prepared.mean(dtype=float)], rel=1e-5)
    assert fitted["std"] == pytest.approx([prepared.std(dtype=float)], rel=1e-5)


def test_fit_in_grey_of_colour_images_matches_what_is_prepared():
    given = samples(3, channels=3)
    modality = image(channels=1)
    state = modality.fit(given)
    prepared = modality.collate([modality.prepare(s, state) for s in given])["values"]
    assert prepared.shape == (3, 1, *SIZE)
    assert state["standardise"]["values"]["mean"] == pytest.approx([prepared.mean()])
    pillow = np.asarray(Pillow.fromarray(given[0].values).convert("L"), int)
    assert np.abs(prepared[0, 0].astype(int) - pillow).max() <= 1


def test_constant_images_do_not_divide_by_zero():
    state = image().fit([Sample(np.full(SIZE, 9, np.uint8))])
    fitted = state["standardise"]["values"]
    assert fitted == {"mean": pytest.approx([9.0]), "std": pytest.approx([255 * SMALLEST_STD])}


def test_fit_of_nothing_is_refused():
    with pytest.raises(DataError, match="expected at least one training image, got none"):
        image().fit([])


def test_prepare_converts_dtype_and_channels():
    modality = image()
    grey8 = {"channels": 1, "top": 1.0, "dtype": "uint8"}
    unit = np.zeros(SIZE, np.float32)
    unit[0, :3] = (0.5, 1.0, 0.4999)
    values = modality.prepare(Sample(unit), grey8)["values"]
    assert values.dtype == np.uint8
    assert values[0, 0, :3].tolist() == [128, 255, 127]
    byte = np.full(SIZE, 51, np.uint8)
    values = modality.prepare(Sample(byte), {"channels": 3, "top": 1.0, "dtype": "float32"})[
        "values"
    ]
    assert values.shape == (3, *SIZE)
    np.testing.assert_allclose(values, 0.2, atol=1e-7)
    equal = np.dstack([byte] * 3)
    np.testing.assert_array_equal(modality.prepare(Sample(equal), grey8)["values"][0], byte)


def test_prepare_refuses_another_size():
    with pytest.raises(DataError, match="expected an image of 16 x 20 pixels, got shape"):
        image().prepare(Sample(np.zeros((9, 9), np.uint8)), {"channels": 1, "dtype": "uint8"})


def test_a_batch_equals_its_cases_one_by_one():
    modality = image()
    given = samples(5, channels=3)
    state = modality.fit(given)
    batch = modality.collate([modality.prepare(s, state) for s in given])["values"]
    assert batch.shape == (5, 3, *SIZE)
    assert batch.flags.c_contiguous
    for row, sample in enumerate(given):
        one = modality.collate([modality.prepare(sample, state)])["values"]
        np.testing.assert_array_equal(batch[row : row + 1], one)
        np.testing.assert_array_equal(batch[row], np.moveaxis(sample.values, 2, 0))


@pytest.mark.parametrize("channels", ["auto", 3])
def test_fake_is_plausible_and_seeded(channels):
    modality = image(size=(64, 48), channels=channels)
    made = modality.fake(np.random.default_rng(3), 4)
    again = modality.fake(np.random.default_rng(3), 4)
    shape = (64, 48, 3) if channels == 3 else (64, 48)
    for one, same in zip(made, again, strict=True):
        assert one.values.shape == shape
        assert one.values.dtype == np.uint8
        assert one.values.std() > 10
        assert np.abs(np.diff(one.values.astype(int), axis=0)).max() < 64  # smooth
        np.testing.assert_array_equal(one.values, same.values)
        assert one.geometry == Geometry(shape=shape)
    assert not np.array_equal(made[0].values, made[1].values)


def test_a_whole_batch_travels_through_describe_and_augment():
    import torch

    modality = image(size=(32, 32))
    given = modality.fake(np.random.default_rng(0), 3)
    state = modality.fit(given)
    arrays = modality.collate([modality.prepare(s, state) for s in given])
    assert modality.describe(arrays).shape[0] == 3
    batch = {"values": torch.from_numpy(arrays["values"])}
    moved = modality.augment(batch, torch.Generator().manual_seed(0))
    assert moved["values"].shape == (3, 1, 32, 32)


def test_reading_needs_the_base_install_only():
    code = (
        "import sys\n"
        "for name in ('torch', 'skimage', 'pandas', 'sklearn', 'matplotlib'):\n"
        "    sys.modules[name] = None\n"
        "import numpy as np\n"
        "from bedside.modalities.image import Image\n"
        "from bedside.schema import Reference\n"
        "m = Image(size=(16, 16))\n"
        "s = [m.read(Reference('row 0', np.zeros((20, 20), np.uint8)))]\n"
        "s += m.fake(np.random.default_rng(0), 2)\n"
        "state = m.fit(s)\n"
        "assert m.collate([m.prepare(x, state) for x in s])['values'].shape == (3, 1, 16, 16)\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


@pytest.mark.parametrize(("bits", "top"), [(16, 1.0), (12, 1 / 16), (10, 1 / 64), (8, 1 / 256)])
def test_empty_upper_bits_of_deep_images_are_left_out(bits, top):
    rng = np.random.default_rng(4)
    image = Image(size=(32, 32))
    pixels = rng.integers(0, 2**bits, (6, 32, 32)).astype(np.uint16)
    pixels[:, 0, 0] = 2**bits - 1
    samples = [image.read(Reference("row 1", each)) for each in pixels]
    state = image.fit(samples)
    assert (state["dtype"], state["top"]) == ("float32", top)
    values = np.stack([image.prepare(sample, state)["values"] for sample in samples])
    assert values.dtype == np.float32
    assert values.max() == pytest.approx(1.0, abs=0.005)
    standardise = state["standardise"]["values"]
    assert standardise["mean"] == pytest.approx([values.mean()], rel=1e-4)
    assert standardise["std"] == pytest.approx([values.std()], rel=1e-4)
    assert image.picture(samples[0]).max() >= 254
    darker = image.read(Reference("row 2", pixels[0] // 2))  # the training part sets the scale
    assert image.prepare(darker, state)["values"].max() == pytest.approx(0.5, abs=0.005)
