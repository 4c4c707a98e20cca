"""A row on its way in: what was typed, what it means, what it is compared with what is there, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from banyan.kernel.errors import Text
from banyan.kernel.i18n import LazyText, lazy
from banyan.kernel.messages import readable

Kind = Literal["new", "same", "changed", "wrong"]
KINDS: Mapping[str, Text] = {
    "new": lazy("New"),
    "changed": lazy("Changed"),
    "same": lazy("Same"),
    "wrong": lazy("Wrong"),
}


class Reason(NamedTuple):
    """Why a row cannot be taken, untranslated: it is read later, by somebody with a language of their own.

    :ivar column: key of the column, empty for the row as a whole. :ivar message: msgid. :ivar values: for its gaps.
    """

    column: str
    message: str
    values: dict[str, Any]

    @property
    def text(self) -> str:
        """The reason in the reader's language."""
        return str(lazy(self.message, **self.values)) if self.values else readable(self.message)


def reason(column: str, text: Text) -> Reason:
    """A reason out of a message, whether it is lazy or already written."""
    if isinstance(text, LazyText):
        return Reason(column, text.msgid, {key: _plain(value) for key, value in text.values.items()})
    return Reason(column, str(text), {})


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float)) else str(value)


@dataclass(slots=True)
class ImportRow:
    """A row of the file.

    :ivar number: as people see it. :ivar cells: what people see in its cells, by the file's columns.
    :ivar data: what the schema loaded; only what it could load where there are reasons.
    :ivar reasons: all that is wrong with it. :ivar before: the values it would change, as they are now.
    :ivar memo: what `check` wants to tell `write`, as JSON. :ivar options: what was asked for beside the rows.
    """

    number: int
    cells: list[str]
    data: dict[str, Any]
    reasons: list[Reason] = field(default_factory=list)
    before: dict[str, Any] | None = None
    memo: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def reject(self, column: str, text: Text) -> None:
        """Say why the row cannot be taken. Call it for every reason.

        :param column: key of the column it is about, or nothing.
        """
        found = reason(column, text)
        if found not in self.reasons:
            self.reasons.append(found)

    def found(self, before: Mapping[str, Any], memo: Any = None) -> None:
        """Say that the thing is there already.

        :param before: its values by column; those that differ from the row's make it "changed". Columns that the file
            does not have are not compared.
        """
        self.before = {key: value for key, value in before.items() if key in self.data and self.data[key] != value}
        self.memo = memo

    @property
    def wrong(self) -> bool:
        """Whether anything is wrong with it."""
        return bool(self.reasons)

    @property
    def kind(self) -> Kind:
        """What it is, compared with what is there."""
        if self.reasons:
            return "wrong"
        if self.before is None:
            return "new"
        return "changed" if self.before else "same"
