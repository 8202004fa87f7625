from __future__ import annotations

import io
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
        "in_reference_mode": False,
    }


def work(job: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "verifier.worker"],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("in_reference_mode", [False, True])
def test_worker__answer_a_job_with_one_line(job: dict[str, Any], in_reference_mode: bool) -> None:
    run = work(job | {"in_reference_mode": in_reference_mode})

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


def test_worker__refuse_an_appeal_in_another_environment(
    job: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from verifier import determinism, worker

    monkeypatch.setattr(determinism, "REFERENCE_TORCH", "1.0")
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(job | {"in_reference_mode": True})))

    worker.main()

    error = json.loads(capsys.readouterr().out)["error"]
    assert error["kind"] == "NotReference"
    assert error["message"].endswith("is not torch 1.0")


def test_worker__fail_loudly_on_a_job_that_is_none() -> None:
    run = work({})

    assert run.returncode != 0
    assert run.stdout == ""
