"""External bodies of an organisation, what it files with them, and what they reply (ORG-12)."""
