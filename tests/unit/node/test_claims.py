"""An owner's claims: written for her eyes, read back whole, opened as they were committed."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from node.claims import OwnClaim, freeze, load_claim
from node.errors import BadClaim
from protocol.claims import claim_id
from protocol.commitments import validate_opening
from protocol.errors import BadOpening
from protocol.types import Digest
from tests.support.factories import COURT, address, keyed_dispute

OWNER = address(4)
EVIDENCE = (b"first", b"second", b"third")


def frozen(home: Path) -> tuple[OwnClaim, Digest]:
    return freeze(
        home, COURT, owner=OWNER, scheme="deepsigns-v1", level=64, evidence=EVIDENCE,
        model=home / "model", data="digits",
    )  # fmt: skip


def test_freeze__is_read_back_and_readable_by_the_owner_only(tmp_path: Path) -> None:
    claim, commitment = frozen(tmp_path)

    assert claim.id == claim_id(OWNER, commitment)
    assert load_claim(tmp_path, None) == load_claim(tmp_path, claim.id.hex()[:6]) == claim
    assert [claim.evidence(index) for index in range(3)] == list(EVIDENCE)
    assert stat.S_IMODE((claim.directory / "claim.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(claim.directory.stat().st_mode) == 0o700


@pytest.mark.parametrize("index", range(3))
def test_opening__is_what_was_committed(index: int, tmp_path: Path) -> None:
    claim, commitment = frozen(tmp_path)
    dispute = keyed_dispute([], commitment=commitment, shard=index, shard_count=3)

    validate_opening(claim.opening(index), dispute, COURT)
    with pytest.raises(BadOpening):
        validate_opening(claim.opening(index), replace(dispute, shard=index + 1), COURT)


def test_opening__of_evidence_swapped_after_the_commitment_is_refused(tmp_path: Path) -> None:
    claim, commitment = frozen(tmp_path)
    (claim.directory / "evidence-1.safetensors").write_bytes(b"better evidence")

    with pytest.raises(BadOpening):
        validate_opening(
            claim.opening(1),
            keyed_dispute([], commitment=commitment, shard=1, shard_count=3),
            COURT,
        )


def test_freeze__never_draws_a_seed_twice(tmp_path: Path) -> None:
    first, _ = frozen(tmp_path / "a")
    second, _ = frozen(tmp_path / "b")

    assert len({*first.seeds, *second.seeds}) == 6


def test_load_claim__asks_which_if_there_are_several(tmp_path: Path) -> None:
    frozen(tmp_path)
    frozen(tmp_path)

    with pytest.raises(BadClaim, match="2 claims"):
        load_claim(tmp_path, None)


def test_load_claim__without_any_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(BadClaim, match="assay owner commit"):
        load_claim(tmp_path, None)


def test_load_claim__names_a_damaged_file(tmp_path: Path) -> None:
    claim, _ = frozen(tmp_path)
    facts = json.loads((claim.directory / "claim.json").read_text())
    del facts["seeds"]
    (claim.directory / "claim.json").write_text(json.dumps(facts))

    with pytest.raises(BadClaim, match="damaged"):
        load_claim(tmp_path, None)
