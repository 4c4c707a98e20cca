"""The audit log: append-only; who did what, where and when, what was before and after, and what allowed it."""
