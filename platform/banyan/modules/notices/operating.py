"""The transaction of who runs the installation, where something concerns all organisations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Whole
from banyan.kernel.runtime import runtime


@contextmanager
def everywhere(ctx: Context) -> Iterator[Context]:
    """``ctx`` over all organisations, committed when the block ends well: an alarm concerns everybody."""
    with runtime().db.session(Whole("an alarm of the one who runs the installation")) as session:
        yield replace(ctx, session=session)
        session.commit()
