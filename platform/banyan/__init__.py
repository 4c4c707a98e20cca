"""Banyan: one installation for a whole tree of organisations."""

__version__ = "0.1.0"
