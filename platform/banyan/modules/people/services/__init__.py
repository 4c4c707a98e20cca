"""The use cases of the registry of people."""
