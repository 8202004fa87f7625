"""The configurations a package may declare: a few bounded numbers, never code.

A `config.json` is one of those below in JSON, every number bounded and every unknown key refused.
What network it stands for is said in `architectures.py`; nothing here loads a tensor.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from .errors import BadModel

# Far above what the bundled experiments need, far below what exhausts a verifier's memory.
Channels = Annotated[int, Field(ge=1, le=16)]
Side = Annotated[int, Field(ge=1, le=512)]
Length = Annotated[int, Field(ge=1, le=512)]
Width = Annotated[int, Field(ge=1, le=8192)]
Depth = Annotated[int, Field(ge=1, le=32)]


class Config(BaseModel):
    """What every declared architecture has: the inputs it takes and the classes it knows."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    architecture: str
    input_shape: tuple[int, ...]
    classes: Annotated[int, Field(ge=2, le=10_000)]


class ImageConfig(Config):
    """A network that takes images (c, h, w)."""

    input_shape: tuple[Channels, Side, Side]


class TextConfig(Config):
    """A network that takes sentences (length,) of words 0..`vocabulary`-1; 0 is padding."""

    input_shape: tuple[Length]
    vocabulary: Annotated[int, Field(ge=2, le=1 << 20)]


class MlpConfig(ImageConfig):
    """Fully connected layers of `hidden` widths, with the `activation` between."""

    architecture: Literal["mlp"] = "mlp"
    hidden: Annotated[tuple[Width, ...], Field(min_length=1, max_length=8)]
    activation: Literal["relu", "tanh"] = "relu"


class CnnConfig(ImageConfig):
    """3x3 convolutions to `channels`, each with ReLU and a 2x2 pool, then one `hidden` layer."""

    architecture: Literal["cnn"] = "cnn"
    channels: Annotated[tuple[Width, ...], Field(min_length=1, max_length=8)]
    hidden: Width

    @model_validator(mode="after")
    def _pools_leave_a_pixel(self) -> CnnConfig:
        if min(self.input_shape[1:]) >> len(self.channels) < 1:
            raise ValueError("more pools than the image has room for")
        return self


class ResNetConfig(ImageConfig):
    """Stages of residual `blocks`; the first is `width` wide, each later one halves and doubles."""

    architecture: Literal["resnet"] = "resnet"
    width: Width
    blocks: Annotated[tuple[Depth, ...], Field(min_length=1, max_length=4)]


class BilstmConfig(TextConfig):
    """An `embedding` of words, an LSTM of `width` each way, its largest states, `hidden` units."""

    architecture: Literal["bilstm"] = "bilstm"
    embedding: Width
    width: Annotated[int, Field(ge=1, le=1024)]
    hidden: Width


AnyConfig = Annotated[
    MlpConfig | CnnConfig | ResNetConfig | BilstmConfig, Field(discriminator="architecture")
]


def parse_config(text: str | bytes) -> Config:
    """The configuration that a `config.json` declares.

    Raises:
        BadModel: it declares none of ours.
    """
    try:
        config: Config = _ADAPTER.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "document"
        raise BadModel("read config.json", f"{where}: {first['msg']}") from None
    return config


_ADAPTER: TypeAdapter[Config] = TypeAdapter(AnyConfig)
