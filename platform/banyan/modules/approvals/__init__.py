"""Approvals: one engine for every request, deputies, deadlines, and the inbox."""
