"""A verifier that does what the job's scheme says, to see what the sandbox makes of it."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FINDING = {
    "scheme": "s-v1", "access": "weights", "low": 64, "high": 64, "law": [[64, [1, 0]]], "level": 40
}  # fmt: skip


def measure(job: dict[str, Any]) -> None:
    """Answer as a verifier does, if the job came whole."""
    assert Path(job["evidence"]).read_bytes() == b"evidence"
    assert Path(job["evidence"]).stat().st_mode & 0o777 == 0o600
    assert bytes.fromhex(job["message_key"]) == b"k" * 32
    print(json.dumps({"finding": FINDING}))


def describe(_: dict[str, Any]) -> None:
    """Say through an error what this process can see and do."""
    try:
        socket.create_connection(("127.0.0.1", int(os.environ.get("PORT", "9"))), timeout=1)
        network = "reached"
    except OSError as error:
        network = type(error).__name__
    seen = {
        "environment": sorted(os.environ),
        "directory": os.getcwd(),
        "session": os.getsid(0) == os.getpid(),
        "core": resource.getrlimit(resource.RLIMIT_CORE)[1],
        "files": resource.getrlimit(resource.RLIMIT_NOFILE)[1],
        "interfaces": [name for _, name in socket.if_nameindex()],
        "network": network,
        "no_new_privs": "NoNewPrivs:\t1" in Path("/proc/self/status").read_text(),
        "path": sys.path,
    }
    print(json.dumps({"error": {"kind": "BadModel", "message": f"describe: {json.dumps(seen)}"}}))


def refuse(
    kind: str, message: str = "read header: 9 GiB exceeds: much"
) -> Callable[[dict[str, Any]], None]:
    """Answer with an error of the verifier."""
    answer = {"error": {"kind": kind, "message": message}}
    return lambda _: print(json.dumps(answer))


def hang_with_a_child(job: dict[str, Any]) -> None:
    """Never answer, and leave a child that would outlive its parent."""
    child = subprocess.Popen(["/bin/sleep", "60"])
    Path(job["package"], "pids").write_text(f"{os.getpid()} {child.pid}")
    time.sleep(60)


def flood(_: dict[str, Any]) -> None:
    """Answer for ever."""
    while True:
        sys.stdout.write("x" * 65536)


def write_much(_: dict[str, Any]) -> None:
    """Fill the disk."""
    with Path("much").open("wb") as file:
        for _number in range(64):
            file.write(bytes(2**20))


BEHAVIOURS: dict[str, Callable[[dict[str, Any]], object]] = {
    "measure": measure,
    "describe": describe,
    "BadModel": refuse("BadModel"),
    "BadEvidence": refuse("BadEvidence"),
    "UnknownScheme": refuse("UnknownScheme", "find scheme: 'x-v1' is not one of a-v1, b-v1"),
    "NotReference": refuse("NotReference", "compute in reference mode: torch 1.0 is not torch 2.0"),
    "mode": lambda job: refuse("BadModel", f"mode: {job['in_reference_mode']}")(job),
    "KeyboardInterrupt": refuse("KeyboardInterrupt"),
    "hang": hang_with_a_child,
    "flood": flood,
    "write": write_much,
    "spin": lambda _: [None for _ in iter(int, 1)],
    "eat": lambda _: bytearray(4 * 2**30),
    "crash": lambda _: os.abort(),
    "complain": lambda _: sys.exit("x" * 10_000 + " the last words"),
    "silence": lambda _: None,
    "nonsense": lambda _: print("nonsense"),
    "array": lambda _: print("[]"),
    "impossible": lambda _: print(json.dumps({"finding": FINDING | {"low": 65}})),
}


if __name__ == "__main__":
    job = json.load(sys.stdin)
    BEHAVIOURS[job["scheme"]](job)
