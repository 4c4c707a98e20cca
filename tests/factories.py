"""What tests arrange comes from `banyan.testing`, where plugins' tests find it as well."""

from banyan.testing.world import LEVELS, World

__all__ = ["LEVELS", "World"]
