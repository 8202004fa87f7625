"""From a message key to a message: step 3 of SPEC 3, without the derivation of the key itself."""

from __future__ import annotations

import hashlib

from .scheme import MessageShape

WORD_BYTES = 2
WORD_VALUES = 1 << 16


def expand_message(key: bytes, shape: MessageShape) -> tuple[int, ...]:
    """The symbols of `key`: SHAKE-256 words, but those that would favour some symbols."""
    limit = WORD_VALUES - WORD_VALUES % shape.alphabet
    words = shape.count
    while True:
        # An extendable-output function: a longer stream only appends to a shorter one.
        stream = hashlib.shake_256(key).digest(words * WORD_BYTES)
        drawn = (
            int.from_bytes(stream[at : at + WORD_BYTES], "big")
            for at in range(0, len(stream), WORD_BYTES)
        )
        symbols = tuple(word % shape.alphabet for word in drawn if word < limit)
        if len(symbols) >= shape.count:
            return symbols[: shape.count]
        words *= 2
