"""Accounts: sign-in, server-side sessions, API tokens, registration codes."""
