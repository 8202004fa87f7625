"""The registry: one paper, one file, one line here. Eager, so that it can be grepped."""

from __future__ import annotations

from verifier.errors import UnknownScheme
from verifier.scheme import Scheme

from .deepsigns import DeepSigns
from .deepsigns_blackbox import DeepSignsBlackbox
from .deepstego import DeepStego, DeepStegoBound
from .dsn import Dsn
from .mtlsign import MtlSign
from .pmi import Pmi

_ALL: tuple[Scheme, ...] = (
    DeepSigns(),
    DeepSignsBlackbox(),
    DeepStego(),
    DeepStegoBound(),
    Dsn(),
    MtlSign(),
    Pmi(),
)

SCHEMES: dict[str, Scheme] = {scheme.id: scheme for scheme in _ALL}


def find_scheme(scheme_id: str) -> Scheme:
    """The scheme of this id.

    Raises:
        UnknownScheme: there is none.
    """
    if scheme_id not in SCHEMES:
        raise UnknownScheme(scheme_id, tuple(SCHEMES))
    return SCHEMES[scheme_id]
