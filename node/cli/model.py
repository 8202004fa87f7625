"""`assay model`: networks to try things on."""

from __future__ import annotations

from pathlib import Path

import click

from node.models import EPOCHS, Architecture, attack_model, train_model

from .frame import errors_as_sentences, json_option, show

out_option = click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Where the new package goes."
)
data_option = click.option(
    "--data", default="digits", show_default=True,
    help="`digits`, a directory of idx files or of BANKING77, or an .npz file.",
)  # fmt: skip
seed_option = click.option("--seed", default=1, show_default=True)


@click.group()
def model() -> None:
    """Make networks to try things on: an owner's, an innocent's, a thief's."""


@model.command()
@out_option
@data_option
@click.option(
    "--architecture",
    type=click.Choice(["mlp", "cnn", "resnet", "bilstm"]),
    default="cnn",
    show_default=True,
)
@click.option("--epochs", type=click.IntRange(min=1), default=EPOCHS, show_default=True)
@seed_option
@json_option
def train(
    out: Path, data: str, architecture: Architecture, epochs: int, seed: int, as_json: bool
) -> None:
    """Train a small network from scratch."""
    with errors_as_sentences():
        accuracy = train_model(out, data=data, seed=seed, architecture=architecture, epochs=epochs)
    show(as_json, {"package": str(out), "accuracy": round(accuracy, 4)})


@model.command()
@click.argument("package", type=click.Path(path_type=Path, exists=True, file_okay=False))
@out_option
@data_option
@click.option(
    "--epochs", type=click.IntRange(min=0), default=5, show_default=True, help="Of fine-tuning."
)
@click.option("--prune", type=click.FloatRange(0, 1, max_open=True), default=0.5, show_default=True)
@seed_option
@json_option
def attack(
    package: Path, out: Path, data: str, epochs: int, prune: float, seed: int, as_json: bool
) -> None:
    """Do to PACKAGE what a thief would: fine-tune, prune, permute and rescale its neurons."""
    with errors_as_sentences():
        accuracy = attack_model(package, out, data=data, epochs=epochs, pruned=prune, seed=seed)
    show(as_json, {"package": str(out), "accuracy": round(accuracy, 4)})
