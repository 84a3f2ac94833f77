"""Evidence that stands without us: a sealed folder, and the check of one.

bundle(operation, folder, key)   writes a BagIt 1.0 folder, signed
verify(folder, public_key=None)  says what in it is not as it was sealed
"""

from ops.evidence.bundle import Bundle, bundle
from ops.evidence.verify import VerifyReport, verify

__all__ = ["Bundle", "VerifyReport", "bundle", "verify"]
