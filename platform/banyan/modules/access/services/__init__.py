"""The use cases of roles and grants."""
