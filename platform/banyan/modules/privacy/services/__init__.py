"""Use cases around personal data."""
