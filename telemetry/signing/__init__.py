"""MAVLink 2 signatures (mavlink.io/en/guide/message_signing.html): who may speak, proved by a key."""

from telemetry.signing.checking import ALLOWED_UNSIGNED, Checker, Verdict
from telemetry.signing.keys import KEY_BYTES, key_of_passphrase, read_keys
from telemetry.signing.link import SignedLink
from telemetry.signing.signer import Signer
from telemetry.signing.times import StreamTimes

__all__ = [
    "ALLOWED_UNSIGNED",
    "KEY_BYTES",
    "Checker",
    "SignedLink",
    "Signer",
    "StreamTimes",
    "Verdict",
    "key_of_passphrase",
    "read_keys",
]
