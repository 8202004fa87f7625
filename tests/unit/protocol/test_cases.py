"""Random cases of what members and contracts both compute (tests/vectors/README.md)."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak

from protocol.claims import claim_id
from protocol.commitments import votes_root
from protocol.committee import draw_shard, quorum, shuffle
from protocol.court import Court
from protocol.messages import (
    Certificate,
    possession_digest,
    seal_digest,
    sealed_commitment,
    vote_digest,
)
from protocol.types import Address, BlobRef, Digest, DisputeId, Outcome

FILE = Path(__file__).parents[2] / "vectors" / "cases.json"
CASES = 200


@pytest.fixture(scope="module")
def cases() -> Any:
    kinds = json.loads(Path(os.environ.get("ASSAY_CASES", FILE)).read_text())
    decoded = {
        name: decode([kind["type"]], bytes.fromhex(kind["cases"][2:]))[0]
        for name, kind in kinds.items()
    }
    assert {len(of_a_kind) for of_a_kind in decoded.values()} == {CASES}
    return decoded


def test_digests__agrees_with_random_cases(cases: Any, four: Any) -> None:
    for case in cases["digests"]:
        chain_id, contract, operator, key, dispute_id, round_, root, voters, *rest = case
        outcome, envelope, committee_hash, possession, seal, vote = rest
        court = Court(chain_id, *3 * [Address(contract)])
        dispute = replace(
            four.dispute,
            id=dispute_id,
            round=round_,
            envelope=BlobRef(envelope, 1, ()),
            committee_hash=committee_hash,
        )

        assert possession_digest(operator, key, court) == possession
        assert seal_digest(dispute, root, voters, court) == seal
        assert vote_digest(dispute, outcome, court) == vote


def test_claim_id__agrees_with_random_cases(cases: Any) -> None:
    for owner, commitment, name in cases["claimIds"]:
        assert claim_id(owner, commitment) == name


def test_sealed_commitment__agrees_with_random_cases(cases: Any) -> None:
    for *values, leaf in cases["sealedVotes"]:
        assert sealed_commitment(*values) == leaf


def test_votes_root__agrees_with_random_cases(cases: Any) -> None:
    for seed, size, voters, root in cases["votesRoots"]:
        leaves = [
            Digest(keccak(encode(["bytes32", "uint256"], [seed, place])))
            if voters >> place & 1
            else Digest(bytes(32))
            for place in range(size)
        ]

        assert votes_root(leaves) == root


def test_shuffle__agrees_with_random_cases(cases: Any) -> None:
    for seed, population, positions in cases["draws"]:
        assert shuffle(seed, population, len(positions)) == tuple(positions)


def test_draw_shard__agrees_with_random_cases(cases: Any) -> None:
    for seed, shard_count, burnt, shard in cases["shardDraws"]:
        assert draw_shard(seed, shard_count, burnt) == shard


def test_quorum__agrees_with_random_cases(cases: Any) -> None:
    for outcomes, outcome, voters, decides in cases["quorums"]:
        certificate = Certificate(
            DisputeId(bytes(32)), 0, Outcome(outcome), tuple(outcomes), (), b""
        )

        assert sum(1 << place for place in certificate.signers) == voters
        assert (len(certificate.signers) >= quorum(len(outcomes))) == decides
