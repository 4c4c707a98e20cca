"""Use cases of applications for administrator accounts."""
