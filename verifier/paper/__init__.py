"""The schemes as they were published: owners choose their keys freely, and nothing is committed.

Here to reproduce the papers' tables, and to show how each can be made to accuse an innocent model.
The protocol refuses them: none is registered, none reads evidence.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """What a published decision rule says of a suspect: `found` against what was `needed`."""

    found: float
    needed: float
    accepted: bool
