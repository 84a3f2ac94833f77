"""Marking and measuring in the scenes of an operation: what people do, kept, logged and worked out."""
