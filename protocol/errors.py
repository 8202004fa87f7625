"""Everything this package raises on purpose, by whose fault it is.

ProtocolError
├── InvalidMessage          a message from a peer
│   ├── Reject              it breaks a rule: the sender's fault
│   └── Ignore              it is of no use now: nobody's fault
├── BadEnvelope             the owner's envelope does not open for this member
├── BadOpening              it opens, to something that is not what the claim committed
├── BadPackage              a directory that cannot be packed
├── BadManifest             bytes that are not a manifest in its only accepted form
├── InvalidKey              not a BLS public key
├── InvalidSignature        not this key's signature on this digest
├── BadCertificate          a certificate the court would refuse
└── ChainError              the chain, or the way to it
    ├── ChainUnavailable    no answer: try again later
    │   └── NotDeployed     the contract is younger than the block read
    ├── ChainMismatch       an answer from another chain, or from no court at all
    ├── NotKeyed            the dispute has no envelope yet
    ├── ContractRefused     a contract reverted, and said why
    ├── TransactionRefused  the node did not take a transaction
    └── TransactionLost     sent, and in no block in time

Each error keeps its facts as fields and makes its own sentence, in lower case. A programming error
stays a `ValueError`.
"""

from __future__ import annotations

from enum import Enum
from typing import Any


class ProtocolError(Exception):
    """Anything that is expected to go wrong during normal operation."""


class InvalidMessage(ProtocolError):
    """A peer's message that is not acted on."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Reject(InvalidMessage):
    """A message that breaks a rule; its sender is to blame."""


class Ignore(InvalidMessage):
    """A message that is of no use to us now; nobody is to blame."""


class BadEnvelope(ProtocolError):
    """The envelope does not parse, or does not open at this place."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"open envelope: {reason}")


class BadOpening(ProtocolError):
    """The opening is malformed, or is not what the claim committed."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"check opening: {reason}")


class BadPackage(ProtocolError):
    """A directory that cannot become a package."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"pack {path}: {reason}")


class BadManifest(ProtocolError):
    """Bytes that are not a manifest in its only accepted form."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"read manifest: {reason}")


class InvalidKey(ProtocolError):
    """Bytes that are not a BLS public key."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"read BLS key: {reason}")


class InvalidSignature(ProtocolError):
    """Bytes that are not a signature, or not this one."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"verify BLS signature: {reason}")


class BadCertificate(ProtocolError):
    """A certificate that does not prove its outcome."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"check certificate: {reason}")


class ChainError(ProtocolError):
    """Something between us and the contracts."""


class ChainUnavailable(ChainError):
    """The node gave no answer, or none that can be used; the same question may succeed later."""

    def __init__(self, action: str, reason: str) -> None:
        self.action = action
        self.reason = reason
        super().__init__(f"{action}: no answer from the chain: {reason}")


class NotDeployed(ChainUnavailable):
    """In the block that was read, the contract does not exist yet."""

    def __init__(self, action: str) -> None:
        super().__init__(action, "the contract is not deployed as of this block")


class ChainMismatch(ChainError):
    """The other end is not the court we were told it is."""

    def __init__(self, what: str, expected: object, actual: object) -> None:
        self.what = what
        self.expected = expected
        self.actual = actual
        super().__init__(f"expected {what}: {expected}, found {actual}")


class NotKeyed(ChainError):
    """A dispute without an envelope gives a member nothing to do."""

    def __init__(self, dispute_id: bytes, state: str) -> None:
        self.dispute_id = dispute_id
        self.state = state
        super().__init__(
            f"read dispute 0x{dispute_id.hex()}: its state is {state}, there is no envelope"
        )


class ContractRefused(ChainError):
    """A contract reverted: which call, with which error, and what to do about it."""

    def __init__(self, call: str, name: str, arguments: dict[str, Any], advice: str) -> None:
        self.call = call
        self.name = name
        self.arguments = arguments
        self.advice = advice
        facts = ", ".join(f"{key}={_show(value)}" for key, value in arguments.items())
        super().__init__(f"{call}: refused with {name}({facts}): {advice}")


class TransactionRefused(ChainError):
    """The node would not take a transaction: too little money, most often."""

    def __init__(self, call: str, reason: str) -> None:
        self.call = call
        self.reason = reason
        super().__init__(f"{call}: the node does not take the transaction: {reason}")


class TransactionLost(ChainError):
    """A transaction was sent, and no block has it yet; it may still be mined."""

    def __init__(self, call: str, transaction: bytes, timeout_s: float) -> None:
        self.call = call
        self.transaction = transaction
        self.timeout_s = timeout_s
        super().__init__(f"{call}: 0x{transaction.hex()} is in no block after {timeout_s:g} s")


def _show(value: object) -> str:
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    return value.name if isinstance(value, Enum) else str(value)
