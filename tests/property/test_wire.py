"""What strangers send: the honest comes back whole, all else raises one type of error."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from protocol import bls
from protocol.claims import Claim, Opening
from protocol.envelope import open_envelope, seal
from protocol.errors import BadEnvelope, BadManifest, BadOpening, InvalidKey, Reject
from protocol.messages import (
    Commitment,
    Message,
    Seal,
    Vote,
    message_from_json,
    message_to_json,
    places_of,
)
from protocol.package import PackageFile, build_manifest, parse_manifest
from protocol.types import Address, Digest, DisputeId, Place

HASHES = st.binary(min_size=32, max_size=32).map(Digest)
SOMEBODY = Address("0x" + "00" * 20)
KEYS = [X25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in range(1, 5)]
PUBLIC = [key.public_key().public_bytes_raw() for key in KEYS]


@given(st.binary(max_size=300), st.binary(max_size=50), st.integers(0, 3))
def test_envelope__round_trips(opening: bytes, context: bytes, place: int) -> None:
    envelope = seal(opening, context, PUBLIC)

    assert open_envelope(envelope, Place(place), KEYS[place], context) == opening


SEALED = seal(b"the opening", b"context", PUBLIC)


@given(st.binary(max_size=800), st.integers(0, 300))
def test_open_envelope__raises_nothing_but_bad_envelope(envelope: bytes, place: int) -> None:
    with pytest.raises(BadEnvelope):
        open_envelope(envelope, Place(place), KEYS[0], b"context")


@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
def test_open_envelope__one_changed_byte_spoils_it_or_only_another_wrap(at: int, flip: int) -> None:
    changed = bytearray(SEALED)
    changed[at] ^= flip

    try:
        opened = open_envelope(bytes(changed), Place(0), KEYS[0], b"context")
    except BadEnvelope:
        return

    assert opened == b"the opening"
    wraps_of_others = range(64 + 32 * 5 + 128, 64 + 32 * 5 + 4 * 128)
    assert at in wraps_of_others


@given(
    st.builds(
        Opening,
        claim=st.builds(
            Claim,
            owner=st.just(SOMEBODY),
            scheme=st.text(max_size=40),
            level=st.integers(0, 2**16 - 1),
            shard_count=st.integers(0, 2**32 - 1),
            shards_root=HASHES,
        ),
        index=st.integers(0, 2**32 - 1),
        seed=HASHES,
        evidence=st.binary(max_size=200),
        path=st.lists(HASHES, max_size=32).map(tuple),
    )
)
def test_opening__round_trips(opening: Opening) -> None:
    assert Opening.decode(opening.encode()) == opening


@given(st.binary(max_size=600))
def test_opening_decode__raises_nothing_but_bad_opening(data: bytes) -> None:
    with pytest.raises(BadOpening):
        Opening.decode(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
    max_leaves=8,
)
KINDS: tuple[type[Message], ...] = (Commitment, Seal, Vote)


def _documents(kind: type[Message]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with the keys of a kind, and anything under them."""
    named = {field.name: JSON for field in fields(kind)}
    return st.fixed_dictionaries({"kind": st.just(kind.__name__.lower()) | JSON, **named})


@given(JSON | st.one_of(*(_documents(kind) for kind in KINDS)))
def test_message_from_json__raises_nothing_but_reject(document: Any) -> None:
    with pytest.raises(Reject):
        message_from_json(document)


UINT8, UINT64 = st.integers(0, 255), st.integers(0, 2**64 - 1)
SIGNATURES = st.binary(min_size=256, max_size=256)
HEAD = (HASHES.map(DisputeId), UINT8, UINT8.map(Place))


@given(
    st.builds(Commitment, *HEAD, HASHES, SIGNATURES)
    | st.builds(Seal, *HEAD, HASHES, UINT64, SIGNATURES)
    | st.builds(Vote, *HEAD, UINT8, HASHES, SIGNATURES)
)
def test_message__round_trips_through_json(message: Message) -> None:
    assert message_from_json(json.loads(json.dumps(message_to_json(message)))) == message


@given(st.sets(st.integers(0, 254)))
def test_places_of__reads_back_any_bitmap(places: set[int]) -> None:
    assert set(places_of(sum(1 << place for place in places))) == places


FILES = st.dictionaries(
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True).filter(
        lambda name: name != "manifest.json"
    ),
    st.tuples(HASHES, st.integers(0, 2**63 - 1)),
    max_size=64,
)


@given(FILES)
def test_manifest__round_trips(files: dict[str, tuple[Digest, int]]) -> None:
    expected = tuple(PackageFile(path, *files[path]) for path in sorted(files))

    assert parse_manifest(build_manifest(expected)) == expected


@given(st.binary(max_size=200) | JSON.map(lambda document: json.dumps(document).encode()))
def test_parse_manifest__raises_nothing_but_bad_manifest(manifest: bytes) -> None:
    with pytest.raises(BadManifest):
        parse_manifest(manifest)


@given(st.binary(max_size=300) | st.binary(min_size=128, max_size=128))
def test_validate_key__raises_nothing_but_invalid_key(key: bytes) -> None:
    with pytest.raises(InvalidKey):
        bls.validate_key(key)
