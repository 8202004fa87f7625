from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.message import expand_message
from verifier.scheme import MessageShape


def test_expand_message__follow_spec_3_by_hand() -> None:
    """shake_256(b"assay") is 71b3 d793 93bf 1ff7 ...; a word below 65530 gives itself mod 10."""
    stream = hashlib.shake_256(b"assay").digest(16)
    words = [256 * high + low for high, low in zip(stream[::2], stream[1::2], strict=True)]
    assert max(words) < 65530

    expected = tuple(word % 10 for word in words)

    assert expand_message(b"assay", MessageShape(8, 10)) == expected == (7, 7, 3, 3, 2, 5, 9, 5)


def test_expand_message__skip_words_that_would_favour_small_symbols() -> None:
    """Of 65536 words 40001 values leave only the first 40001: about two in five are skipped."""
    stream = hashlib.shake_256(b"assay").digest(4096)
    words = [int.from_bytes(stream[at : at + 2], "big") for at in range(0, 4096, 2)]

    kept = tuple(word for word in words if word < 40001)[:500]

    assert expand_message(b"assay", MessageShape(500, 40001)) == kept


@given(st.binary(), st.integers(1, 300), st.integers(2, 1 << 16))
def test_expand_message__begin_a_longer_message_with_a_shorter_one(
    key: bytes, count: int, alphabet: int
) -> None:
    longer = expand_message(key, MessageShape(count + 1, alphabet))

    assert expand_message(key, MessageShape(count, alphabet)) == longer[:-1]
    assert all(0 <= symbol < alphabet for symbol in longer)


@pytest.mark.parametrize(("count", "alphabet"), [(0, 2), (1, 1), (1, (1 << 16) + 1)])
def test_message_shape__reject_what_words_of_16_bits_cannot_fill(count: int, alphabet: int) -> None:
    with pytest.raises(ValueError, match="shape message"):
        MessageShape(count, alphabet)
