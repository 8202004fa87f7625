"""What opens, for whom, and what a hostile owner may send."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from eth_abi.abi import decode, encode

from protocol.court import Court
from protocol.envelope import envelope_context, open_envelope, seal
from protocol.errors import BadEnvelope
from protocol.types import Digest, DisputeId, Place

KEYS = [X25519PrivateKey.from_private_bytes(bytes([place + 1]) * 32) for place in range(4)]
PUBLIC = [key.public_key().public_bytes_raw() for key in KEYS]
CONTEXT = b"a context"
OPENING = b"the opening"


def open_at(envelope: bytes, place: int, context: bytes = CONTEXT) -> bytes:
    return open_envelope(envelope, Place(place), KEYS[place], context)


def test_envelope_context__is_the_concatenation_of_the_spec(court: Court) -> None:
    context = envelope_context(court, DisputeId(bytes([7]) * 32), 2, Digest(bytes([8]) * 32))

    expected = b"assay/v2/envelope" + (31337).to_bytes(32, "big") + bytes(19) + b"\x03"
    assert context == expected + bytes([7]) * 32 + b"\x02" + bytes([8]) * 32


@pytest.mark.parametrize("place", range(4))
def test_envelope__opens_for_every_member(place: int) -> None:
    assert open_at(seal(OPENING, CONTEXT, PUBLIC), place) == OPENING


def test_envelope__does_not_open_with_another_members_key() -> None:
    envelope = seal(OPENING, CONTEXT, PUBLIC)

    with pytest.raises(BadEnvelope, match="wrap for place 1 does not open"):
        open_envelope(envelope, Place(1), KEYS[0], CONTEXT)


def test_envelope__does_not_open_in_another_context() -> None:
    with pytest.raises(BadEnvelope):
        open_at(seal(OPENING, CONTEXT, PUBLIC), 0, b"another context")


def test_envelope__has_no_wrap_beyond_its_last() -> None:
    with pytest.raises(BadEnvelope, match="no wrap for place 3 among 3"):
        open_at(seal(OPENING, CONTEXT, PUBLIC[:3]), 3)


def test_envelope__with_one_wrap_exchanged_opens_for_the_others() -> None:
    wraps, ciphertext = decode(["bytes[]", "bytes"], seal(OPENING, CONTEXT, PUBLIC))
    envelope = encode(["bytes[]", "bytes"], [[wraps[1], *wraps[1:]], ciphertext])

    assert open_at(envelope, 2) == OPENING
    with pytest.raises(BadEnvelope, match="wrap"):
        open_at(envelope, 0)


def test_envelope__with_another_ciphertext_opens_for_nobody() -> None:
    wraps, ciphertext = decode(["bytes[]", "bytes"], seal(OPENING, CONTEXT, PUBLIC))
    flipped = ciphertext[:-1] + bytes([ciphertext[-1] ^ 1])

    for place in range(4):
        with pytest.raises(BadEnvelope, match="ciphertext"):
            open_at(encode(["bytes[]", "bytes"], [wraps, flipped]), place)


@pytest.mark.parametrize("length", [0, 1, 11, 12, 27])
def test_envelope__refuses_a_ciphertext_too_short_to_be_one(length: int) -> None:
    wraps, _ = decode(["bytes[]", "bytes"], seal(OPENING, CONTEXT, PUBLIC))

    with pytest.raises(BadEnvelope):
        open_at(encode(["bytes[]", "bytes"], [wraps, bytes(length)]), 0)


@pytest.mark.parametrize("length", [0, 31, 32, 79, 81, 96, 200])
def test_envelope__refuses_a_wrap_of_another_length_even_at_another_place(length: int) -> None:
    wraps, ciphertext = decode(["bytes[]", "bytes"], seal(OPENING, CONTEXT, PUBLIC))

    with pytest.raises(BadEnvelope):
        open_at(encode(["bytes[]", "bytes"], [[bytes(length), *wraps[1:]], ciphertext]), 1)


def test_envelope__refuses_every_truncation_and_every_extension() -> None:
    envelope = seal(OPENING, CONTEXT, PUBLIC)

    for cut in range(len(envelope)):
        with pytest.raises(BadEnvelope):
            open_at(envelope[:cut], 0)
    with pytest.raises(BadEnvelope):
        open_at(envelope + bytes(32), 0)


@pytest.mark.parametrize("low_order", [bytes(32), (1).to_bytes(32, "little")])
def test_seal__is_not_stopped_by_a_member_whose_key_is_no_key(low_order: bytes) -> None:
    envelope = seal(OPENING, CONTEXT, [low_order, *PUBLIC[1:]])

    assert open_at(envelope, 1) == OPENING
    with pytest.raises(BadEnvelope):
        open_at(envelope, 0)


def aliased(count: int, payload: int) -> bytes:
    """`count` wraps that all point to the same `payload` bytes: a decompression bomb in ABI."""
    words: Sequence[int] = [64, 64, count, *[32 * count] * count, payload]
    return b"".join(word.to_bytes(32, "big") for word in words) + bytes(payload)


def test_open_envelope__does_not_unpack_what_points_to_one_place_many_times() -> None:
    bomb = aliased(255, 1024 * 1024)

    tracemalloc.start()
    with pytest.raises(BadEnvelope):
        open_at(bomb, 0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 8 * 1024 * 1024


def test_open_envelope__does_not_count_to_two_to_the_256() -> None:
    started = time.monotonic()

    with pytest.raises(BadEnvelope, match="of at most 61"):
        open_at(aliased(0, 0)[:64] + b"\xff" * 32, 0)

    assert time.monotonic() - started < 1


def test_seal__never_seals_twice_alike() -> None:
    assert seal(OPENING, CONTEXT, PUBLIC) != seal(OPENING, CONTEXT, PUBLIC)


def test_context__differs_by_court_and_round(court: Court) -> None:
    contexts = {
        envelope_context(each, DisputeId(bytes(32)), round_, Digest(bytes(32)))
        for each in (
            court,
            replace(court, chain_id=1),
            replace(court, dispute_manager=court.claim_registry),
        )
        for round_ in (0, 1)
    }

    assert len(contexts) == 6
