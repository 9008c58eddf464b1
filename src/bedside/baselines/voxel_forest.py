"""A random forest that labels each voxel by its surroundings and its place.

Enters: volumes with masks, as `VolumeLesson`. Leaves: masks a case. Features of a voxel: its
intensity, the same blurred at three scales, edges at two, and where it lies in the volume.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from bedside.baselines.contract import FittedOutliner, VolumeLesson
from bedside.baselines.outlines import Outlined, coarse
from bedside.modalities.mask_grid import resampled_labels
from bedside.modalities.volume_grid import resampled
from bedside.schema import Array, State

TREES, DEPTH, LEAF = 40, 16, 4
VOXELS_A_CASE = 1500
MOST_LEARNT = 200_000
BLURS = (1.0, 2.0, 4.0)
EDGES = (1.0, 2.0)


class VoxelForest:
    """Trees on voxels of the training cases; half of them lie in structures, weighted back."""

    name = "voxel-forest"

    def fit_volumes(
        self,
        training: VolumeLesson,
        *,
        validation: VolumeLesson,
        state: State,
        seed: int,
        threads: int,
    ) -> FittedOutliner:
        """Grow the trees; the arguments are those of `Outliner.fit_volumes`."""
        from sklearn.ensemble import RandomForestClassifier

        del validation, state  # nothing is chosen on them
        rng = np.random.default_rng(seed)
        each = min(VOXELS_A_CASE, max(50, MOST_LEARNT // max(len(training), 1)))
        features, labels, weights = [], [], []
        for values, grid in training.cases():
            shape = coarse(values.shape[1:])
            own = resampled_labels(grid, shape).reshape(-1)
            rows, weight = _drawn(own, each, rng)
            features.append(voxel_features(values, shape)[rows])
            labels.append(own[rows])
            weights.append(weight)
        forest = RandomForestClassifier(
            TREES, max_depth=DEPTH, min_samples_leaf=LEAF, random_state=seed, n_jobs=threads
        )
        forest.fit(
            np.concatenate(features), np.concatenate(labels), sample_weight=np.concatenate(weights)
        )

        def label(values: Array) -> Array:
            shape = coarse(values.shape[1:])
            said = forest.predict(voxel_features(values, shape))
            return np.asarray(said, dtype=np.uint8).reshape(shape)

        return Outlined(training.name, label)


def voxel_features(values: Array, shape: tuple[int, int, int]) -> Array:
    """(C, D, H, W), brought to `shape` -> (voxels, F) float32."""
    columns: list[Array] = []
    for channel in values:
        own = resampled(channel.astype(np.float32), shape)
        columns.append(own)
        columns += [ndimage.gaussian_filter(own, sigma) for sigma in BLURS]
        columns += [ndimage.gaussian_gradient_magnitude(own, sigma) for sigma in EDGES]
        columns.append(ndimage.gaussian_laplace(own, EDGES[0]))
    places = np.meshgrid(*((np.arange(n) + 0.5) / n for n in shape), indexing="ij")
    found = np.stack([column.reshape(-1) for column in (*columns, *places)], axis=1)
    return np.asarray(found, dtype=np.float32)


def _drawn(labels: Array, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Some voxels, half of them in structures; how many voxels each stands for."""
    rows, weights = [], []
    for among in (np.flatnonzero(labels), np.flatnonzero(labels == 0)):
        if among.size:
            some = rng.permutation(among)[: count // 2]
            rows.append(some)
            weights.append(np.full(len(some), among.size / len(some)))
    return np.concatenate(rows), np.concatenate(weights)
