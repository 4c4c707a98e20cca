"""Numbers over a subtree: deltas folded into every ancestor, and rebuilt from source to prove it."""
