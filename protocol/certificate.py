"""What `seal` and `settle` check, off chain: whether a quorum of the committee signed."""

from __future__ import annotations

from collections.abc import Sequence

from . import bls
from .commitments import votes_root
from .committee import quorum
from .court import Court
from .errors import BadCertificate, InvalidSignature
from .messages import (
    DIGEST_BYTES,
    Certificate,
    SealCertificate,
    places_of,
    seal_digest,
    sealed_commitment,
    vote_digest,
)
from .types import Digest, Dispute, Outcome, Place, Sealed


def validate_seal_certificate(certificate: SealCertificate, dispute: Dispute, court: Court) -> None:
    """Check that a quorum of the round's committee signed the certificate's root.

    Raises:
        BadCertificate: it did not, or not in this round.
    """
    _validate_round(certificate, dispute)
    size = len(dispute.committee)
    if (certificate.signers | certificate.voters) >> size:
        raise BadCertificate(f"a bit is set beyond the committee of {size}")
    digest = seal_digest(dispute, certificate.root, certificate.voters, court)
    signers = places_of(certificate.signers)
    _validate_quorum(signers, digest, bls.SEAL_TAG, certificate.signature, dispute)


def validate_certificate(
    certificate: Certificate, dispute: Dispute, sealed: Sealed, court: Court
) -> None:
    """Check that a quorum opened and signed the certificate's outcome, as it had been sealed.

    Raises:
        BadCertificate: it did not, or not in this round.
    """
    _validate_round(certificate, dispute)
    size = len(dispute.committee)
    if {len(certificate.outcomes), len(certificate.openings)} != {size}:
        raise BadCertificate(f"not one outcome and one opening for each of {size} places")
    if any(len(opening) != DIGEST_BYTES for opening in certificate.openings):
        raise BadCertificate(f"an opening that has not {DIGEST_BYTES} bytes")
    opened = [place for place, outcome in enumerate(certificate.outcomes) if outcome]
    if any(certificate.outcomes[place] not in set(Outcome) for place in opened):
        raise BadCertificate("it shows an outcome that does not exist")
    if any(not sealed.voters >> place & 1 for place in opened):
        raise BadCertificate("it shows a vote of a place that sealed none")
    leaves = [Digest(opening) for opening in certificate.openings]
    for place in opened:
        leaves[place] = sealed_commitment(
            dispute.id, dispute.round, place, certificate.outcomes[place], leaves[place]
        )
    if votes_root(leaves) != sealed.root:
        raise BadCertificate("what it shows is not what was sealed")
    digest = vote_digest(dispute, certificate.outcome, court)
    _validate_quorum(certificate.signers, digest, bls.VOTE_TAG, certificate.signature, dispute)


def _validate_round(certificate: SealCertificate | Certificate, dispute: Dispute) -> None:
    if (certificate.dispute_id, certificate.round) != (dispute.id, dispute.round):
        raise BadCertificate("it is about another dispute or another round")


def _validate_quorum(
    signers: Sequence[Place], digest: Digest, domain_tag: bytes, signature: bytes, dispute: Dispute
) -> None:
    required = quorum(len(dispute.committee))
    if len(signers) < required:
        raise BadCertificate(f"{len(signers)} signers, of at least {required}")
    keys = [dispute.committee[place].bls_key for place in signers]
    try:
        bls.verify_aggregate(keys, digest, domain_tag, signature)
    except InvalidSignature as error:
        raise BadCertificate(str(error)) from error
