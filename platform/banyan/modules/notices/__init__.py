"""Notices: written once, published downward, read and confirmed by those they are for (NOT-01, NOT-02)."""
