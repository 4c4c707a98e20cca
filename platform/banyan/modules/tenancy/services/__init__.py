"""The use cases of the tree."""
