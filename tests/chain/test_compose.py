"""docker/compose.yaml without an engine: its services' own commands, run as processes.

Names become loopback addresses, container paths a temporary directory; all other words stay.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.processes import started

COMPOSE = Path(__file__).parent.parent.parent / "docker" / "compose.yaml"
NODES = ["node0", "node1", "node2", "node3"]
PORTS = {"chain": 18545, "mirror": 18600} | {name: 19000 + n for n, name in enumerate(NODES)}


def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


def command(service: str, directory: Path) -> list[str]:
    """The service's command, with addresses and paths of this machine."""
    words = []
    for word in services()[service]["command"]:
        for name, port in PORTS.items():
            word = re.sub(rf"http://{name}:\d+", f"http://127.0.0.1:{port}", word)
        word = word.replace("/shared", str(directory / "shared"))
        word = word.replace("/data", str(directory / service))
        words.append(word)
    if "--listen" in words:
        words[words.index("--listen") + 1] = f"127.0.0.1:{PORTS[service]}"
    if "--port" in words:
        words[words.index("--host") + 1] = "127.0.0.1"
        words[words.index("--port") + 1] = str(PORTS[service])
    return words


def test_compose__its_commands_make_a_network_of_ready_nodes(tmp_path: Path) -> None:
    with ExitStack() as stack:
        for service in ("chain", "mirror"):
            running = stack.enter_context(started(*command(service, tmp_path), cwd=tmp_path))
            running.until_says("answers at")
        with started(*command("deployer", tmp_path), cwd=tmp_path) as deployer:
            assert deployer.process.wait(timeout=90) == 0
        for service in NODES:
            stack.enter_context(started(*command(service, tmp_path), cwd=tmp_path))

        healthy = [_until_healthy(service, tmp_path) for service in NODES]

    assert healthy == [True] * 4


def test_compose__every_service_is_confined() -> None:
    for name, service in services().items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), name


@pytest.mark.skipif(
    shutil.which("docker-compose") is None, reason="docker-compose is not installed"
)
def test_compose__is_valid() -> None:
    checked = subprocess.run(
        ["docker-compose", "-f", str(COMPOSE), "config", "--quiet"],
        check=False,
        capture_output=True,
        text=True,
    )

    assert checked.returncode == 0, checked.stderr


def _until_healthy(service: str, directory: Path) -> bool:
    """Whether the service's own health check succeeds in time."""
    check = services()[service]["healthcheck"]["test"]
    words = [word.replace("/data", str(directory / service)) for word in check[2:]]
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        status = subprocess.run(
            [sys.executable, "-m", "node", *words, "--json"],
            check=False,
            capture_output=True,
            text=True,
        )
        if status.returncode == 0:
            return bool(json.loads(status.stdout)["ready"])
        time.sleep(0.5)
    return False
