"""What a child process does to itself before it touches a suspect.

    python -I jail.py <import root> <module> <memory bytes> <processor seconds>

It gives up the network, new privileges and everything beyond its limits, and then becomes
`<module>`. It runs as a program of its own, because a fork of the node would carry its threads'
locks and its keys. Standard library only: nothing is imported before the limits hold.

But: it is a second wall. The first is that nothing in a package is ever executed.
"""

from __future__ import annotations

import ctypes
import resource
import runpy
import sys
from typing import Final

MAX_FILES: Final = 256
MAX_FILE_BYTES: Final = 2**20
"""For the answer and the complaint, which are files; and libraries may leave a small cache."""

_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
_PR_SET_NO_NEW_PRIVS: Final = 38


def main(root: str, module: str, memory_bytes: int, processor_seconds: int) -> None:
    """Confine this process, then run `module`, which is found under `root`, in it."""
    isolate_network()
    _forbid_privileges()
    limits = {
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_CPU: processor_seconds,
        resource.RLIMIT_FSIZE: MAX_FILE_BYTES,
        resource.RLIMIT_NOFILE: MAX_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))
    # `-I` leaves out the directory of a program; the last place is no less isolated.
    sys.path.append(root)
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def isolate_network() -> bool:
    """Move into a network without interfaces; False where the kernel does not let us."""
    if not sys.platform.startswith("linux"):
        return False
    # An unprivileged process may have a network namespace only inside a user namespace of its own.
    flags = _CLONE_NEWUSER | _CLONE_NEWNET
    return bool(ctypes.CDLL(None).unshare(flags) == 0)


def _forbid_privileges() -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


if __name__ == "__main__":
    if sys.argv[1:] == ["--probe"]:
        sys.exit(0 if isolate_network() else 1)
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
