"""Networks: encoders (inputs -> Features), fusion (Features joined), heads (-> outputs)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedside.registry import Registry

if TYPE_CHECKING:
    from bedside.models.features import Encoder, Fusion

ENCODERS: Registry[type[Encoder]] = Registry(
    "encoder",
    {
        "bag": "bedside.models.bag:Bag",
        "cnn": "bedside.models.cnn:Cnn",
        "dense": "bedside.models.dense:Dense",
        "densenet121": "bedside.models.densenet121:DenseNet121",
        "fine-resnet": "bedside.models.fine_resnet:FineResNet",
        "half-unet3d": "bedside.models.half_unet3d:HalfUNet3d",
        "linear": "bedside.models.linear:Linear",
        "lstm": "bedside.models.lstm:Lstm",
        "mlp": "bedside.models.mlp:Mlp",
        "multiscale": "bedside.models.multiscale:MultiScale",
        "onward-lstm": "bedside.models.onward_lstm:OnwardLstm",
        "resnet": "bedside.models.resnet:ResNet",
        "resnet3d": "bedside.models.resnet3d:ResNet3d",
        "se-resnet": "bedside.models.se_resnet:SeResNet",
        "slices-gru": "bedside.models.slices_gru:SlicesGru",
        "spelling-lstm": "bedside.models.spelling_lstm:SpellingLstm",
        "tcn": "bedside.models.tcn:Tcn",
        "text-cnn": "bedside.models.text_cnn:TextCnn",
        "text-lstm": "bedside.models.text_lstm:TextLstm",
        "transformer": "bedside.models.transformer:Transformer",
        "unet2d": "bedside.models.unet2d:UNet2d",
        "unet3d": "bedside.models.unet3d:UNet3d",
    },
)
FUSIONS: Registry[type[Fusion]] = Registry(
    "fusion",
    {"concat": "bedside.models.fusion:Concat"},
)
