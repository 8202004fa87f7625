"""npm's forge, started where `foundry.toml` is.

    python contracts/bin/forge.py test    # or any other of its commands

`node_modules/.bin/forge` is no substitute: it says 0 whether forge fails or not.
"""

import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODULES = ROOT.parent / "node_modules"

IMPORTS_BY_FULL_PATH = "\n".join(
    f"{name}/={MODULES / path}/"
    for name, path in (("@openzeppelin/contracts",) * 2, ("solady", "solady/src"))
)
"""What coverage and slither need instead of the remappings in `foundry.toml`: what is imported by a
path that leads out of its directory, and from there by a relative one, they take for another file,
or do not find."""


def directory() -> Path:
    """Return where the native binary lies."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    package = f"forge-{platform.system().lower()}-{machine}"
    return MODULES / "@foundry-rs" / package / "bin"


def run(*arguments: str, quiet: bool = False, **settings: str) -> bool:
    """Return whether forge succeeded; settings go before those of `foundry.toml`."""
    done = subprocess.run(  # noqa: S603 - what setup has installed
        [directory() / "forge", *arguments],
        cwd=ROOT,
        env=os.environ | {f"FOUNDRY_{name.upper()}": value for name, value in settings.items()},
        stdout=subprocess.DEVNULL if quiet else None,
        check=False,
    )
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(not run(*sys.argv[1:]))
