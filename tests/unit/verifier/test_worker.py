from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.tiny_models import marked
from verifier import Decision, Finding, save_package

SCHEME = "deepsigns-v1"


@pytest.fixture
def job(tmp_path: Path) -> dict[str, Any]:
    mark = marked(SCHEME)
    save_package(mark.model, tmp_path / "package")
    (tmp_path / "evidence").write_bytes(mark.evidence)
    return {
        "scheme": SCHEME,
        "package": str(tmp_path / "package"),
        "evidence": str(tmp_path / "evidence"),
        "message_key": mark.message_key.hex(),
        "level": 64,
        "threads": 1,
    }


def work(job: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "verifier.worker"],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=False,
    )


def test_worker__answer_a_job_with_one_line(job: dict[str, Any]) -> None:
    run = work(job)

    assert (run.returncode, run.stderr, run.stdout.count("\n")) == (0, "", 1)
    finding = Finding.from_json(json.loads(run.stdout)["finding"])
    assert finding.decision is Decision.MATCH


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"package": "/nowhere"}, "BadModel", "read config.json: No such file or directory"),
        ({"scheme": "x-v1"}, "UnknownScheme", "find scheme: 'x-v1' is not one of deepsigns-v1"),
        ({"level": 999}, "BadEvidence", "compute threshold: 256 symbols of 2 values"),
    ],
)
def test_answer__name_whose_fault_it_is(
    change: dict[str, Any], kind: str, message: str, job: dict[str, Any]
) -> None:
    from verifier.worker import answer

    error: Any = answer(job | change)["error"]

    assert error["kind"] == kind
    assert error["message"].startswith(message)


def test_worker__fail_loudly_on_a_job_that_is_none() -> None:
    run = work({})

    assert run.returncode != 0
    assert run.stdout == ""
