"""Layers by folder: some may reach loopback, the others open no socket at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings
from pytest_socket import disable_socket, socket_allow_hosts

TESTS = Path(__file__).parent
ON_LOOPBACK = ("unit/node", "simnet", "chain")

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Take the network away before each test, as far as its folder asks."""
    folder = item.path.relative_to(TESTS).as_posix()
    if folder.startswith(ON_LOOPBACK):
        socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)
    else:
        disable_socket(allow_unix_socket=True)
