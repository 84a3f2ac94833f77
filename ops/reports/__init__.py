"""Pictures and pages of an operation, for people."""
