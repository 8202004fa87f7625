"""Every reason has its sentence, and every expected error its reason."""

from __future__ import annotations

import pytest

from node.errors import DoubleVote, NotAMember, NotReference, Refused, SandboxFailed, Unavailable
from node.reasons import Reason, reason_of
from protocol.errors import (
    BadEnvelope,
    BadOpening,
    ChainMismatch,
    ChainUnavailable,
    TransactionLost,
    TransactionRefused,
)
from protocol.types import Digest, DisputeId, Outcome
from verifier.errors import BadEvidence, BadModel, LevelUnreachable, UnknownScheme

DIGEST = Digest(bytes(32))
DISPUTE = DisputeId(bytes(32))


@pytest.mark.parametrize("reason", Reason)
def test_text__is_one_line(reason: Reason) -> None:
    assert reason.text
    assert "\n" not in reason.text


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Unavailable(DIGEST, ()), Reason.FETCH_UNAVAILABLE),
        (Refused(DIGEST, "why"), Reason.FETCH_REFUSED),
        (BadEnvelope("why"), Reason.KEY_MISMATCH),
        (BadOpening("why"), Reason.KEY_MISMATCH),
        (BadEvidence("do", "why"), Reason.EVIDENCE_REFUSED),
        (LevelUnreachable(8, 2, 64), Reason.EVIDENCE_REFUSED),
        (BadModel("do", "why"), Reason.MODEL_REFUSED),
        (UnknownScheme("x-v1", ()), Reason.SCHEME_UNSUPPORTED),
        (SandboxFailed("why"), Reason.SANDBOX_FAILED),
        (NotReference("why"), Reason.ENV_NOT_REFERENCE),
        (
            DoubleVote(DISPUTE, 0, recorded=Outcome.MATCH, asked=Outcome.NO_MATCH),
            Reason.JOURNAL_REFUSED,
        ),
        (NotAMember(DISPUTE), Reason.NOT_A_MEMBER),
        (TransactionRefused("settle", "insufficient funds"), Reason.TRANSACTION_FAILED),
        (TransactionLost("settle", bytes(32), 10), Reason.TRANSACTION_FAILED),
        (ChainUnavailable("read", "down"), Reason.CHAIN_UNAVAILABLE),
        (ChainMismatch("chain id", 1, 2), Reason.CHAIN_UNAVAILABLE),
        (KeyError("a defect"), Reason.UNEXPECTED),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_reason_of__names_the_reason(error: Exception, reason: Reason) -> None:
    assert reason_of(error) is reason
