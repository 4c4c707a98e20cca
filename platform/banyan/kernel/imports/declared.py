"""What a module declares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from marshmallow import Schema

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.imports.columns import ImportColumn, columns_of
from banyan.kernel.imports.rows import ImportRow

MEMO = "_memo"
Choices = Mapping[str, Sequence[tuple[str, Text]]]


@dataclass(frozen=True, slots=True)
class Written:
    """What `write` did. :ivar facts: figures beside the numbers of rows, for the audit entry and the record.

    :ivar noted: rows whose ``memo`` is kept for the handout.
    """

    facts: dict[str, Any] = field(default_factory=dict)
    noted: Sequence[ImportRow] = ()


@dataclass(frozen=True, slots=True)
class Handout:
    """Something secret that an import leaves for who made it, handed out once: set-up codes, for instance.

    :ivar label: of the button. :ivar help: what it is. :ivar header: of its columns.
        Each row of the import comes as its data, and as `MEMO` what `write` noted.
    :ivar make: makes it when it is asked for, so that it is kept nowhere: rows of text, one for each thing.
    """

    label: Text
    help: Text
    header: Sequence[Text]
    make: Callable[[Context, UUID, Sequence[dict[str, Any]]], Iterable[Sequence[str]]]


def _nothing(_ctx: Context) -> Choices:
    return {}


@dataclass(frozen=True, slots=True)
class Importable:
    """Something that can be brought in from a spreadsheet; modules declare theirs through ``banyan_imports``.

    :ivar name: ``organisations``; unique over all modules. :ivar title: what people call it.
    :ivar permission: who has it at the organisation of the request may import there.
    :ivar schema: what a row may hold; its metadata makes the columns (`columns_of`).
    :ivar key: the columns that say "the same thing"; two rows of one file with the same key are wrong.
    :ivar check: says of each row what it is and all that is wrong; gets every row of the file at once where ``whole``,
        else a chunk, and is asked again when the rows are written.
    :ivar write: writes rows that passed `check` in the same transaction.
    :ivar whole: all or nothing, in one transaction; else by chunk, and a row that is wrong by then is left out.
    :ivar chunk: how many rows are written at once; 0 is what is usual. :ivar options: what people may ask for beside
        the rows, as a schema; rows carry it as ``row.options``.
    :ivar choices: the values of choice columns as the reader reads them, and by what other names they go.
    :ivar other_words: what else people write for the values of choice columns.
    :ivar instructions: what stands in the template's notes. :ivar back: endpoint of the list the rows go to.
    :ivar at: makes of it what it is at the organisation of the request: with columns that only this one has.
    """

    name: str
    title: Text
    permission: str
    schema: type[Schema]
    key: tuple[str, ...]
    check: Callable[[Context, Sequence[ImportRow]], None]
    write: Callable[[Context, Sequence[ImportRow]], Written]
    whole: bool = False
    choices: Callable[[Context], Choices] = _nothing
    other_words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    instructions: Sequence[Text] = ()
    most_rows: int = 100_000
    chunk: int = 0
    options: type[Schema] | None = None
    back: str = ""
    handout: Handout | None = None
    at: Callable[[Context, Importable], Importable] | None = None

    @property
    def columns(self) -> tuple[ImportColumn, ...]:
        """The columns, in the schema's order."""
        return columns_of(self.schema())

    @property
    def sensitive(self) -> bool:
        """Whether its rows hold what must not lie about readable."""
        return any(column.sensitive for column in self.columns)

    def key_of(self, row: ImportRow) -> tuple[Any, ...] | None:
        """What tells the row from others; None while a part is missing."""
        parts = tuple(row.data.get(name) for name in self.key)
        return None if any(part in (None, "") for part in parts) else parts
