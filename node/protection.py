"""The journal's votes as one file, to move a key to another machine (EIP-3076 for Assay).

Stop the old node, export, import on the new machine, start there. An import is all or nothing and
may be repeated; it only ever adds. Numbers and bytes are strings, so that no JSON reader rounds
them.
"""

from __future__ import annotations

import json
from typing import Any, Final

from protocol.types import Address, Digest, DisputeId, Outcome

from .errors import ProtectionRefused
from .journal import Identity, Journal, RecordedVote

FORMAT: Final = "assay-protection-v1"


def export_votes(journal: Journal) -> str:
    """The interchange document of all votes on record."""
    identity = journal.identity
    document = {
        "format": FORMAT,
        "identity": {
            "chain_id": str(identity.chain_id),
            "dispute_manager": identity.dispute_manager,
            "bls_key_hash": identity.bls_key_hash.hex(),
        },
        "votes": [
            {
                "dispute_id": vote.dispute_id.hex(),
                "round": str(vote.round),
                "outcome": vote.outcome.name,
                "digest": vote.digest.hex(),
            }
            for vote in journal.votes()
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def import_votes(journal: Journal, document: str) -> int:
    """Add the votes of an export to the journal; returns how many were new.

    Raises:
        ProtectionRefused: it is not an export, or another key's or deployment's.
        DoubleVote: it contradicts the journal: this key has signed twice.
    """
    try:
        fields = json.loads(document)
        if fields["format"] != FORMAT:
            raise ProtectionRefused(f"format {fields['format']!r}, not {FORMAT!r}")
        identity = _read_identity(fields["identity"])
        votes = [_read_vote(vote) for vote in fields["votes"]]
    except (ValueError, KeyError, TypeError) as error:
        raise ProtectionRefused(f"not a protection export ({error!r})") from error
    if identity != journal.identity:
        raise ProtectionRefused("it is the history of another key or another deployment")
    return journal.merge(votes)


def _read_identity(fields: dict[str, Any]) -> Identity:
    return Identity(
        chain_id=int(fields["chain_id"]),
        dispute_manager=Address(str(fields["dispute_manager"])),
        bls_key_hash=Digest(bytes.fromhex(fields["bls_key_hash"])),
    )


def _read_vote(fields: dict[str, Any]) -> RecordedVote:
    return RecordedVote(
        DisputeId(bytes.fromhex(fields["dispute_id"])),
        int(fields["round"]),
        Outcome[fields["outcome"]],
        Digest(bytes.fromhex(fields["digest"])),
    )
