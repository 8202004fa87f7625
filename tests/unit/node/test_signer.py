"""The signer opens what was meant for it, and signs one outcome a round."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from node.errors import DoubleVote, NotAMember
from node.journal import Identity, Journal
from node.keystore import NodeKeys
from node.progress import Step
from node.signer import JournalSigner
from protocol import bls
from protocol.claims import Claim, Opening
from protocol.commitments import shard_path, shards_root, votes_root
from protocol.court import Court
from protocol.envelope import envelope_context, seal
from protocol.errors import BadEnvelope, BadOpening, InvalidSignature
from protocol.keys import derive_salt
from protocol.messages import commitment_digest, seal_digest, sealed_commitment, vote_digest
from protocol.types import Digest, Dispute, Outcome
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
    context = envelope_context(court, dispute.id, dispute.round, dispute.committee_hash)
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


def test_open__refuses_an_envelope_of_another_round(
    signer: JournalSigner, committed: Dispute, opening: Opening, court: Court
) -> None:
    earlier = envelope_of(opening, committed, court)

    with pytest.raises(BadEnvelope):
        signer.open(replace(committed, round=1), earlier)


def test_commit__is_this_members_and_on_record(
    signer: JournalSigner,
    keys: tuple[NodeKeys, ...],
    dispute: Dispute,
    court: Court,
    journal: Journal,
) -> None:
    assert signer.recorded(dispute) is None
    said = signer.commit(dispute, Outcome.NO_MATCH)

    assert (said.dispute_id, said.round, said.place) == (dispute.id, 0, 0)
    digest = commitment_digest(dispute, 0, said.commitment, court)
    bls.verify(keys[0].bls_key, digest, bls.SEAL_TAG, said.signature)
    assert signer.recorded(dispute) is Outcome.NO_MATCH
    voted = vote_digest(dispute, Outcome.NO_MATCH, court)
    assert [(one.outcome, one.digest) for one in journal.votes()] == [(Outcome.NO_MATCH, voted)]


def test_vote__opens_the_commitment(
    signer: JournalSigner, keys: tuple[NodeKeys, ...], dispute: Dispute, court: Court
) -> None:
    said = signer.commit(dispute, Outcome.NO_MATCH)

    vote = signer.vote(dispute, Outcome.NO_MATCH)

    opened = sealed_commitment(dispute.id, 0, vote.place, vote.outcome, vote.salt)
    assert opened == said.commitment
    digest = vote_digest(dispute, Outcome.NO_MATCH, court)
    bls.verify(keys[0].bls_key, digest, bls.VOTE_TAG, vote.signature)
    # A wiped machine finds the salt again.
    assert vote.salt == derive_salt(keys[0].bls_secret, dispute.id, 0)


def test_commit_and_vote__again_give_the_same_bytes(
    signer: JournalSigner, dispute: Dispute
) -> None:
    for sign in (signer.commit, signer.vote):
        assert sign(dispute, Outcome.MATCH) == sign(dispute, Outcome.MATCH)


def test_seal__signs_the_root_and_who_is_in_it(
    signer: JournalSigner, keys: tuple[NodeKeys, ...], dispute: Dispute, court: Court
) -> None:
    leaves = [Digest(bytes([number]) * 32) for number in (7, 0, 9, 8)]

    said = signer.seal(dispute, leaves)

    assert (said.place, said.root, said.voters) == (0, votes_root(leaves), 0b1101)
    digest = seal_digest(dispute, said.root, said.voters, court)
    bls.verify(keys[0].bls_key, digest, bls.SEAL_TAG, said.signature)


@pytest.mark.parametrize("outcome", Outcome)
def test_recall__finds_what_was_committed_without_a_record(
    outcome: Outcome, signer: JournalSigner, journal: Journal, dispute: Dispute
) -> None:
    salt = derive_salt(signer._bls_secret, dispute.id, dispute.round)
    place = signer.place(dispute)
    committed = sealed_commitment(dispute.id, dispute.round, place, outcome, salt)

    assert signer.recall(dispute, committed) is outcome
    assert signer.recall(replace(dispute, round=1), committed) is None
    assert signer.recall(dispute, Digest(bytes(32))) is None
    assert journal.votes() == ()


def test_seal__may_be_signed_again_for_more_commitments(
    signer: JournalSigner, dispute: Dispute
) -> None:
    """Whoever signs several roots has one commitment in each of them."""
    leaves = [Digest(bytes([number]) * 32) for number in (7, 0, 9, 8)]
    more = [*leaves[:1], Digest(bytes([6]) * 32), *leaves[2:]]

    assert signer.seal(dispute, leaves) != signer.seal(dispute, more)


@pytest.mark.parametrize("outcome", set(Outcome) - {Outcome.MATCH})
def test_another_outcome_is_never_signed(
    signer: JournalSigner, dispute: Dispute, outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer.commit(dispute, Outcome.MATCH)

    def sign(*_: object) -> bytes:
        raise AssertionError("signed")

    monkeypatch.setattr(bls, "sign", sign)
    for refused in (signer.commit, signer.vote):
        with pytest.raises(DoubleVote):
            refused(dispute, outcome)


def test_commit__is_recorded_before_it_is_signed(
    signer: JournalSigner, dispute: Dispute, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sign(*_: object) -> bytes:
        assert signer.recorded(dispute) is Outcome.MATCH
        raise InvalidSignature("the power fails")

    monkeypatch.setattr(bls, "sign", sign)
    with pytest.raises(InvalidSignature):
        signer.commit(dispute, Outcome.MATCH)

    assert signer.recorded(dispute) is Outcome.MATCH


def test_commit__another_envelope_is_another_vote(signer: JournalSigner, dispute: Dispute) -> None:
    signer.commit(dispute, Outcome.MATCH)
    other = replace(dispute, envelope=replace(dispute.envelope, digest=Digest(b"\xee" * 32)))

    with pytest.raises(DoubleVote):
        signer.commit(other, Outcome.MATCH)


def test_commit__rounds_are_apart(signer: JournalSigner, dispute: Dispute) -> None:
    first = signer.commit(dispute, Outcome.MATCH)

    later = signer.commit(replace(dispute, round=1), Outcome.NO_MATCH)

    assert later.round == 1
    assert later.commitment != first.commitment


def test_outsider__signs_and_opens_nothing(
    keys: tuple[NodeKeys, ...], journal: Journal, court: Court, dispute: Dispute
) -> None:
    outsider = JournalSigner(NodeKeys(keys[0].account, bls_secret=99), journal, court)

    for sign in (outsider.commit, outsider.vote):
        with pytest.raises(NotAMember):
            sign(dispute, Outcome.MATCH)
    with pytest.raises(NotAMember):
        outsider.seal(dispute, [Digest(bytes(32))] * 4)
    with pytest.raises(NotAMember):
        outsider.open(dispute, b"")
    assert journal.votes() == ()


def test_a_round_moves_on_with_what_is_done(
    signer: JournalSigner, journal: Journal, dispute: Dispute
) -> None:
    def seen() -> tuple[Step, bool]:
        (only,) = journal.progress.rounds(dispute.id)
        return only.step, only.is_closed

    journal.progress.advance(1, [(dispute.id, 0, dispute.seal_deadline)])
    finding = Finding("s-v1", Access.WEIGHTS, 64, 64, hits_law(64, 2), level=40)

    signer.keep(dispute, finding)
    assert seen() == (Step.VERIFIED, False)
    assert '"low": 64' in (journal.progress.rounds(dispute.id)[0].finding or "")
    signer.commit(dispute, Outcome.MATCH)
    assert seen() == (Step.COMMITTED, False)
    signer.disclose(dispute)
    assert seen() == (Step.SEALED, False)
    signer.close(dispute)
    assert seen() == (Step.SEALED, True)
