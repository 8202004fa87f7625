"""What the wheel holds, and what the daemon must not import."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_wheel__has_the_four_packages_and_nothing_else() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]

    packages = build["targets"]["wheel"]["only-include"]

    assert sorted(packages) == ["contracts", "node", "protocol", "verifier"]
    assert not (ROOT / "docker" / "__init__.py").exists()  # it would shadow the docker SDK


def test_node__idles_without_torch() -> None:
    """Torch takes 200 MB and two seconds; only the verifier's child process may pay for it."""
    probe = "import sys, node.app, node.cli; sys.exit('torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0
