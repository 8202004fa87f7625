"""Write `bls.json`: hashes to G2, keys, signatures and sums by py_ecc, in EIP-2537's form.

py_ecc is the reference and nothing of Assay is imported, so that the contracts and `protocol.bls`
can both be held against it. The secrets are hashes of their numbers: two runs write the same bytes.
"""

from __future__ import annotations

import json
from functools import reduce
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from py_ecc.bls.hash_to_curve import (
    hash_to_field_FQ2,
    hash_to_G2,
    map_to_curve_G1,
    map_to_curve_G2,
)
from py_ecc.fields import optimized_bls12_381_FQ as FQ
from py_ecc.optimized_bls12_381.optimized_curve import (
    G1,
    add,
    curve_order,
    field_modulus,
    multiply,
    normalize,
)

POSSESSION: Final = "ASSAY_POSSESSION_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"
VOTE: Final = "ASSAY_VOTE_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"
RFC_9380: Final = "QUUX-V01-CS02-with-BLS12381G2_XMD:SHA-256_SSWU_RO_"

MESSAGES: Final = (b"", b"abc", bytes(32), sha256(b"a digest").digest(), b"q128_" + b"q" * 128)
SIGNERS: Final = 7
COMMITTEE_BITMAPS: Final = (0b0000001, 0b0011111, 0b1111111, 0b1010110)

SHA_256: Final[Any] = sha256
"""py_ecc calls a constructor here, and annotates what it constructs."""

SECRETS: Final = [
    int.from_bytes(sha256(f"assay signer {index}".encode()).digest()) % curve_order
    for index in range(SIGNERS)
]


def main() -> None:
    """Write the vectors beside this file."""
    vectors = {
        "hashes": [_hash(message, tag) for tag in (POSSESSION, VOTE) for message in MESSAGES]
        + [_hash(message, RFC_9380) for message in (b"", b"abc")],
        "signers": [
            {"secret": _hex(secret.to_bytes(32)), "key": _g1(multiply(G1, secret))}
            for secret in SECRETS
        ],
        "signatures": [
            {
                "domainTag": tag,
                "digest": _hex(_digest(signer)),
                "signer": signer,
                "signature": _g2(_sign(SECRETS[signer], _digest(signer), tag)),
            }
            for signer, tag in enumerate((POSSESSION, VOTE, VOTE))
        ],
        "aggregates": [_aggregate(bitmap) for bitmap in COMMITTEE_BITMAPS],
        "hostile": _hostile(),
    }
    path = Path(__file__).with_name("bls.json")
    path.write_text(json.dumps(vectors, indent=1) + "\n")


def _hash(message: bytes, tag: str) -> dict[str, str]:
    point = hash_to_G2(message, tag.encode(), SHA_256)
    return {"domainTag": tag, "message": _hex(message), "point": _g2(point)}


def _aggregate(bitmap: int) -> dict[str, str]:
    digest = _digest(bitmap)
    chosen = [secret for place, secret in enumerate(SECRETS) if bitmap >> place & 1]
    return {
        "domainTag": VOTE,
        "digest": _hex(digest),
        "bitmap": hex(bitmap),
        "key": _g1(reduce(add, (multiply(G1, secret) for secret in chosen))),
        "signature": _g2(reduce(add, (_sign(secret, digest, VOTE) for secret in chosen))),
    }


def _hostile() -> dict[str, str]:
    """Points to be refused: on the curve but outside the subgroup, off the curve, non-canonical."""
    key = multiply(G1, SECRETS[0])
    x, y = (int(coordinate) for coordinate in normalize(key))
    element = hash_to_field_FQ2(b"outside", 1, VOTE.encode(), SHA_256)[0]
    return {
        "keyOutsideSubgroup": _g1(map_to_curve_G1(FQ(7))),
        "keyOffCurve": _hex(x.to_bytes(64) + (y ^ 1).to_bytes(64)),
        "keyPlusModulus": _hex((x + field_modulus).to_bytes(64) + y.to_bytes(64)),
        "signatureOutsideSubgroup": _g2(map_to_curve_G2(element)),
    }


def _digest(number: int) -> bytes:
    return sha256(f"assay digest {number}".encode()).digest()


def _sign(secret: int, digest: bytes, tag: str) -> Any:
    return multiply(hash_to_G2(digest, tag.encode(), SHA_256), secret)


def _g1(point: Any) -> str:
    return _hex(b"".join(int(element).to_bytes(64) for element in normalize(point)))


def _g2(point: Any) -> str:
    halves = [half for element in normalize(point) for half in element.coeffs]
    return _hex(b"".join(int(half).to_bytes(64) for half in halves))


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


if __name__ == "__main__":
    main()
