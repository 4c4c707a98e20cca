"""The life of an organisation: renamed, moved, merged, split, revoked (ORG-04, ORG-05).

Every act has two faces: `preview` shows what it would touch and why it may not be, `carry_out` does it in one
transaction if what was shown still holds. The transaction sees the whole tree, as two lines of it change: every
organisation named is decided about again.
"""
