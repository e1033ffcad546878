"""Sealing, signing and keyed hashing, all from ``AUTHSHIELD_SEALING_KEYS``; one derived key a purpose.

AES-256-GCM and HKDF-SHA-256 of the ``cryptography`` package; keyed BLAKE2b for hashes that are only compared.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from authshield.conf import sealing_keys
from authshield.errors import ConfigurationError

_NONCE_BYTES = 12
POINT_BYTES = 64
"""A P-256 public key without its leading octet: x and y. A signature of one (r and s) is as long."""

_COORDINATE = POINT_BYTES // 2
_EXPONENT = 65_537
_RSA_BYTES = range(256, 513)


@lru_cache(maxsize=256)
def _derive(key: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"authshield/" + purpose.encode()).derive(key)


def seal(plain: bytes, purpose: str) -> bytes:
    """Encrypt and authenticate under the newest key. Opens only for the same ``purpose``."""
    nonce = os.urandom(_NONCE_BYTES)
    cipher = AESGCM(_derive(sealing_keys()[0], "seal/" + purpose))
    return nonce + cipher.encrypt(nonce, plain, purpose.encode())


def unseal(sealed: bytes, purpose: str) -> bytes:
    """Decrypt what ``seal`` made, under whichever key made it; raises ``ConfigurationError`` if none did."""
    blob = bytes(sealed)
    for key in sealing_keys():
        cipher = AESGCM(_derive(key, "seal/" + purpose))
        try:
            return cipher.decrypt(blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], purpose.encode())
        except (InvalidTag, ValueError):
            continue
    msg = (
        f"A sealed {purpose} cannot be opened: put the key that sealed it back at the end of "
        "AUTHSHIELD_SEALING_KEYS"
    )
    raise ConfigurationError(msg)


def keyed_hash(value: str, purpose: str, *, size: int = 16) -> str:
    """Hex keyed hash for look-ups, under the oldest key so that it survives a rotation. Cost: about 1 µs."""
    hashed = _hasher(sealing_keys()[-1], purpose, size).copy()
    hashed.update(value.encode("utf-8", "surrogatepass"))
    return hashed.hexdigest()


@lru_cache(maxsize=256)
def _hasher(key: bytes, purpose: str, size: int) -> hashlib.blake2b:
    """Ready for a value; to be copied."""
    return hashlib.blake2b(key=_derive(key, "hash/" + purpose), digest_size=size)


def sign(value: str, purpose: str) -> str:
    """Hex HMAC-SHA-256 under the newest key."""
    return _mac(sealing_keys()[0], value, purpose)


def is_signed(value: str, signature: str, purpose: str) -> bool:
    """Whether one of the keys signed it; compares in constant time."""
    given = signature.encode("utf-8", "surrogatepass")
    return any(hmac.compare_digest(_mac(key, value, purpose).encode(), given) for key in sealing_keys())


def _mac(key: bytes, value: str, purpose: str) -> str:
    signed = _signer(key, purpose).copy()
    signed.update(value.encode("utf-8", "surrogatepass"))
    return signed.hexdigest()


@lru_cache(maxsize=256)
def _signer(key: bytes, purpose: str) -> hmac.HMAC:
    """Ready for a value; to be copied."""
    return hmac.new(_derive(key, "sign/" + purpose), digestmod=hashlib.sha256)


def is_signed_by(point: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the holder of this P-256 key signed it (ES256, r and s). Cost: 0.1 ms."""
    key = _p256(point)
    if key is None or len(signature) != POINT_BYTES:
        return False
    r, s = (int.from_bytes(half, "big") for half in (signature[:_COORDINATE], signature[_COORDINATE:]))
    try:
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def is_p256(point: bytes) -> bool:
    """Whether these octets are a public key on that curve."""
    return _p256(point) is not None


@lru_cache(maxsize=1024)
def _p256(point: bytes) -> ec.EllipticCurvePublicKey | None:
    """The key of a device comes again and again: to make it costs as much as to verify."""
    if len(point) != POINT_BYTES:
        return None
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + point)
    except ValueError:
        return None


def is_signed_by_rsa(modulus: bytes, signature: bytes, message: bytes) -> bool:
    """The same for RS256 with the usual exponent and 2,048 to 4,096 bits. Cost: 0.1 ms."""
    if len(modulus) not in _RSA_BYTES or modulus[0] == 0:
        return False
    try:
        key = rsa.RSAPublicNumbers(_EXPONENT, int.from_bytes(modulus, "big")).public_key()
        key.verify(signature, message, padding.PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True
