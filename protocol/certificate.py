"""What `settle` checks, off chain: whether a quorum of the committee signed an outcome."""

from __future__ import annotations

from . import bls
from .committee import quorum
from .errors import BadCertificate, InvalidSignature
from .messages import Certificate, vote_digest
from .types import Court, Dispute


def validate_certificate(certificate: Certificate, dispute: Dispute, court: Court) -> None:
    """Check that a quorum of the dispute's committee signed the certificate's outcome.

    Raises:
        BadCertificate: it did not, or not on this dispute.
    """
    if (certificate.dispute_id, certificate.round) != (dispute.id, dispute.round):
        raise BadCertificate("it is about another dispute or another round")
    size = len(dispute.committee)
    if certificate.bitmap >> size:
        raise BadCertificate(f"a bit is set beyond the committee of {size}")
    signers, required = certificate.signers, quorum(size)
    if len(signers) < required:
        raise BadCertificate(f"{len(signers)} signers, of at least {required}")
    keys = [dispute.committee[place].bls_key for place in signers]
    digest = vote_digest(dispute, certificate.outcome, court)
    try:
        bls.verify_aggregate(keys, digest, bls.VOTE_TAG, certificate.signature)
    except InvalidSignature as error:
        raise BadCertificate(str(error)) from error
