"""What comes out of the sandbox when the verifier is well, ill, or somebody else's."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from node import sandbox as sandbox_module
from node.errors import NotReference, SandboxFailed
from node.sandbox import ProcessSandbox
from verifier import Access, Finding, hits_law
from verifier.errors import BadEvidence, BadModel, UnknownScheme

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits are those of Linux")


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the sandbox puts its files."""
    monkeypatch.setattr(sandbox_module, "WORKER", "tests.unit.node.stub_worker")
    directory = tmp_path / "temporary"
    directory.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    return directory


@pytest.fixture
def sandbox() -> ProcessSandbox:
    return ProcessSandbox(timeout_s=20, memory_bytes=2**30)


async def verify(
    sandbox: ProcessSandbox,
    behaviour: str,
    package: Path = Path(),
    *,
    in_reference_mode: bool = False,
) -> Finding:
    return await sandbox.verify(
        behaviour, package, b"evidence", b"k" * 32, 40, in_reference_mode=in_reference_mode
    )


async def test_verify__gives_the_finding_and_leaves_nothing(
    sandbox: ProcessSandbox, temporary: Path
) -> None:
    finding = await verify(sandbox, "measure")

    assert finding == Finding("s-v1", Access.WEIGHTS, 64, 64, hits_law(64, 2), level=40)
    assert not os.listdir(temporary)


async def describe(sandbox: ProcessSandbox) -> dict[str, Any]:
    with pytest.raises(BadModel) as error:
        await verify(sandbox, "describe")
    seen: dict[str, Any] = json.loads(error.value.reason)
    return seen


async def test_child__sees_no_environment_and_has_its_limits(
    sandbox: ProcessSandbox, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_NODE_PASSWORD", "secret")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")

    seen = await describe(sandbox)

    # LC_CTYPE is set by Python itself, from LANG.
    assert set(seen["environment"]) - {"LC_CTYPE"} == {
        *("HOME", "TMPDIR", "LANG", "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES")
    }
    assert Path(seen["directory"]).parent == temporary
    assert "/elsewhere" not in seen["path"]
    assert seen["session"]
    assert seen["no_new_privs"]
    assert (seen["core"], seen["files"]) == (0, 256)


async def test_child__has_no_network_where_the_kernel_allows(sandbox: ProcessSandbox) -> None:
    if not await sandbox.is_offline():
        pytest.skip("this kernel gives no user namespaces")

    seen = await describe(sandbox)

    assert seen["interfaces"] == ["lo"]  # and that one is down
    assert seen["network"] == "OSError"


@pytest.mark.parametrize("kind", [BadModel, BadEvidence])
async def test_verify__raises_what_the_verifier_found_wrong(
    sandbox: ProcessSandbox, kind: type[BadModel | BadEvidence]
) -> None:
    with pytest.raises(kind) as error:
        await verify(sandbox, kind.__name__)

    assert (error.value.action, error.value.reason) == ("read header", "9 GiB exceeds: much")


async def test_verify__raises_unknown_scheme(sandbox: ProcessSandbox) -> None:
    with pytest.raises(UnknownScheme) as error:
        await verify(sandbox, "UnknownScheme")

    assert (error.value.scheme, error.value.known) == ("UnknownScheme", ("a-v1", "b-v1"))


@pytest.mark.parametrize("in_reference_mode", [True, False])
async def test_verify__says_in_which_mode(sandbox: ProcessSandbox, in_reference_mode: bool) -> None:
    with pytest.raises(BadModel) as error:
        await verify(sandbox, "mode", in_reference_mode=in_reference_mode)

    assert error.value.reason == str(in_reference_mode)


async def test_verify__where_an_appeal_cannot_be_measured_could_not_tell(
    sandbox: ProcessSandbox,
) -> None:
    with pytest.raises(NotReference, match=r"torch 1\.0 is not torch 2\.0"):
        await verify(sandbox, "NotReference", in_reference_mode=True)


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        ("crash", "killed by SIGABRT"),
        ("complain", "ended with status 1 .*the last words"),
        ("eat", "ended with status 1 .*MemoryError"),
        ("write", "ended with status 1 .*File too large"),
        ("flood", "answer of more than"),
        ("silence", "makes no sense"),
        ("nonsense", "makes no sense"),
        ("array", "neither a finding nor an error"),
        ("impossible", "makes no sense"),
        ("KeyboardInterrupt", "KeyboardInterrupt: read header"),
    ],
)
async def test_verify__could_not_tell(
    sandbox: ProcessSandbox, temporary: Path, behaviour: str, why: str
) -> None:
    with pytest.raises(SandboxFailed, match=f"(?s){why}") as error:
        await verify(sandbox, behaviour)

    assert len(error.value.tail) <= 2000
    assert not os.listdir(temporary)


async def test_verify__time_ends_the_child_and_its_children(tmp_path: Path) -> None:
    with pytest.raises(SandboxFailed, match="no answer in 1 s"):
        await verify(ProcessSandbox(timeout_s=1, memory_bytes=2**30), "hang", tmp_path)

    await _have_ended(tmp_path / "pids")


async def test_verify__cancelling_ends_the_child(sandbox: ProcessSandbox, tmp_path: Path) -> None:
    task = asyncio.create_task(verify(sandbox, "hang", tmp_path))
    async with asyncio.timeout(10):
        while not os.path.exists(tmp_path / "pids"):
            await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await _have_ended(tmp_path / "pids")


async def test_verify__runs_one_at_a_time(sandbox: ProcessSandbox, temporary: Path) -> None:
    tasks = [asyncio.create_task(verify(sandbox, "measure")) for _ in range(3)]
    most = 0
    while not all(task.done() for task in tasks):
        most = max(most, len(os.listdir(temporary)))
        await asyncio.sleep(0.005)

    assert most == 1


async def _have_ended(pids: Path) -> None:
    """Return when all are gone: a kill takes its moment on a busy machine, and no more."""
    async with asyncio.timeout(5):
        for pid in (await asyncio.to_thread(pids.read_text)).split():
            while _runs(int(pid)):
                await asyncio.sleep(0.01)


def _runs(pid: int) -> bool:
    """Whether a process is alive; one that is dead but not yet buried is not."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
