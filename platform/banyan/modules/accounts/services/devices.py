"""Browsers and networks from which an account has signed in: who comes from there is no stranger to it.

A browser keeps one random value per account, minted here at the first sign-in and never taken from outside, so that
nobody can plant a value of their own in another's browser.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Exists, and_, delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert

from banyan.kernel.context import Context
from banyan.kernel.errors import NotFound
from banyan.kernel.i18n import lazy
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.security_models import KnownAddress, KnownDevice
from banyan.modules.accounts.services import identity
from banyan.modules.accounts.services.throttle import network
from banyan.modules.accounts.services.visitors import Visitor

COOKIE_PREFIX = "banyan_device_"
KEPT, NEAR, TRUST, TOLD = timedelta(days=365), timedelta(days=90), timedelta(days=30), timedelta(days=30)
MOST = 50


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account knows where a request comes from.

    :ivar device: the known browser, None for another one. :ivar near: it has signed in from this network before.
    :ivar since: when the browser was first seen. :ivar trusted: no second factor is asked for in it.
    """

    device: UUID | None = None
    near: bool = False
    since: datetime | None = None
    trusted: bool = False


def cookie_name(sign_in_name: str) -> str:
    """The cookie in which a browser keeps its value for an account."""
    return COOKIE_PREFIX + hashlib.sha256(sign_in_name.encode()).hexdigest()[:12]


def standing(ctx: Context, name: str, visitor: Visitor) -> Standing:
    """How the account called ``name`` knows the visitor; one statement, whether or not there is such an account."""
    now = ctx.clock.now()
    here = and_(
        KnownDevice.account_id == Account.id,
        KnownDevice.token_hash == identity.hashed(visitor.devices.get(cookie_name(name), "")),
        KnownDevice.seen_at > now - KEPT,
    )
    near = exists().where(
        KnownAddress.account_id == Account.id,
        KnownAddress.network == network(visitor.address),
        KnownAddress.seen_at > now - NEAR,
    )
    row = ctx.session.execute(
        select(KnownDevice.id, near, KnownDevice.first_seen_at, KnownDevice.trusted_until)
        .select_from(Account)
        .outerjoin(KnownDevice, here)
        .where(Account.sign_in_name == name)
    ).first()
    if row is None:
        return Standing()
    return Standing(row[0], bool(row[1]), row[2], row[3] is not None and row[3] > now)


def remember(ctx: Context, account: Account, visitor: Visitor, known: Standing, *, trust: bool) -> tuple[str, bool]:
    """Note where ``account`` signed in.

    :param trust: its holder does not want to be asked for the second factor here for a while.
    :return: the value for the browser's cookie, empty when it has one, and whether the browser is new.
    """
    now = ctx.clock.now()
    _note_network(ctx, account.id, network(visitor.address))
    trusted = {"trusted_until": now + TRUST} if trust else {}
    if known.device is not None:
        seen = {"seen_at": now, "address": visitor.address, "user_agent": visitor.user_agent, **trusted}
        ctx.session.execute(
            update(KnownDevice)
            .where(KnownDevice.id == known.device)
            .values(**seen)
            .execution_options(synchronize_session=False)
        )
        return "", False
    secret, others = identity.new_secret(), ctx.session.scalar(select(_any_of(account.id)))
    ctx.session.add(
        KnownDevice(
            account_id=account.id,
            token_hash=identity.hashed(secret),
            first_seen_at=now,
            seen_at=now,
            address=visitor.address,
            user_agent=visitor.user_agent[:300],
            # The first one of all is the one the account was set up in: nobody needs to be told.
            noticed_at=None if others else now,
            **trusted,
        )
    )
    return secret, bool(others)


def _any_of(account_id: UUID) -> Exists:
    return exists().where(KnownDevice.account_id == account_id)


def _note_network(ctx: Context, account_id: UUID, source: str) -> None:
    seen = insert(KnownAddress).values(account_id=account_id, network=source, seen_at=ctx.clock.now())
    again = seen.on_conflict_do_update(
        index_elements=[KnownAddress.account_id, KnownAddress.network], set_={"seen_at": ctx.clock.now()}
    )
    ctx.session.execute(again)


def untold(ctx: Context) -> list[KnownDevice]:
    """The actor's new browsers that nobody has said "that was me" of, newest first."""
    return list(
        ctx.session.scalars(
            select(KnownDevice)
            .where(
                KnownDevice.account_id == ctx.actor.account_id,
                KnownDevice.noticed_at.is_(None),
                KnownDevice.first_seen_at > ctx.clock.now() - TOLD,
            )
            .order_by(KnownDevice.first_seen_at.desc())
            .limit(MOST)
        )
    )


def acknowledge(ctx: Context, device_id: UUID) -> None:
    """ "That was me": the browser is not told of any more; raises `NotFound` for anybody else's."""
    found = ctx.session.get(KnownDevice, device_id)
    if found is None or found.account_id != ctx.actor.account_id:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    found.noticed_at = ctx.clock.now()


def forget_all(ctx: Context, account_id: UUID) -> None:
    """Make every browser and network a stranger again, for instance after a theft."""
    for model in (KnownDevice, KnownAddress):
        ctx.session.execute(
            delete(model).where(model.account_id == account_id).execution_options(synchronize_session=False)
        )


def forget_trust(ctx: Context, account_id: UUID) -> None:
    """Ask for the second factor everywhere again."""
    ctx.session.execute(
        update(KnownDevice)
        .where(KnownDevice.account_id == account_id, KnownDevice.trusted_until.is_not(None))
        .values(trusted_until=None)
        .execution_options(synchronize_session=False)
    )
