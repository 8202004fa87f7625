from __future__ import annotations

import json
import subprocess
import sys

import pytest

from verifier import Decision, Finding, LevelUnreachable

FOUND = Finding("deepsigns-v1", hits_lo=250, hits_hi=251, count=256, alphabet=2, level=64)


def test_finding__decide_by_its_counts() -> None:
    assert FOUND.decision is Decision.MATCH
    assert FOUND.log2_odds == pytest.approx(-217.5, abs=0.1)  # C(256, <=6) = 2^38.5


def test_from_json__give_back_what_to_json_took() -> None:
    assert Finding.from_json(json.loads(json.dumps(FOUND.to_json()))) == FOUND


def test_from_json__derive_the_decision_rather_than_believe_it() -> None:
    lie = FOUND.to_json() | {"hits_lo": 0, "hits_hi": 0, "decision": "MATCH", "log2_odds": -256}

    assert Finding.from_json(lie).decision is Decision.NO_MATCH


@pytest.mark.parametrize(
    "change",
    [
        {"scheme": None},
        {"hits_lo": "250"},
        {"hits_lo": True},
        {"level": 64.0},
        {"hits_hi": 257},
        {"hits_lo": 252},
    ],
)
def test_from_json__reject_counts_that_are_none(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"read finding|decide"):
        Finding.from_json(FOUND.to_json() | change)


def test_finding__reject_a_level_out_of_reach() -> None:
    with pytest.raises(LevelUnreachable):
        Finding("deepsigns-v1", hits_lo=0, hits_hi=0, count=40, alphabet=2, level=64)


def test_import_verifier__leave_torch_alone() -> None:
    """The node's daemon imports findings and errors, and has to idle in little memory."""
    program = "import sys, verifier; print(sorted({'torch', 'numpy', 'scipy'} & set(sys.modules)))"

    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert run.stdout.strip() == b"[]"


def test_verifier__offer_every_name_it_lists() -> None:
    import verifier

    assert sorted(verifier.__all__) == verifier.__all__
    assert all(getattr(verifier, name) for name in verifier.__all__)
    with pytest.raises(AttributeError, match="no attribute 'astrology'"):
        _ = verifier.astrology
