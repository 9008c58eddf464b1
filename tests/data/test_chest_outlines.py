"""The made-up chests with masks: lungs where the picture is dark, the heart between them."""

from __future__ import annotations

import numpy as np

from bedside.data.synthetic import make_cohort
from bedside.data.synthetic.chest_xray import make_chest_xrays


def test_masks_lie_on_the_pictures_of_the_other_cohort() -> None:
    made = make_cohort("chest-outlines", patients=12, seed=3)
    images, masks = made.arrays["image"].astype(float), made.arrays["mask"]
    assert np.array_equal(
        made.arrays["image"], make_chest_xrays(patients=12, seed=3).arrays["image"]
    )
    assert made.structures == {"lung": 1, "heart": 2}
    assert masks.shape == images.shape
    assert set(np.unique(masks)) == {0, 1, 2}
    for image, mask in zip(images, masks, strict=True):
        body = image > 40
        assert image[mask == 1].mean() < image[(mask == 2) & body].mean()
        lungs, heart = np.argwhere(mask == 1), np.argwhere(mask == 2)
        assert 0.1 < (mask == 1).mean() < 0.5
        assert 0.04 < (mask == 2).mean() < 0.3
        assert lungs[:, 1].min() < heart[:, 1].mean() < lungs[:, 1].max()
