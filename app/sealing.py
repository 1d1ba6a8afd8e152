"""Keys made from one secret: each purpose has its own, so that none can stand in for another."""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


def derived_key(secret: str, purpose: str) -> bytes:
    """32 bytes for one purpose (HKDF with SHA-256, RFC 5869)."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose.encode()).derive(secret.encode())


def keyed_hash(secret: str, purpose: str, value: str) -> str:
    """A stable name (hex) for a value that must not be kept, or not be seen."""
    return hmac.digest(derived_key(secret, purpose), value.encode(), hashlib.sha256).hex()


def seal(secret: str, purpose: str, value: str) -> str:
    """Encrypted and authenticated (Fernet), as text."""
    return _box(secret, purpose).encrypt(value.encode()).decode()


def unseal(secret: str, purpose: str, sealed: str) -> str:
    """What was sealed; raises cryptography.fernet.InvalidToken under another secret."""
    return _box(secret, purpose).decrypt(sealed.encode()).decode()


def _box(secret: str, purpose: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(derived_key(secret, purpose)))
