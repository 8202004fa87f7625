"""A new scheme is one file and one line: everything else works with it as it stands."""

from __future__ import annotations

import pytest

import verifier
from tests.support.sixth_scheme import Uchida
from tests.support.tiny_models import digits, trained
from verifier import Decision
from verifier.schemes import SCHEMES
from verifier.training import accuracy


def test_sixth_scheme__be_used_as_the_others_once_it_is_registered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(SCHEMES, Uchida.id, Uchida())
    data, test = digits()
    evidence = verifier.prepare(Uchida.id, trained(0), data, shards=2, secret=bytes(32))

    marked = verifier.embed(Uchida.id, trained(0), data, evidence, [b"a", b"b"])

    decisions = {
        name: [
            verifier.verify(Uchida.id, suspect, piece, key, level=64).decision
            for piece, key in zip(evidence, (b"a", b"b"), strict=True)
        ]
        for name, suspect in {"marked": marked, "innocent": trained(1)}.items()
    }
    assert decisions == {"marked": [Decision.MATCH] * 2, "innocent": [Decision.NO_MATCH] * 2}
    assert accuracy(marked, test) > accuracy(trained(0), test) - 0.02
