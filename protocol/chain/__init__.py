"""The way to the court's contracts: the only part of Assay that knows web3.

`rpc` asks a node and `sending` sends to it, both mapping what goes wrong; `refusals` turns reverts
into sentences; `registers` and `reader` are what one can ask of a court, `entries` and `client`
what one can do; `deployment` is how it came to be.
"""

from __future__ import annotations

from .client import CourtClient
from .reader import CourtReader
from .rpc import Head
from .sending import Receipt

__all__ = ["CourtClient", "CourtReader", "Head", "Receipt"]
