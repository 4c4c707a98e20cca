"""What tests arrange: organisations, accounts, grants, sign-ins. Written through the models, committed for real."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from banyan.boundary import Banyan
from banyan.kernel import treepath
from banyan.kernel.clock import FixedClock, today
from banyan.kernel.context import Context
from banyan.kernel.db.base import new_id
from banyan.kernel.db.scoped import Scope, Whole
from banyan.kernel.db.session import ScopedSession
from banyan.kernel.files import StoredFile
from banyan.kernel.pinyin import person_sort_name, sort_name, tokens
from banyan.kernel.values import Actor
from banyan.modules.access import policy
from banyan.modules.access.models import RoleGrant
from banyan.modules.accounts.models import Account, AccountSession, ApiToken
from banyan.modules.accounts.services import identity
from banyan.modules.people.models import Member, Membership, MemberToken, Person
from banyan.modules.people.services import moving
from banyan.modules.people.services.values import name_tokens
from banyan.modules.tenancy.models import Level, Org, OrgToken, OrgType

LEVELS = {"province": "省", "city": "市", "county": "县", "township": "乡", "village": "村"}


@dataclass
class World:
    """Makes things. Everything is committed at once, so that every connection sees it."""

    app: Banyan
    session: ScopedSession
    clock: FixedClock

    def __post_init__(self) -> None:
        for rank, (key, mark) in enumerate(LEVELS.items(), 1):
            if self.session.get(Level, key) is None:
                names = {"zh_Hans": mark, "zh_Hant": mark, "en": key}
                self.session.add(Level(key=key, rank=rank, label=names, mark=mark))
        if self.session.get(OrgType, "league") is None:
            names = {"zh_Hans": "团组织", "zh_Hant": "團組織", "en": "League organisation"}
            self.session.add(OrgType(key="league", label=names, parents=[], root=True))
        if self.session.get(OrgType, "association") is None:
            names = {"zh_Hans": "社会团体", "zh_Hant": "社會團體", "en": "Association"}
            kinds = ["leadership", "guidance", "branch_office"]
            self.session.add(OrgType(key="association", label=names, parents=[], root=True, links=kinds))
        self.session.commit()

    def org(self, parent: Org | None = None, code: str | None = None, name: str | None = None, **values: Any) -> Org:
        """An organisation one level below ``parent``, or a root."""
        if parent is not None:
            self.session.refresh(parent)
            parent.last_ordinal += 1
            ordinal = parent.last_ordinal
        else:
            found = self.session.scalars(select(Org.ordinal).where(Org.parent_id.is_(None))).all()
            ordinal = max(found, default=0) + 1
        prefix, depth = (parent.path, parent.depth + 1) if parent is not None else ("", 1)
        identifier = new_id()
        code = code or f"o-{identifier.hex[-10:]}"
        name = name or f"组织{code}"
        org = Org(
            id=identifier,
            parent_id=parent.id if parent is not None else None,
            path=treepath.child(prefix, ordinal),
            depth=depth,
            ordinal=ordinal,
            code=code,
            name=name,
            sort_name=sort_name(name),
            level=values.pop("level", list(LEVELS)[min(depth, 5) - 1]),
            type=values.pop("type", "league"),
            created_at=self.clock.now(),
            updated_at=self.clock.now(),
            **values,
        )
        self.session.add(org)
        self.session.flush()
        self.session.add_all(OrgToken(token=token, org_path=org.path, org_id=org.id) for token in tokens(name))
        self.session.commit()
        return org

    def account(self, home: Org, name: str | None = None, **values: Any) -> Account:
        """An account opened by ``home``, without password."""
        account = Account(
            org_id=home.id,
            org_path=home.path,
            sign_in_name=name or f"a{new_id().hex[-12:]}",
            display_name=values.pop("display_name", "成员"),
            created_at=self.clock.now(),
            **values,
        )
        self.session.add(account)
        self.session.commit()
        return account

    def grant(
        self, account: Account, org: Org, role: str = "org_admin", reach: str = "subtree", **dates: Any
    ) -> RoleGrant:
        """A grant, valid since yesterday unless ``dates`` say otherwise."""
        grant = RoleGrant(
            org_id=org.id,
            org_path=org.path,
            account_id=account.id,
            role=role,
            reach=reach,
            not_before=dates.pop("not_before", self.clock.now() - timedelta(days=1)),
            granted_at=self.clock.now(),
            **dates,
        )
        self.session.add(grant)
        self.session.commit()
        return grant

    def transfer(self, account: Account, to: Org) -> None:
        """Move the record of a member's account to ``to``, as a transfer does."""
        ctx = self.context(self.account(to), None)
        with self.app.test_request_context(), ctx.session:
            record = ctx.session.scalars(select(Member).where(Member.account_id == account.id)).one()
            moving.move(ctx, record, to.ref, on=today(self.clock), how="transfer")
            ctx.session.commit()

    def admin(self, org: Org, role: str = "org_admin", reach: str = "subtree") -> Account:
        """An account at ``org`` with a role there."""
        account = self.account(org)
        self.grant(account, org, role, reach)
        return account

    def member(self, org: Org, name: str = "成员001", account: Account | None = None, **values: Any) -> Member:
        """A member of ``org`` with its person and membership; ``account`` is the member's own sign-in.

        :param values: further columns of `Member`; one that is not ``active`` has no open membership.
        """
        now = self.clock.now()
        root = self.session.scalars(select(Org.id).where(Org.path == treepath.lineage(org.path)[0])).one()
        place: dict[str, Any] = {"org_id": org.id, "org_path": org.path}
        person = Person(id=new_id(), root_id=root, created_at=now)
        member = Member(
            id=new_id(),
            person_id=person.id,
            account_id=account.id if account is not None else None,
            name=name,
            sort_name=person_sort_name(name),
            admitted_on=values.pop("admitted_on", today(self.clock)),
            created_at=now,
            updated_at=now,
            **place,
            **values,
        )
        self.session.add(person)
        self.session.flush()
        if account is not None:
            account.person_id = person.id
        self.session.add(member)
        self.session.flush()
        if member.status in (None, "active"):
            period: dict[str, Any] = {"began_on": member.admitted_on, "began_by": "admission"}
            self.session.add(Membership(member_id=member.id, person_id=person.id, **period, **place))
        found = name_tokens(name, member.sort_name)
        self.session.add_all(MemberToken(token=token, org_path=org.path, member_id=member.id) for token in found)
        self.session.commit()
        return member

    def document(self, account: Account, org: Org | None = None) -> StoredFile:
        """A document that ``account`` has uploaded, at its home unless ``org`` says otherwise; it has no bytes."""
        home = org.ref if org is not None else account.org
        stored = StoredFile(
            org_id=home.id,
            org_path=home.path,
            key=new_id().hex,
            name="批复.pdf",
            media_type="application/pdf",
            extension=".pdf",
            size=1,
            sha256="",
            created_by=account.id,
            created_at=self.clock.now(),
        )
        self.session.add(stored)
        self.session.commit()
        return stored

    def token(self, account: Account, expires_at: datetime | None = None) -> dict[str, str]:
        """Headers with a bearer token of ``account``."""
        secret = identity.TOKEN_PREFIX + identity.new_secret()
        self.session.add(
            ApiToken(
                account_id=account.id,
                made_by=account.id,
                org_id=account.org_id,
                org_path=account.org_path,
                token_hash=identity.hashed(secret),
                name="test",
                hint=secret[-4:],
                created_at=self.clock.now(),
                used_at=self.clock.now(),
                expires_at=expires_at,
            )
        )
        self.session.commit()
        return {"Authorization": f"Bearer {secret}"}

    def sign_in(self, account: Account, client: FlaskClient | None = None) -> FlaskClient:
        """A browser in which ``account`` is signed in."""
        browser = client or self.app.test_client()
        cookie = identity.new_secret()
        now = self.clock.now()
        self.session.add(
            AccountSession(
                account_id=account.id,
                token_hash=identity.hashed(cookie),
                created_at=now,
                seen_at=now,
                expires_at=now + timedelta(hours=12),
                address="127.0.0.1",
                user_agent="test",
            )
        )
        self.session.commit()
        browser.set_cookie("banyan_session", cookie)
        return browser

    def context(self, account: Account, org: Org | None = None, scope: Scope | None = None) -> Context:
        """A context in which ``account`` acts, for calling services; its session is closed by the test's end."""
        with self.app.app_context():
            store = policy.store()
            session = self.app.extensions["banyan.runtime"].db.session(scope or Whole("test"))
            grants, snapshot = policy.authority(session, store, account.id, self.clock.now())
        home = account.org
        actor = Actor(account.id, account.sign_in_name, "session", home, grants, snapshot, "127.0.0.1")
        return Context(session, actor, org.ref if org is not None else None, self.clock, "test")
