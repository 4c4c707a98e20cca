"""What must be kept although the request fails: short transactions of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from banyan.kernel.context import Context
from banyan.kernel.db.scoped import NOWHERE
from banyan.kernel.runtime import runtime


@contextmanager
def apart(ctx: Context) -> Iterator[Context]:
    """``ctx`` in a transaction of its own that sees directory tables only; kept when the block ends well."""
    with runtime().db.session(NOWHERE) as session:
        yield replace(ctx, session=session)
        session.commit()
