"""Public randomness: rounds of a drand chain, and the check of their signatures.

The scheme is the League of Entropy's `bls-unchained-g1-rfc9380`: the message of round r is SHA-256 of r as
8 bytes, hashed to G1 (RFC 9380), signed there, with the public key on G2; randomness = SHA-256(signature).
A BLS signature under a fixed key has one valid value only, so nobody who relays a round can choose it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from py_ecc.bls.g2_primitives import subgroup_check
from py_ecc.bls.hash_to_curve import hash_to_G1
from py_ecc.bls.point_compression import decompress_G1, decompress_G2
from py_ecc.bls.typing import G1Compressed, G2Compressed
from py_ecc.fields import optimized_bls12_381_FQ12 as FQ12
from py_ecc.optimized_bls12_381.optimized_curve import G2, Z1, neg
from py_ecc.optimized_bls12_381.optimized_pairing import final_exponentiate, pairing

SIGNATURE_DOMAIN = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"
COMMIT_DELAY = timedelta(seconds=120)
"""Least time between the publication of a list and the round that will order it."""


class BeaconError(Exception):
    """A round cannot be used. Its text says why, for staff and for the public page; nothing is drawn."""


class NotYetPublishedError(BeaconError):
    """The round lies in the future."""


class UnreachableError(BeaconError):
    """No relay gave an answer."""


class WrongRoundError(BeaconError):
    """A relay answered with another round than the one that was asked for (it rewinds, or it caches)."""


class BadSignatureError(BeaconError):
    """The answer is not signed by the chain."""


@dataclass(frozen=True, slots=True)
class Chain:
    """What has to be known beforehand about a drand chain.

    Args:
        hash: the chain's hash, hexadecimal.
        public_key: compressed point on G2, 96 bytes in hexadecimal.
        genesis: instant of round 1, seconds since 1970.
        period: seconds between rounds.
    """

    hash: str
    public_key: str
    genesis: int
    period: int

    def round_after(self, instant: datetime) -> int:
        """Number of the first round produced at or after `instant`, at least 1."""
        elapsed = -((self.genesis - instant.timestamp()) // self.period)  # periods since round 1, rounded up
        return max(1, int(elapsed) + 1)

    def instant_of(self, number: int) -> datetime:
        """When round `number` is produced, UTC."""
        return datetime.fromtimestamp(self.genesis + (number - 1) * self.period, UTC)


QUICKNET = Chain(
    hash="52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
    public_key=(
        "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510"
        "d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
    ),
    genesis=1692803367,
    period=3,
)


@dataclass(frozen=True, slots=True)
class Randomness:
    """The signature of a round, and its SHA-256: the randomness."""

    signature: bytes

    @property
    def value(self) -> bytes:
        """32 bytes."""
        return hashlib.sha256(self.signature).digest()


def verified(chain: Chain, number: int, signature: bytes) -> Randomness:
    """The randomness of a round, if the chain signed it.

    Raises:
        BadSignatureError: the bytes are no signature of this round under the chain's public key.
    """
    if len(signature) != 48:
        raise BadSignatureError(f"The signature of round {number} has {len(signature)} bytes instead of 48.")
    message = hashlib.sha256(number.to_bytes(8, "big")).digest()
    try:
        point = decompress_G1(G1Compressed(int.from_bytes(signature, "big")))
        key_bytes = bytes.fromhex(chain.public_key)
        key = decompress_G2(
            G2Compressed((int.from_bytes(key_bytes[:48], "big"), int.from_bytes(key_bytes[48:], "big")))
        )
    except (ValueError, AssertionError) as error:
        raise BadSignatureError(f"The signature of round {number} is not a point of the curve.") from error
    if point == Z1 or not subgroup_check(point):
        raise BadSignatureError(f"The signature of round {number} is not in the group of the scheme.")
    hashed = hash_to_G1(message, SIGNATURE_DOMAIN, hashlib.sha256)  # type: ignore[arg-type]  # it takes the constructor
    product = pairing(G2, point, final_exponentiate=False) * pairing(key, neg(hashed), final_exponentiate=False)
    if final_exponentiate(product) != FQ12.one():
        raise BadSignatureError(f"The signature of round {number} was not made by chain {chain.hash[:8]}….")
    return Randomness(signature)


def demonstration_commitment(secret: bytes) -> str:
    """What the demonstration source publishes about its 32 secret bytes before the list is closed."""
    return hashlib.sha256(b"demonstration|" + secret.hex().encode("ascii")).hexdigest()
