"""The tree of organisations: provisioning, levels and types, search, modules on and off, manifests."""
