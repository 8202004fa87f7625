"""The tree in the docstring is the tree of the classes, and every error makes its own sentence."""

from __future__ import annotations

import inspect
import re

import pytest

from protocol import errors
from protocol.types import Outcome

CLASSES = [
    each
    for _, each in inspect.getmembers(errors, inspect.isclass)
    if each.__module__ == errors.__name__
]
LINE = re.compile(r"^([│├└─ ]*)(\w+)(?= {2,}|$)", re.MULTILINE)
"""Branches, then a name, then what it means or nothing."""


def test_docstring__draws_the_tree() -> None:
    drawn = {}
    branch: list[str] = []
    for indent, name in LINE.findall(errors.__doc__ or ""):
        depth = len(indent) // 4
        branch[depth:] = [name]
        drawn[name] = branch[depth - 1] if depth else "Exception"

    assert drawn == {each.__name__: each.__mro__[1].__name__ for each in CLASSES}


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (errors.Reject("round 1"), "round 1"),
        (errors.BadEnvelope("it is torn"), "open envelope: it is torn"),
        (errors.BadPackage("a/b", "no"), "pack a/b: no"),
        (errors.ChainMismatch("chain", 1, 5), "expected chain: 1, found 5"),
        (
            errors.NotKeyed(b"\x01", "DRAWN"),
            "read dispute 0x01: its state is DRAWN, there is no envelope",
        ),
        (
            errors.TransactionLost("settle", b"\xab", 180.0),
            "settle: 0xab is in no block after 180 s",
        ),
        (
            errors.ContractRefused(
                "settle", "Bad", {"id": b"\x01", "is": Outcome.MATCH, "n": 3}, "wait"
            ),
            "settle: refused with Bad(id=0x01, is=MATCH, n=3): wait",
        ),
    ],
)
def test_error__says_what_happened(error: errors.ProtocolError, sentence: str) -> None:
    assert str(error) == sentence
