"""Use cases of external bodies and filings."""
