"""An owner's claims on disk: `<home>/claims/<id>/` with `claim.json` and an evidence file a shard.

Whoever loses a claim's directory can never prove the claim; whoever else reads it can forge
nothing, but can spoil the mark. So it is written, for its owner's eyes only, before the commitment
is sent.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from protocol.claims import Claim, Opening, Shard, claim_id
from protocol.commitments import shard_path, shards_root
from protocol.court import Court
from protocol.types import Address, ClaimId, Digest

from .errors import BadClaim
from .home import write_secret

SEED_BYTES = 32


@dataclass(frozen=True, slots=True)
class OwnClaim:
    """A claim as its owner knows it."""

    id: ClaimId
    owner: Address
    scheme: str
    level: int
    seeds: tuple[bytes, ...] = field(repr=False)
    model: str
    """The unmarked model's package: what `embed` starts from."""
    data: str
    """The data set the carriers were taken from, as `--data` names it."""
    directory: Path

    def evidence(self, index: int) -> bytes:
        """One shard's frozen evidence."""
        return _evidence_file(self.directory, index).read_bytes()

    def opening(self, index: int) -> Opening:
        """What the committee of a dispute about shard `index` is shown."""
        shards = _shards(self.seeds, [self.evidence(i) for i in range(len(self.seeds))])
        claim = Claim(self.owner, self.scheme, self.level, len(shards), shards_root(shards))
        path = shard_path(shards, index)
        return Opening(claim, index, self.seeds[index], self.evidence(index), path)


def freeze(
    home: Path,
    court: Court,
    *,
    owner: Address,
    scheme: str,
    level: int,
    evidence: Sequence[bytes],
    model: Path,
    data: str,
) -> tuple[OwnClaim, Digest]:
    """Draw the seeds and write the claim down; returns it and the commitment to be sent."""
    seeds = tuple(secrets.token_bytes(SEED_BYTES) for _ in evidence)
    shards = _shards(seeds, evidence)
    commitment = Claim(owner, scheme, level, len(shards), shards_root(shards)).commitment(court)
    identity = claim_id(owner, commitment)
    directory = home / "claims" / identity.hex()
    directory.mkdir(parents=True, mode=0o700)
    for index, piece in enumerate(evidence):
        _evidence_file(directory, index).write_bytes(piece)
    facts = {
        "owner": owner,
        "scheme": scheme,
        "level": level,
        "seeds": [seed.hex() for seed in seeds],
        "model": str(model.resolve()),
        "data": data,
    }
    write_secret(directory / "claim.json", json.dumps(facts, indent=2) + "\n")
    return load_claim(home, identity.hex()), commitment


def load_claim(home: Path, name: str | None) -> OwnClaim:
    """The claim whose id begins with `name`; without a name, the only one there is.

    Raises:
        BadClaim: there is none, or more than one, or its file is damaged.
    """
    directories = [
        path
        for path in sorted((home / "claims").glob("*"))
        if path.name.startswith((name or "").removeprefix("0x"))
    ]
    if not (home / "claims").exists():
        raise BadClaim(home, "there is none yet; make one with `assay owner commit`")
    if len(directories) != 1:
        wanted = f"beginning with {name!r}" if name else "to choose by default"
        raise BadClaim(home, f"{len(directories)} claims {wanted}; name one with --claim")
    (directory,) = directories
    try:
        facts = json.loads((directory / "claim.json").read_text())
        return OwnClaim(
            id=ClaimId(bytes.fromhex(directory.name)),
            owner=Address(facts["owner"]),
            scheme=facts["scheme"],
            level=int(facts["level"]),
            seeds=tuple(bytes.fromhex(seed) for seed in facts["seeds"]),
            model=facts["model"],
            data=facts["data"],
            directory=directory,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadClaim(home, f"{directory.name}: claim.json is damaged ({error!r})") from error


def claim_names(home: Path) -> list[str]:
    """The ids of all claims kept here."""
    return sorted(path.name for path in (home / "claims").glob("*"))


def _shards(seeds: Sequence[bytes], evidence: Sequence[bytes]) -> list[Shard]:
    return [
        Shard.of(index, seed, piece)
        for index, (seed, piece) in enumerate(zip(seeds, evidence, strict=True))
    ]


def _evidence_file(directory: Path, index: int) -> Path:
    return directory / f"evidence-{index}.safetensors"
