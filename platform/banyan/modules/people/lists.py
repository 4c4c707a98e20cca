"""The list of members.

Plans, as ``banyan_app`` with 2,000,000 members over the nation's divisions: see `tests/bench/people.py`. By name, a
branch reads ``(org_path, sort_name, id)``, wide subtrees walk ``(sort_name, id)``; by days ``(joined_order, id)``,
``(admitted_on, id)``, ``(birth_order, id)``; rare ethnicities, those who left and those to be reviewed have partial
indexes in the order of names; a piece of a name is found in the token table, documents and phones by blind index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, and_, cast, func, select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import NULLTYPE

from banyan.kernel import masks
from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.kernel.sealing import CANNOT_BE_READ, opened
from banyan.kernel.tables import NOW, Column, Filter, Sort, TableDef
from banyan.kernel.treepath import upper
from banyan.modules.people.models import Member
from banyan.modules.people.rules import choices, documents
from banyan.modules.people.services.search import matches, names_a_person
from banyan.modules.tenancy.lists import level_choices
from banyan.modules.tenancy.models import Org

# What every list of members leaves out: records that were put together with another one.
KEPT: ColumnElement[bool] = Member.status != "merged"
TODAY: ColumnElement[Any] = cast(func.timezone("Asia/Shanghai", NOW), Date)
AGE: ColumnElement[Any] = func.date_part("year", func.age(TODAY, Member.birth_date))


def _masked(purpose: str, mask: Any) -> Any:
    def read(identity: UUID, sealed: Any) -> str | None:
        if sealed is None:
            return None
        text = opened(purpose, bytes(sealed), identity)
        return str(CANNOT_BE_READ) if text is None else mask(text)

    return read


def _raw(column: Any) -> Any:
    """A sealed column as the driver gives it, so that the select can be compiled once."""
    return type_coerce(column, NULLTYPE)


def _listed(labels: Any) -> Any:
    return lambda _session: list(labels.items())


def _below(session: Session, code: str) -> tuple[str, str] | None:
    """The range of an organisation's subtree, by its code; what one may see of it is decided elsewhere."""
    path = session.scalar(select(Org.path).where(Org.code == code.strip().lower()))
    return (path, upper(path)) if path is not None else None


def _within(span: Any) -> ColumnElement[bool]:
    if span is None:
        return Member.org_path < ""
    lo, hi = span
    return and_(Member.org_path >= lo, Member.org_path < hi)


def _statuses(_session: Session) -> Sequence[tuple[str, Text]]:
    return [(key, label) for key, label in choices.STATUSES.items() if key != "merged"]


MEMBERS = TableDef(
    name="members",
    title=lazy("Members"),
    source=Member.__table__.join(Org, Org.id == Member.org_id),
    identity=Member.id,
    columns=(
        Column("name", lazy("Full name"), Member.name, "link"),
        Column("gender", lazy("Gender"), Member.gender, "badge", labels=choices.GENDERS),
        Column("ethnicity", lazy("Ethnicity"), Member.ethnicity, "badge", labels=choices.ETHNICITIES),
        Column("birth_date", lazy("Date of birth"), Member.birth_date, "date"),
        Column("age", lazy("Age"), cast(AGE, Member.version.type), "integer", shown=False),
        Column(
            "document_type",
            lazy("Type of document"),
            Member.document_type,
            "badge",
            labels=documents.TYPES,
            shown=False,
        ),
        Column(
            "document",
            lazy("Document number"),
            _raw(Member.document_sealed),
            "code",
            read=_masked("people.document", masks.document),
        ),
        Column("phone", lazy("Phone"), _raw(Member.phone_sealed), "code", read=_masked("people.phone", masks.phone)),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("org_code", lazy("Code of the organisation"), Org.code, "code", shown=False),
        Column("number", lazy("Member number"), Member.number, "code", shown=False),
        Column("joined_on", lazy("Joined on"), Member.joined_on, "date"),
        Column("admitted_on", lazy("Admitted on"), Member.admitted_on, "date", shown=False),
        Column("workplace", lazy("School or workplace"), Member.workplace, shown=False),
        Column("occupation", lazy("Occupation"), Member.occupation, shown=False),
        Column("education", lazy("Education"), Member.education, "badge", labels=choices.EDUCATION, shown=False),
        Column(
            "political_status",
            lazy("Political status"),
            Member.political_status,
            "badge",
            labels=choices.POLITICAL_STATUS,
            shown=False,
        ),
        Column("status", lazy("Status"), Member.status, "badge", choices.STATUSES, choices.STATUS_TONES, shown=False),
        Column("review", lazy("First review"), Member.review, "badge", choices.REVIEWS, choices.REVIEW_TONES),
        Column("account", lazy("Account"), Member.account_id.is_not(None), "boolean", shown=False),
    ),
    sorts=(
        Sort("name", (Member.sort_name, Member.id)),
        Sort("-name", (Member.sort_name, Member.id), descending=True),
        Sort("-joined_on", (Member.joined_order, Member.id), descending=True),
        Sort("joined_on", (Member.joined_order, Member.id)),
        Sort("-admitted_on", (Member.admitted_on, Member.id), descending=True),
        Sort("admitted_on", (Member.admitted_on, Member.id)),
        Sort("-birth_date", (Member.birth_order, Member.id), descending=True),
        Sort("birth_date", (Member.birth_order, Member.id)),
    ),
    filters=(
        Filter(
            "q",
            lazy("Search"),
            "text",
            matches,
            placeholder=lazy("Name, pinyin, full document number, phone, number"),
            sensitive=names_a_person,
        ),
        Filter("status", lazy("Status"), "choice", lambda value: Member.status == value, _statuses, default="active"),
        Filter("gender", lazy("Gender"), "choice", lambda value: Member.gender == value, _listed(choices.GENDERS)),
        Filter(
            "review", lazy("First review"), "choice", lambda value: Member.review == value, _listed(choices.REVIEWS)
        ),
        Filter(
            "branch",
            lazy("Code of an organisation"),
            "text",
            _within,
            lookup=_below,
            rare=True,
        ),
        Filter("level", lazy("Level"), "choice", lambda value: Org.level == value, level_choices, rare=True),
        Filter(
            "ethnicity",
            lazy("Ethnicity"),
            "choice",
            lambda value: Member.ethnicity == value,
            _listed(choices.ETHNICITIES),
            rare=True,
        ),
        Filter("born_from", lazy("Born from"), "date", lambda day: Member.birth_order >= day, rare=True),
        Filter("born_until", lazy("Born until"), "date", lambda day: Member.birth_order <= day, rare=True),
        Filter("joined_from", lazy("Joined from"), "date", lambda day: Member.joined_order >= day, rare=True),
        Filter("joined_until", lazy("Joined until"), "date", lambda day: Member.joined_order <= day, rare=True),
        Filter(
            "account",
            lazy("With an account"),
            "boolean",
            lambda wanted: Member.account_id.is_not(None) if wanted else Member.account_id.is_(None),
            rare=True,
        ),
    ),
)


def columns_at(columns: Sequence[Column], *, leaf: bool) -> list[Column]:
    """The columns as an organisation shows them: where none stands below, members are its own to review."""
    left_out = "org_name" if leaf else "review"
    return [replace(column, shown=False) if column.key == left_out else column for column in columns]
