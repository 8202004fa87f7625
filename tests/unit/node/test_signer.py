"""The signer opens what was meant for it, and signs one outcome a round."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from node.errors import DoubleVote, NotAMember
from node.journal import Identity, Journal, Step
from node.keystore import NodeKeys
from node.signer import JournalSigner
from protocol import bls
from protocol.commitments import shard_path, shards_root
from protocol.envelope import envelope_context, seal
from protocol.errors import BadEnvelope, BadOpening, InvalidSignature
from protocol.messages import Claim, Opening, vote_digest
from protocol.types import Court, Digest, Dispute, Outcome
from verifier import Access, Finding, hits_law


@pytest.fixture
def journal(tmp_path: Path, identity: Identity) -> Iterator[Journal]:
    with Journal.create(tmp_path / "journal", identity, cursor=0) as journal:
        yield journal


@pytest.fixture
def signer(keys: tuple[NodeKeys, ...], journal: Journal, court: Court) -> JournalSigner:
    return JournalSigner(keys[0], journal, court)


@pytest.fixture
def opening(dispute: Dispute) -> Opening:
    """Shard 2 of a claim of 4, which is what the dispute is about."""
    blank = Opening(
        Claim(dispute.owner, "s-v1", 64, 4, Digest(bytes(32))), 2, b"s" * 32, b"evidence", ()
    )
    shards = [replace(blank, index=index).shard() for index in range(4)]
    claim = replace(blank.claim, shards_root=shards_root(shards))
    return replace(blank, claim=claim, path=shard_path(shards, 2))


@pytest.fixture
def committed(dispute: Dispute, opening: Opening, court: Court) -> Dispute:
    """The dispute, about that claim."""
    return replace(dispute, commitment=opening.claim.commitment(court))


def envelope_of(opening: Opening, dispute: Dispute, court: Court) -> bytes:
    context = envelope_context(court, dispute.id, dispute.committee_hash)
    envelope_keys = [member.envelope_key for member in dispute.committee]
    return seal(opening.encode(), context, envelope_keys)


def test_open__gives_the_opening(
    signer: JournalSigner, committed: Dispute, opening: Opening, court: Court
) -> None:
    assert signer.open(committed, envelope_of(opening, committed, court)) == opening


def test_open__refuses_an_envelope_for_another_dispute(
    signer: JournalSigner, committed: Dispute, opening: Opening, court: Court
) -> None:
    elsewhere = replace(court, chain_id=1)

    with pytest.raises(BadEnvelope):
        signer.open(committed, envelope_of(opening, committed, elsewhere))


def test_open__refuses_what_the_claim_did_not_commit(
    signer: JournalSigner, committed: Dispute, opening: Opening, court: Court
) -> None:
    forged = replace(opening, evidence=b"better evidence")

    with pytest.raises(BadOpening):
        signer.open(committed, envelope_of(forged, committed, court))


def test_vote__is_this_members_and_on_record(
    signer: JournalSigner,
    keys: tuple[NodeKeys, ...],
    dispute: Dispute,
    court: Court,
    journal: Journal,
) -> None:
    assert signer.recorded(dispute) is None
    vote = signer.vote(dispute, Outcome.NO_MATCH)

    assert (vote.dispute_id, vote.round, vote.place) == (dispute.id, 0, 0)
    digest = vote_digest(dispute, Outcome.NO_MATCH, court)
    bls.verify(keys[0].bls_key, digest, bls.VOTE_TAG, vote.signature)
    assert signer.recorded(dispute) is Outcome.NO_MATCH
    assert [(one.outcome, one.digest) for one in journal.votes()] == [(Outcome.NO_MATCH, digest)]


def test_vote__again_gives_the_same_bytes(signer: JournalSigner, dispute: Dispute) -> None:
    assert signer.vote(dispute, Outcome.MATCH) == signer.vote(dispute, Outcome.MATCH)


@pytest.mark.parametrize("outcome", set(Outcome) - {Outcome.MATCH})
def test_vote__another_outcome_is_never_signed(
    signer: JournalSigner, dispute: Dispute, outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer.vote(dispute, Outcome.MATCH)

    def sign(*_: object) -> bytes:
        raise AssertionError("signed")

    monkeypatch.setattr(bls, "sign", sign)
    with pytest.raises(DoubleVote):
        signer.vote(dispute, outcome)


def test_vote__is_recorded_before_it_is_signed(
    signer: JournalSigner, dispute: Dispute, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sign(*_: object) -> bytes:
        assert signer.recorded(dispute) is Outcome.MATCH
        raise InvalidSignature("the power fails")

    monkeypatch.setattr(bls, "sign", sign)
    with pytest.raises(InvalidSignature):
        signer.vote(dispute, Outcome.MATCH)

    assert signer.recorded(dispute) is Outcome.MATCH


def test_vote__another_envelope_is_another_vote(signer: JournalSigner, dispute: Dispute) -> None:
    signer.vote(dispute, Outcome.MATCH)
    other = replace(dispute, envelope=replace(dispute.envelope, digest=Digest(b"\xee" * 32)))

    with pytest.raises(DoubleVote):
        signer.vote(other, Outcome.MATCH)


def test_outsider__neither_votes_nor_opens(
    keys: tuple[NodeKeys, ...], journal: Journal, court: Court, dispute: Dispute
) -> None:
    outsider = JournalSigner(NodeKeys(keys[0].account, bls_secret=99), journal, court)

    with pytest.raises(NotAMember):
        outsider.vote(dispute, Outcome.MATCH)
    with pytest.raises(NotAMember):
        outsider.open(dispute, b"")
    assert journal.votes() == ()


def test_keep_and_close__move_the_dispute_on(
    signer: JournalSigner, journal: Journal, dispute: Dispute
) -> None:
    journal.advance(1, [(dispute.id, dispute.vote_deadline)])
    finding = Finding("s-v1", Access.WEIGHTS, 64, 64, hits_law(64, 2), level=40)

    signer.keep(dispute, finding)
    assert '"low": 64' in (journal.finding(dispute.id) or "")
    signer.close(dispute)
    assert journal.step(dispute.id) is Step.CLOSED
