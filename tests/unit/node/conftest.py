"""A court, a committee of four with real keys, and a dispute between nobody in particular."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from eth_account import Account

from node.journal import Identity
from node.keystore import NodeKeys
from protocol.court import Court
from protocol.types import Address, Dispute, Place
from tests.support.factories import COURT, keyed_dispute, seat
from tests.support.voices import Voice


@pytest.fixture
def court() -> Court:
    return COURT


@pytest.fixture(scope="session")
def keys() -> tuple[NodeKeys, ...]:
    return tuple(
        NodeKeys(account=Account.from_key(bytes([number]) * 32), bls_secret=1000 + number)
        for number in range(1, 5)
    )


@pytest.fixture
def identity(court: Court, keys: tuple[NodeKeys, ...]) -> Identity:
    return Identity.of(court, keys[0].bls_key)


@pytest.fixture
def dispute(keys: tuple[NodeKeys, ...]) -> Dispute:
    return keyed_dispute(
        [
            seat(
                place,
                one.bls_key,
                operator=Address(one.account.address),
                envelope_key=one.envelope_key,
            )
            for place, one in enumerate(keys)
        ],
        shard=2,
    )


@pytest.fixture
def voices(keys: tuple[NodeKeys, ...], dispute: Dispute, court: Court) -> tuple[Voice, ...]:
    return tuple(Voice(Place(place), one, dispute, court) for place, one in enumerate(keys))


@pytest.fixture
def at_endpoints() -> Callable[[Dispute, list[str]], Dispute]:
    """The dispute with its members at other addresses."""

    def move(dispute: Dispute, endpoints: list[str]) -> Dispute:
        committee = tuple(
            replace(member, endpoint=endpoint)
            for member, endpoint in zip(dispute.committee, endpoints, strict=True)
        )
        return replace(dispute, committee=committee)

    return move
