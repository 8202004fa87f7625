"""What can go wrong in a node, by whose fault it is.

    NodeError
    ├── Unavailable         the network's: bytes could not be had
    ├── Refused             the giver's: bytes came and are not what was named
    ├── PublishFailed       the mirror's: it does not take what it was given
    ├── SandboxFailed       the suspect's or this machine's: the verifier did not finish
    │   └── NotReference    this machine's: it cannot compute as an appeal needs it
    ├── DoubleVote          ours: a second, different vote in one round; never signed
    ├── NotAMember          ours: asked to vote on a dispute this seat was not drawn for
    ├── JournalMissing      the operator's: a key without its history
    ├── JournalExists       the operator's: a history would be overwritten
    ├── JournalRefused      the operator's: the history of another key or another deployment
    ├── ProtectionRefused   the operator's: an export that does not belong to the journal
    ├── KeystoreError       the operator's: a key that does not open
    ├── AlreadyRunning      the operator's: a second node with the same history
    ├── BadConfig           the operator's: a file or variable that is no setting
    ├── DevnetFailed        this machine's: a process of a development network is not up
    ├── BadClaim            the owner's: a claim that is not there, damaged or used up
    ├── NoFaucet            the user's: a chain whose money has to be earned
    ├── UnknownDispute      the user's: a name that fits no dispute, or several
    └── UnknownClaim        the user's: a name that fits no claim, or several

Facts are fields; each error makes its own sentence from them, and says what to do where there is
something to do. What the verifier finds wrong (`BadModel`, `BadEvidence`) is in `verifier.errors`.
"""

from __future__ import annotations

from pathlib import Path

from protocol.types import Digest, DisputeId, Outcome


class NodeError(Exception):
    """Every error a node expects to meet."""


class Unavailable(NodeError):
    """No mirror could give the bytes; another time or another mirror might."""

    def __init__(self, digest: Digest, attempts: tuple[str, ...]) -> None:
        self.digest = digest
        self.attempts = attempts
        """One sentence for each mirror: what was tried and why it failed."""
        super().__init__(
            f"fetch {digest.hex()}: " + ("; ".join(attempts) if attempts else "no mirror is named")
        )


class Refused(NodeError):
    """Bytes came that are not what the digest and the size name; asking again will not help."""

    def __init__(self, digest: Digest, why: str) -> None:
        self.digest = digest
        self.why = why
        super().__init__(f"refuse {digest.hex()}: {why}")


class PublishFailed(NodeError):
    """A mirror did not take a blob."""

    def __init__(self, url: str, why: str) -> None:
        self.url = url
        self.why = why
        super().__init__(f"put {url}: {why}; check that the mirror is up and writable")


class SandboxFailed(NodeError):
    """The verifier's process crashed, ran out of time or of memory, or answered nonsense."""

    def __init__(self, why: str, tail: str = "") -> None:
        self.why = why
        self.tail = tail
        """The last words of its standard error, for the operator's eyes only."""
        super().__init__(f"run the verifier: {why}" + (f" (it said: {tail})" if tail else ""))


class NotReference(SandboxFailed):
    """This environment is not the one in which appeals are measured (SPEC 5)."""


class DoubleVote(NodeError):
    """Another vote was recorded for this dispute and round; a second would be equivocation."""

    def __init__(
        self, dispute_id: DisputeId, round_: int, *, recorded: Outcome, asked: Outcome
    ) -> None:
        self.dispute_id = dispute_id
        self.round = round_
        self.recorded = recorded
        self.asked = asked
        super().__init__(
            f"sign {asked.name} on dispute {dispute_id.hex()} round {round_}: "
            f"the journal holds another vote, {recorded.name}"
        )


class NotAMember(NodeError):
    """This node's key has no place in the committee."""

    def __init__(self, dispute_id: DisputeId) -> None:
        self.dispute_id = dispute_id
        super().__init__(f"act on dispute {dispute_id.hex()}: this key is not in its committee")


class JournalMissing(NodeError):
    """The record of what was signed is not there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"open journal {path}: it is not there, and without it this key might sign twice; "
            "restore it, or if it is lost, begin a new one: `assay node init` with nothing but the "
            "keys in the home"
        )


class JournalExists(NodeError):
    """A new journal was asked for where one already is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"create journal {path}: one is already there and will not be overwritten")


class JournalRefused(NodeError):
    """The file is not the history of this key in this deployment, or not readable as one."""

    def __init__(self, path: Path, why: str) -> None:
        self.path = path
        self.why = why
        super().__init__(f"open journal {path}: {why}")


class ProtectionRefused(NodeError):
    """A file that is not an export of this key's votes."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"import votes: {why}; nothing was changed")


class KeystoreError(NodeError):
    """A key file that is missing, damaged, or locked with another password."""

    def __init__(self, path: Path, why: str) -> None:
        self.path = path
        self.why = why
        super().__init__(f"open keystore {path}: {why}")


class AlreadyRunning(NodeError):
    """Another process holds the journal."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"lock {path}: another node is running on this journal; stop it first, "
            "two nodes with one key would sign twice"
        )


class BadConfig(NodeError):
    """A setting that cannot be used."""

    def __init__(self, path: Path, why: str) -> None:
        self.path = path
        self.why = why
        super().__init__(f"read {path}: {why}")


class DevnetFailed(NodeError):
    """A process of a development network ended early or never answered."""

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.log = log
        super().__init__(f"run {name}: it ended, or did not come up; see {log}")


class BadClaim(NodeError):
    """An owner's claim that is not there, not the only one, damaged, or used up."""

    def __init__(self, path: Path, why: str) -> None:
        self.path = path
        self.why = why
        super().__init__(f"claim in {path}: {why}")


class NoFaucet(NodeError):
    """A chain whose money has to be earned."""

    def __init__(self, rpc_url: str, why: str) -> None:
        self.rpc_url = rpc_url
        self.why = why
        super().__init__(f"fill an account at {rpc_url}: only a development chain does that: {why}")


class UnknownDispute(NodeError):
    """A name that fits no dispute, or several."""

    def __init__(self, name: str, matches: int) -> None:
        self.name = name
        self.matches = matches
        super().__init__(
            f"find dispute {name!r}: {matches} match; `assay verdict list` has them all"
        )


class UnknownClaim(NodeError):
    """A name that fits no claim of the court, or several."""

    def __init__(self, name: str, matches: int) -> None:
        self.name = name
        self.matches = matches
        super().__init__(f"find claim {name!r}: {matches} match; give more of its id")
