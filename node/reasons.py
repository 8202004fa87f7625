"""Every way a duty can go undone, with the sentence an operator reads.

A reason is one word in three places: the label of a metric, a field of a log line, a heading of
the runbook. Its value never changes once released; its text may.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from protocol.errors import (
    BadEnvelope,
    BadOpening,
    ChainError,
    ContractRefused,
    TransactionLost,
    TransactionRefused,
)
from verifier.errors import BadEvidence, BadModel, UnknownScheme

from .errors import DoubleVote, NotAMember, NotReference, Refused, SandboxFailed, Unavailable


class Reason(StrEnum):
    """Why this node has not done its duty on a dispute, or could only vote that it cannot."""

    FETCH_UNAVAILABLE = "fetch_unavailable"
    FETCH_REFUSED = "fetch_refused"
    KEY_MISMATCH = "key_mismatch"
    EVIDENCE_REFUSED = "evidence_refused"
    MODEL_REFUSED = "model_refused"
    SCHEME_UNSUPPORTED = "scheme_unsupported"
    SANDBOX_FAILED = "sandbox_failed"
    ENV_NOT_REFERENCE = "env_not_reference"
    JOURNAL_REFUSED = "journal_refused"
    NOT_A_MEMBER = "not_a_member"
    QUORUM_NOT_REACHED = "quorum_not_reached"
    TRANSACTION_FAILED = "transaction_failed"
    CHAIN_UNAVAILABLE = "chain_unavailable"
    UNEXPECTED = "unexpected"

    @property
    def text(self) -> str:
        """One line: what happened, and what to do about it."""
        return _TEXTS[self]


def reason_of(error: BaseException) -> Reason:
    """The reason behind an error; what no row of the table names is a defect."""
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), Reason.UNEXPECTED)


# The first row that fits decides, so a special error stands above its family.
_REASONS: Final[tuple[tuple[type[Exception], Reason], ...]] = (
    (Unavailable, Reason.FETCH_UNAVAILABLE),
    (Refused, Reason.FETCH_REFUSED),
    (BadEnvelope, Reason.KEY_MISMATCH),
    (BadOpening, Reason.KEY_MISMATCH),
    (BadEvidence, Reason.EVIDENCE_REFUSED),
    (BadModel, Reason.MODEL_REFUSED),
    (UnknownScheme, Reason.SCHEME_UNSUPPORTED),
    (NotReference, Reason.ENV_NOT_REFERENCE),
    (SandboxFailed, Reason.SANDBOX_FAILED),
    (DoubleVote, Reason.JOURNAL_REFUSED),
    (NotAMember, Reason.NOT_A_MEMBER),
    (ContractRefused, Reason.TRANSACTION_FAILED),
    (TransactionRefused, Reason.TRANSACTION_FAILED),
    (TransactionLost, Reason.TRANSACTION_FAILED),
    (ChainError, Reason.CHAIN_UNAVAILABLE),
)

_TEXTS: Final = {
    Reason.FETCH_UNAVAILABLE: "no mirror gave the bytes; ask whoever names the mirrors to serve "
    "them",
    Reason.FETCH_REFUSED: "the mirrors gave other bytes than the digest and the size name",
    Reason.KEY_MISMATCH: "the envelope does not open to what the claim committed; the vote is "
    "BAD_KEY",
    Reason.EVIDENCE_REFUSED: "the scheme refuses the owner's evidence; the vote is BAD_KEY",
    Reason.MODEL_REFUSED: "the suspect is no model this node can read safely; the vote is "
    "UNSUPPORTED",
    Reason.SCHEME_UNSUPPORTED: "this node does not know the claim's scheme; upgrade it",
    Reason.SANDBOX_FAILED: "the verifier crashed or ran out of time or memory; raise its limits "
    "if the machine allows",
    Reason.ENV_NOT_REFERENCE: "an appeal is measured with one version of torch, and another is "
    "installed; this node abstains",
    Reason.JOURNAL_REFUSED: "another vote is on record for this round; find out who else ran with "
    "this key",
    Reason.NOT_A_MEMBER: "this node's key is not in the committee; check its keystore",
    Reason.QUORUM_NOT_REACHED: "too few members agreed in time; see which peers were heard",
    Reason.TRANSACTION_FAILED: "the chain did not take a transaction; check the account's balance",
    Reason.CHAIN_UNAVAILABLE: "the chain's RPC does not answer as it should; nothing is signed "
    "until it does",
    Reason.UNEXPECTED: "a defect in the node; please report it with the traceback in the log",
}
