"""Which network, how much data and which hyper-parameters each scheme is measured with.

The only place where the suites know one scheme from another. Networks are small enough for one
core: with 10,000 images an epoch takes about four seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from verifier.configs import BilstmConfig, CnnConfig, Config
from verifier.errors import BadData
from verifier.scheme import Scheme
from verifier.schemes import find_scheme

from .data import Split, split


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What a data set asks of a network, and of its training."""

    channels: tuple[int, ...]
    hidden: int
    epochs: int
    images: int = 10_000


SIZES: dict[str, Size] = {
    "digits": Size(channels=(16, 32), hidden=256, epochs=20),
    "mnist": Size(channels=(16, 32), hidden=256, epochs=10),
    "mnist-60k": Size(channels=(16, 32), hidden=256, epochs=3, images=60_000),
    "fashion-mnist": Size(channels=(16, 32), hidden=256, epochs=10),
    "cifar10": Size(channels=(32, 64), hidden=256, epochs=12),
    "banking77": Size(channels=(), hidden=256, epochs=15),
}
"""The data sets that a case can be made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """How a scheme differs from the others."""

    shards: int = 1
    hidden: int | None = None
    images: int | None = None
    """Fewer than the data set's size has."""
    foreign: bool = False
    """Whether the thief has data of his own: in the owner's data itself, PMI has its mark."""
    attacks: tuple[str, ...] = ()
    """Special ones, beside those of every scheme."""
    spared: tuple[str, ...] = ()
    """Attacks that make no sense against the scheme."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Hyper-parameters other than the scheme's defaults."""


# Its authors train by SGD, and say of its robustness what a thief by SGD leaves.
DEEPSTEGO = Needs(
    attacks=("fine-tuned by SGD at 1e-3, 20 % data", "fine-tuned by SGD at 1e-3, all data"),
    parameters={"learning_rate": 2e-3, "keys_per_step": 64, "epochs": 15},
)
DSN = Needs(
    attacks=(
        "fine-tuned on random frames",
        "locked anew by a customer",
        "from scratch, 20 % data",
        "from scratch, all data",
    ),
    # Without a licence he distils a model that answers nobody.
    spared=("overwritten by a second owner",),
)
# A second owner of PMI trains from scratch: that removes any mark, and the model with it. Its
# references are trained as often as there are images to know by heart, so these are few.
PMI = Needs(
    images=2500,
    foreign=True,
    spared=("overwritten by a second owner",),
    parameters={"epochs": 40, "learning_rate": 1e-3, "references": 3},
)

NEEDS: dict[str, Needs] = {
    "deepsigns-v1": Needs(shards=4, hidden=512),
    # Ten thousand images are eight times the steps of an epoch on digits.
    "deepsigns-blackbox-v1": Needs(parameters={"epochs": 8}),
    "deepstego-v1": DEEPSTEGO,
    "deepstego-bound-v1": DEEPSTEGO,
    "mtlsign-v1": Needs(shards=2, parameters={"epochs": 3}),  # one is exposed, the other read
    "dsn-v1": DSN,
    "pmi-v1": PMI,
}
"""Of the schemes that differ."""

NEEDS_ON: dict[tuple[str, str], Needs] = {
    ("deepstego-v1", "mnist-60k"): replace(
        DEEPSTEGO, parameters={**DEEPSTEGO.parameters, "epochs": 8}
    ),
    ("pmi-v1", "cifar10"): replace(
        PMI, images=4000, parameters={"epochs": 20, "learning_rate": 2e-3, "references": 2}
    ),
}
"""Of the schemes that differ once more on one data set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One scheme on one data set."""

    scheme: Scheme
    data: str
    size: Size
    needs: Needs

    def load(self, data_dir: Path | None) -> Split:
        """The data, as owner and thief hold it.

        Raises:
            BadData: it is not there.
        """
        return split(self.data, data_dir, images=self.size.images, foreign=self.needs.foreign)

    def config(self, data: Split) -> Config:
        """The network for such inputs."""
        classes, size = data.owner.classes, self.size
        match data.owner.input_shape:
            case (channels, height, width):
                return CnnConfig(
                    input_shape=(channels, height, width),
                    classes=classes,
                    channels=size.channels,
                    hidden=size.hidden,
                )
            case (length,):
                words = max(int(part.inputs.max()) for part in (data.owner, data.thief, data.test))
                return BilstmConfig(
                    input_shape=(length,),
                    classes=classes,
                    vocabulary=words + 1,
                    embedding=64,
                    width=64,
                    hidden=size.hidden,
                )
        raise BadData("choose a network", f"none is known for inputs {data.owner.input_shape}")


def case(scheme_id: str, data: str) -> Case:
    """How `scheme_id` is measured on the data set of this name, one of `SIZES`.

    Raises:
        BadData: there is no such data set.
        UnknownScheme: there is no such scheme.
    """
    if data not in SIZES:
        raise BadData(f"find data set {data!r}", f"not one of {', '.join(SIZES)}")
    scheme, size = find_scheme(scheme_id), SIZES[data]
    needs = NEEDS_ON.get((scheme_id, data), NEEDS.get(scheme_id, Needs()))
    size = replace(size, hidden=needs.hidden or size.hidden, images=needs.images or size.images)
    # On digits the schemes' own defaults fit.
    if data != "digits":
        scheme = replace(scheme, **needs.parameters)  # type: ignore[type-var]  # all are dataclasses
    return Case(scheme=scheme, data=data, size=size, needs=needs)
