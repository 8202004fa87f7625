from __future__ import annotations

import json
import subprocess
import sys

import pytest

from verifier import Access, Decision, Finding, LevelUnreachable, hits_law

FOUND = Finding("deepsigns-v1", Access.WEIGHTS, 250, 251, hits_law(256, 2), level=64)


def test_finding__decide_by_its_statistic() -> None:
    assert FOUND.decision is Decision.MATCH
    assert (FOUND.symbols, FOUND.alphabet, FOUND.best) == (256, 2, 256)
    assert FOUND.log2_odds == pytest.approx(-217.5, abs=0.1)  # C(256, <=6) = 2^38.5


def test_from_json__give_back_what_to_json_took() -> None:
    assert Finding.from_json(json.loads(json.dumps(FOUND.to_json()))) == FOUND


def test_from_json__derive_the_decision_rather_than_believe_it() -> None:
    lie = FOUND.to_json() | {"low": 0, "high": 0, "decision": "MATCH", "log2_odds": -256}

    assert Finding.from_json(lie).decision is Decision.NO_MATCH


@pytest.mark.parametrize(
    "change",
    [
        {"scheme": None},
        {"access": "rumour"},
        {"low": "250"},
        {"low": True},
        {"level": 64.0},
        {"low": 252},
        {"low": 300, "high": 300},
        {"law": []},
        {"law": [[0, [1, 0]]]},
        {"law": [[256, [0, 1]]]},
        {"law": [[256, [1]]]},
        {"law": [[128, [1, 0]], [128, [1, 0, 0]]]},
        {"law": [[256, [1.0, 0]]]},
        {"law": [[256, "10"]]},
        {"law": [[5000, [1, 0]]]},
        {"law": [[256, [10**9, 0]]]},
    ],
)
def test_from_json__reject_numbers_that_are_none(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"finding|decide|odds|rumour"):
        _ = Finding.from_json(FOUND.to_json() | change).log2_odds


def test_finding__reject_a_level_out_of_reach() -> None:
    with pytest.raises(LevelUnreachable):
        Finding("deepsigns-v1", Access.WEIGHTS, 0, 0, hits_law(40, 2), level=64)


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
