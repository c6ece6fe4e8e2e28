"""Secrets that have to be read again (of channels and destinations), encrypted at rest.

The key is derived from the server's secret key, so a copy of the database alone opens no door. After that key was
changed nothing can be read: the secrets have to be entered anew.
"""

import base64
import hashlib
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

_PURPOSE = b"coterie: secrets of channels and destinations"


class Unreadable(Exception):
    """A secret that was sealed under another key, or is damaged."""


def seal(secret: str) -> str:
    """The secret as it is stored; another text each time."""
    return _cipher(settings.SECRET_KEY).encrypt(secret.encode()).decode()


@lru_cache(maxsize=1024)
def unseal(sealed: str) -> str:
    """The secret again; raises Unreadable. Remembered, because it is asked for with every delivery."""
    try:
        return _cipher(settings.SECRET_KEY).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unreadable("it was stored under another secret key; enter it again.") from error


@lru_cache(maxsize=4)
def _cipher(secret_key: str) -> Fernet:
    digest = hashlib.blake2b(_PURPOSE, key=hashlib.sha512(secret_key.encode()).digest(), digest_size=32).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
