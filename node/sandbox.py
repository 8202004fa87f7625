"""The Sandbox port: the verifier in a child process that has nothing to lose.

    (1) the evidence goes to a file that only this user reads, in a directory that lives as long as
        the job; the message key goes through a pipe, where no process list shows it
    (2) the child starts with an empty environment in a session of its own, confines itself
        (`jail.py`) and becomes `verifier.worker`
    (3) one JSON answer comes back, bounded in size and time
    (4) whatever happened, the whole session is killed

A child that crashes, stalls or talks nonsense is `SandboxFailed`: this node could not tell. What
the verifier itself finds wrong comes back as the verifier's own error.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

from verifier import Finding
from verifier.errors import BadEvidence, BadModel, UnknownScheme, VerifierError

from .errors import NotReference, SandboxFailed

WORKER: Final = "verifier.worker"
MAX_ANSWER_BYTES: Final = 64 * 1024
"""A finding is a line of counts."""
TAIL_BYTES: Final = 2000

_JAIL: Final = str(Path(__file__).with_name("jail.py"))
_IMPORT_ROOT: Final = str(Path(__file__).parents[1])


class ProcessSandbox:
    """Runs verifications, `slots` at a time."""

    def __init__(
        self,
        *,
        timeout_s: float,
        memory_bytes: int,
        slots: int = 1,
        threads: int = 1,
    ) -> None:
        self._timeout_s = timeout_s
        self._memory_bytes = memory_bytes
        self._threads = threads
        self._slots = asyncio.Semaphore(slots)

    async def verify(
        self,
        scheme: str,
        package: Path,
        evidence: bytes,
        message_key: bytes,
        level: int,
        *,
        in_reference_mode: bool,
    ) -> Finding:
        """Measure the suspect in `package`; for an appeal, in the one way all must (SPEC 5).

        Raises:
            BadModel: the suspect's package is refused.
            BadEvidence: the owner's evidence is refused.
            UnknownScheme: this verifier does not have the scheme.
            SandboxFailed: it could not tell; as NotReference, an appeal on this machine.
        """
        async with self._slots:
            package = await asyncio.to_thread(package.resolve)
            with tempfile.TemporaryDirectory(prefix="assay-") as directory:
                job = {
                    "scheme": scheme,
                    "package": os.fspath(package),
                    "evidence": _write_evidence(directory, evidence),  # (1)
                    "message_key": message_key.hex(),
                    "level": level,
                    "threads": self._threads,
                    "in_reference_mode": in_reference_mode,
                }
                answer = await self._run(job, directory)
        return _read_answer(answer, scheme)

    async def is_offline(self) -> bool:
        """Whether this system lets a child give up the network."""
        probe = await asyncio.create_subprocess_exec(sys.executable, "-I", _JAIL, "--probe", env={})
        return await probe.wait() == 0

    async def _run(self, job: dict[str, Any], directory: str) -> bytes:
        # Files, not pipes: a child that floods a pipe nobody reads is never seen to have ended,
        # and one that leaves the session could hold it open. The jail bounds what files take.
        with tempfile.TemporaryFile() as answer, tempfile.TemporaryFile() as complaint:
            process = await asyncio.create_subprocess_exec(  # (2)
                *(sys.executable, "-I", _JAIL, _IMPORT_ROOT, WORKER),
                *(str(self._memory_bytes), str(int(self._timeout_s * self._threads) + 1)),
                cwd=directory,
                env=self._environment(directory),
                stdin=asyncio.subprocess.PIPE,
                stdout=answer,
                stderr=complaint,
                start_new_session=True,
            )
            try:
                async with asyncio.timeout(self._timeout_s):  # (3)
                    with suppress(BrokenPipeError, ConnectionResetError):  # its status says why
                        await process.communicate(json.dumps(job).encode())
                    status = await process.wait()
            except TimeoutError:
                raise SandboxFailed(f"no answer in {self._timeout_s:g} s") from None
            finally:
                with suppress(ProcessLookupError):  # (4)
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
            return _read_whole(answer, status, _read_tail(complaint))

    def _environment(self, directory: str) -> dict[str, str]:
        return {
            "HOME": directory,
            "TMPDIR": directory,
            "LANG": "C.UTF-8",
            "OMP_NUM_THREADS": str(self._threads),
            # Verdicts are read on the processor, where rounding differs least between machines.
            "CUDA_VISIBLE_DEVICES": "",
        }


def _write_evidence(directory: str, evidence: bytes) -> str:
    path = os.path.join(directory, "evidence")
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(evidence)
    return path


def _read_whole(answer: IO[bytes], status: int, complaint: str) -> bytes:
    """The answer of a child that has ended well."""
    answer.seek(0)
    content = answer.read(MAX_ANSWER_BYTES + 1)
    if len(content) > MAX_ANSWER_BYTES:
        raise SandboxFailed(f"an answer of more than {MAX_ANSWER_BYTES} bytes")
    if status:
        raise SandboxFailed(_describe(status), complaint)
    return content


def _read_tail(complaint: IO[bytes]) -> str:
    size = complaint.seek(0, os.SEEK_END)
    complaint.seek(max(0, size - TAIL_BYTES))
    return complaint.read(TAIL_BYTES).decode(errors="replace").strip()


def _describe(status: int) -> str:
    if status > 0:
        return f"it ended with status {status}"
    return f"it was killed by {signal.Signals(-status).name}"


def _read_answer(answer: bytes, scheme: str) -> Finding:
    try:
        match json.loads(answer):
            case {"finding": dict() as finding}:
                return Finding.from_json(finding)
            case {"error": {"kind": str() as kind, "message": str() as message}}:
                raise _verifier_error(kind, message, scheme)
    except (ValueError, RecursionError, VerifierError) as error:
        if isinstance(error, (BadModel, BadEvidence, UnknownScheme)):
            raise
        raise SandboxFailed(f"its answer makes no sense: {error}") from error
    raise SandboxFailed("its answer is neither a finding nor an error")


def _verifier_error(kind: str, message: str, scheme: str) -> Exception:
    """The verifier's own error again, from its name and its sentence."""
    if kind == UnknownScheme.__name__:
        known = message.rpartition(" is not one of ")[2]
        return UnknownScheme(scheme, tuple(known.split(", ")))
    if kind == NotReference.__name__:
        return NotReference(message)
    action, _, reason = message.partition(": ")
    for malformed in (BadModel, BadEvidence):
        if kind == malformed.__name__:
            return malformed(action, reason)
    return SandboxFailed(f"{kind}: {message}")
