"""Baselines: the classical peers that every deep model is measured against.

Enters: hand-made features of the cases (`describe_inputs`), windows of a series, or texts,
and their truth. Leaves: outputs of the same form as a network's, so that the task's
own calibration, inference and metrics run over a baseline unchanged.
"""

from __future__ import annotations

from bedside.baselines.contract import (
    Baseline,
    FittedBaseline,
    FittedForecaster,
    FittedLanguageModel,
    FittedOutliner,
    FittedSummariser,
    FittedTagger,
    Forecaster,
    Labelled,
    LanguageModel,
    Lesson,
    Outliner,
    Summariser,
    Tagger,
    TagLesson,
    TextLesson,
    TokenLesson,
    VolumeLesson,
    WordReader,
    Written,
)
from bedside.baselines.features import describe_inputs
from bedside.registry import Registry

_Peer = (
    type[Baseline]
    | type[Forecaster]
    | type[LanguageModel]
    | type[Outliner]
    | type[Summariser]
    | type[Tagger]
    | type[WordReader]
)
REGISTRY: Registry[_Peer] = Registry(
    "baseline",
    {
        "majority": "bedside.baselines.majority:Majority",
        "logistic": "bedside.baselines.logistic:Logistic",
        "boosted-trees": "bedside.baselines.boosted_trees:BoostedTrees",
        "tfidf-logistic": "bedside.baselines.tfidf:TfidfLogistic",
        "persistence": "bedside.baselines.persistence:Persistence",
        "least-squares": "bedside.baselines.least_squares:LeastSquares",
        "exponential-smoothing": "bedside.baselines.smoothing:ExponentialSmoothing",
        "commonest-summary": "bedside.baselines.summaries:CommonestSummary",
        "lead": "bedside.baselines.summaries:Lead",
        "centroid": "bedside.baselines.summaries:Centroid",
        "nearest-report": "bedside.baselines.neighbours:NearestReport",
        "neighbour-consensus": "bedside.baselines.neighbours:NeighbourConsensus",
        "mean-atlas": "bedside.baselines.outlines:MeanAtlas",
        "voxel-threshold": "bedside.baselines.outlines:VoxelThreshold",
        "voxel-forest": "bedside.baselines.voxel_forest:VoxelForest",
        "dictionary": "bedside.baselines.dictionary:Dictionary",
        "linear-chain": "bedside.baselines.linear_chain:LinearChain",
        "unigram": "bedside.baselines.language_models:Unigram",
        "kneser-ney": "bedside.baselines.language_models:KneserNey",
    },
)

__all__ = [
    "REGISTRY",
    "Baseline",
    "FittedBaseline",
    "FittedForecaster",
    "FittedLanguageModel",
    "FittedOutliner",
    "FittedSummariser",
    "FittedTagger",
    "Forecaster",
    "Labelled",
    "LanguageModel",
    "Lesson",
    "Outliner",
    "Summariser",
    "TagLesson",
    "Tagger",
    "TextLesson",
    "TokenLesson",
    "VolumeLesson",
    "WordReader",
    "Written",
    "describe_inputs",
]
