"""The `assay` command: one file per role, and one for what an owner does in disputes."""

from __future__ import annotations

import sys

import click

from .arbitrator import ownership, priority, verdict
from .bench import bench
from .challenge import appeal
from .devnet import chain, demo, deploy, devnet, mirror
from .model import model
from .owner import owner
from .simulate import simulate
from .verifier import node


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "ASSAY"}
)
@click.version_option(package_name="assay-office")
def main() -> None:
    """Settle whose neural network this is."""


for command in (
    *(demo, devnet, owner, appeal, node, verdict, priority, ownership, model, bench),
    *(simulate, chain, deploy, mirror),
):
    main.add_command(command)

# py_ecc raises Python's recursion limit to 100,000 when it is imported, under which 64 KiB of "["
# from a stranger overflow the C stack of the JSON parser and end the process.
sys.setrecursionlimit(1000)
