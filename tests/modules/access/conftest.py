"""Fixtures of this folder."""

from tests.modules.access.people import land

__all__ = ["land"]
