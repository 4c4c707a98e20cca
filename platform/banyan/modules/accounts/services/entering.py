"""The last step of every way in: the browser is remembered, the duties are worked out, the session begins."""

from __future__ import annotations

from dataclasses import dataclass

from banyan.kernel.context import Context
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.services import devices, duties, sessions, sign_ins
from banyan.modules.accounts.services.devices import Standing
from banyan.modules.accounts.services.visitors import Visitor


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody is in.

    :ivar cookie: the value of the session cookie. :ivar device: for the cookie ``device_cookie``; empty: has it.
    """

    cookie: str
    device: str
    device_cookie: str


def enter(
    ctx: Context, account: Account, visitor: Visitor, known: Standing | None = None, *, trust: bool = False
) -> Entered:
    """Begin a session of ``account``, which has proved who it is.

    :param known: how the account knows the browser. :param trust: ask for no second factor in it for a while.
    """
    device, new = devices.remember(ctx, account, visitor, known or Standing(), trust=trust)
    sign_ins.log(ctx, account, sign_ins.IN, visitor, new_device=new)
    cookie = sessions.begin(ctx, account, visitor, duties.of(ctx, account))
    return Entered(cookie, device, devices.cookie_name(account.sign_in_name))
