"""Hand-made features of images, for the classical peers of a network.

Enters: prepared images (B, C, H, W), uint8 or float32 in 0..1. Leaves: (B, F)
float32, always finite, F fixed by C alone: gradients (HOG), intensity and texture
(grey-level co-occurrence, local binary patterns), and colour means where C is 3.
"""

from __future__ import annotations

import numpy as np

from bedside.modalities.image import LUMA, resized
from bedside.schema import Array

HOG_SIDE, HOG_CELL, ORIENTATIONS = 48, 8, 9
"""HOG sees every image at 48 x 48: 5 x 5 blocks of 2 x 2 cells, 900 numbers at any size."""
TEXTURE_SIDE = 96
"""Texture is taken at 96 x 96 at most, which bounds its cost."""
GREY_LEVELS = 16
DISTANCES = (1, 2)
ANGLES = (0.0, np.pi / 4, np.pi / 2, 3 * np.pi / 4)
PROPERTIES = ("contrast", "dissimilarity", "homogeneity", "energy", "correlation")
PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
LBP_POINTS, LBP_RADIUS = 8, 1


def describe_images(values: Array) -> Array:
    """Describe a batch (B, C, H, W), C 1 or 3, by (B, F) float32 features.

    Gradients: Dalal and Triggs 2005, doi:10.1109/CVPR.2005.177. Co-occurrence:
    Haralick et al. 1973, doi:10.1109/TSMC.1973.4309314. Binary patterns: Ojala
    et al. 2002, doi:10.1109/TPAMI.2002.1017623.
    """
    if values.dtype == np.uint8:
        values = values.astype(np.float32) / np.float32(255)
    return np.stack([_describe_one(image) for image in values.astype(np.float32, copy=False)])


def _describe_one(image: Array) -> Array:
    """One image (C, H, W) in 0..1 -> (F,) float32."""
    grey = image[0] if len(image) == 1 else np.tensordot(LUMA, image, axes=1).astype(np.float32)
    parts = [_gradients(grey), _intensity(grey), _texture(grey)]
    if len(image) == 3:
        parts += [image.mean(axis=(1, 2)), image.std(axis=(1, 2))]
    return np.nan_to_num(np.concatenate(parts).astype(np.float32))


def _gradients(grey: Array) -> Array:
    from skimage.feature import hog

    small = resized(grey, (HOG_SIDE, HOG_SIDE), how="stretch")
    cells = (HOG_CELL, HOG_CELL)
    return np.asarray(hog(small, ORIENTATIONS, cells, cells_per_block=(2, 2), block_norm="L2-Hys"))


def _intensity(grey: Array) -> Array:
    """Mean, deviation, skewness, excess kurtosis and percentiles."""
    mean, std = float(grey.mean(dtype=np.float64)), float(grey.std(dtype=np.float64))
    z = (grey - mean) / max(std, 1e-6)
    square = z * z  # ten times as fast as powers of 3 and 4
    moments = [mean, std, float((square * z).mean()), float((square * square).mean()) - 3]
    return np.array([*moments, *np.percentile(grey, PERCENTILES)])


def _texture(grey: Array) -> Array:
    """Co-occurrence properties (mean and range over angles) and binary patterns.

    Grey levels are stretched between each image's 1st and 99th percentile:
    texture is about pattern, and `_intensity` already holds brightness.
    """
    from skimage.feature import graycomatrix, graycoprops, local_binary_pattern

    side = (min(grey.shape[0], TEXTURE_SIDE), min(grey.shape[1], TEXTURE_SIDE))
    small = resized(grey, side, how="stretch")
    low, high = np.percentile(small, (1, 99))
    stretched = np.clip((small - low) / max(high - low, 1e-6), 0, 1)
    levels = np.minimum(stretched * GREY_LEVELS, GREY_LEVELS - 1).astype(np.uint8)
    pairs = graycomatrix(levels, DISTANCES, ANGLES, GREY_LEVELS, symmetric=True, normed=True)
    found = np.stack([graycoprops(pairs, name) for name in PROPERTIES])  # (5, distances, angles)
    patterns = local_binary_pattern(
        np.rint(stretched * 255).astype(np.uint8), LBP_POINTS, LBP_RADIUS, method="uniform"
    )
    counts = np.bincount(patterns.astype(np.intp).ravel(), minlength=LBP_POINTS + 2)
    return np.concatenate(
        [found.mean(axis=2).ravel(), np.ptp(found, axis=2).ravel(), counts / patterns.size]
    )
