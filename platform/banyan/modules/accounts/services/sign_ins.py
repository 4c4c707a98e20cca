"""The log of sign-ins: who got in from where, and who was kept out."""

from __future__ import annotations

from banyan.kernel.context import Context
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.security_models import SignIn
from banyan.modules.accounts.services.visitors import Visitor

IN, WRONG, CODE_WRONG = "in", "wrong", "code_wrong"
SUSPENDED, FROZEN = "suspended", "frozen"


def log(ctx: Context, account: Account, outcome: str, visitor: Visitor, *, new_device: bool = False) -> None:
    """Append an entry in the transaction of ``ctx``; a failure is written in one of its own."""
    ctx.session.add(
        SignIn(
            at=ctx.clock.now(),
            account_id=account.id,
            outcome=outcome,
            address=visitor.address,
            user_agent=visitor.user_agent[:300],
            new_device=new_device,
        )
    )
