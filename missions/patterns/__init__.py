"""Patterns that a drone team flies, one file each; every one makes a `Pattern`."""
