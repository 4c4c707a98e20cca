"""A workbook is an archive that others packed: everything about it is measured before anything takes it into memory."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

from banyan.kernel.i18n import lazy
from banyan.kernel.sheets.values import ABOVE, Limits, Unreadable, position_of

_CHUNK = 1 << 20
_LONGEST_ROW = 32 << 20
_WORKSHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
# Cells that hold something, by column and row; empty cells that are only formatted close themselves.
_HELD = re.compile(rb"<(?:\w+:)?c\b[^<>]*?\br\s*=\s*[\"']([A-Za-z]{1,4})(\d{1,10})[\"'](?:[^<>]*[^/<>])?>")
_ROW = re.compile(rb"<(?:\w+:)?row\b")
_ROW_NUMBER = re.compile(rb"<(?:\w+:)?row\b[^<>]*?\br\s*=\s*[\"'](\d{1,10})[\"']")
_ERROR = re.compile(
    rb"<(?:\w+:)?c\b(?=[^<>]*\bt\s*=\s*[\"']e[\"'])[^<>]*?\br\s*=\s*[\"']([A-Za-z]{1,4}\d{1,10})[\"'][^<>]*>"
    rb"(?:(?!</(?:\w+:)?c>).){0,9000}?<(?:\w+:)?v>([^<]{0,40})<",
    re.DOTALL,
)
_UNCOMPUTED = re.compile(
    rb"<(?:\w+:)?c\b[^<>]*?\br\s*=\s*[\"']([A-Za-z]{1,4}\d{1,10})[\"'][^<>]*>\s*"
    rb"<(?:\w+:)?f\b[^<>]*(?:/>|>[^<]*</(?:\w+:)?f>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_SHEET = re.compile(r"<(?:\w+:)?sheet\s([^<>]*)>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\s([^<>]*)>")
_ATTRIBUTE = re.compile(r"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
MOST_FLAWS = 10_000


@dataclass
class Scan:
    """What was seen of a worksheet without reading it.

    :ivar errors: cell → what it shows. :ivar uncomputed: cells with a formula whose value was never stored.
    """

    rows: int = 0
    columns: int = 0
    errors: dict[str, str] = field(default_factory=dict)
    uncomputed: set[str] = field(default_factory=set)


def check(path: Path, limits: Limits) -> None:
    """Refuse what is damaged, encrypted, or would grow too much: declared sizes first, then the real ones.

    :raises Unreadable: with the reason.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_declared(path, archive.infolist(), limits)
            for part in archive.infolist():
                _measure(archive, part)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise damaged() from error


def damaged() -> Unreadable:
    """What is said of a workbook that cannot be read."""
    return Unreadable(lazy("The workbook is damaged. Open it in Excel or WPS, save it again and try once more."))


def _check_declared(path: Path, parts: list[zipfile.ZipInfo], limits: Limits) -> None:
    names = [part.filename for part in parts]
    size, packed = sum(part.file_size for part in parts), max(path.stat().st_size, 1)
    if any(part.flag_bits & 1 for part in parts):
        raise Unreadable(lazy("This workbook is protected by a password. Remove it in Excel and try again."))
    if size > limits.unpacked or (size > 16 * _CHUNK and size > packed * limits.ratio) or len(parts) > limits.parts:
        raise Unreadable(lazy("The workbook is far bigger inside than it looks. It is not opened."))
    if len(set(names)) != len(names):
        raise damaged()
    if not any(name.lower() == "xl/workbook.xml" for name in names):
        raise Unreadable(lazy("This is not an Excel workbook (.xlsx)."))


def _measure(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Unpack a part to nowhere: more bytes than it declares, or others than its checksum says, are an error."""
    size, xml = 0, part.filename.lower().endswith((".xml", ".rels"))
    with archive.open(part) as stream:
        first = True
        while block := stream.read(_CHUNK):
            size += len(block)
            if first and xml and (block[:2] in (b"\xff\xfe", b"\xfe\xff") or b"<!DOCTYPE" in block[:4096]):
                raise damaged()
            first = False
    if size != part.file_size:
        raise damaged()


def sheet_parts(path: Path) -> dict[str, str]:
    """Name of each sheet → the part of the archive that holds it."""
    with zipfile.ZipFile(path) as archive:
        names = {name.lower(): name for name in archive.namelist()}
        book = archive.read(names["xl/workbook.xml"]).decode("utf-8", "replace")
        relations = names.get("xl/_rels/workbook.xml.rels")
        found = _attributes(_RELATION, archive.read(relations).decode("utf-8", "replace") if relations else "")
    targets = {one.get("Id", ""): one.get("Target", "") for one in found}
    parts: dict[str, str] = {}
    for sheet in _attributes(_SHEET, book):
        target = targets.get(next((value for key, value in sheet.items() if key.endswith(":id")), ""), "")
        full = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        parts[sheet.get("name", "")] = names.get(full.lower(), "")
    return parts


def _attributes(tag: re.Pattern[str], text: str) -> list[dict[str, str]]:
    return [
        {name: unescape(double or single) for name, double, single in _ATTRIBUTE.findall(found)}
        for found in tag.findall(text)
    ]


def scan(path: Path, part: str, limits: Limits) -> Scan:
    """Look through a worksheet for its extent, its errors and formulas without a value.

    :raises Unreadable: it is larger than may be read.
    """
    found = Scan()
    if not _WORKSHEET.fullmatch(part):
        return found
    unnumbered = 0
    for block in _blocks(path, part):
        numbered = [int(number) for number in _ROW_NUMBER.findall(block)]
        unnumbered += len(_ROW.findall(block)) - len(numbered)
        held = _HELD.findall(block)
        if held:
            found.rows = max(found.rows, max(int(row) for _column, row in held))
            widest = max(position_of(column.decode()) for column in {column for column, _row in held})
            found.columns = max(found.columns, widest + 1)
        if b'"e"' in block or b"'e'" in block:
            found.errors.update(
                (cell.decode().upper(), text.decode("utf-8", "replace")) for cell, text in _ERROR.findall(block)
            )
        if b"<f" in block or b":f" in block:
            found.uncomputed.update(cell.decode().upper() for cell in _UNCOMPUTED.findall(block))
        _check_extent(found, unnumbered, limits)
    return found


def _check_extent(found: Scan, unnumbered: int, limits: Limits) -> None:
    if found.rows + unnumbered > limits.rows + ABOVE:
        raise Unreadable(lazy("The sheet has more than %(most)s rows. Split it.", most=limits.rows))
    if found.columns > limits.columns:
        raise Unreadable(lazy("The sheet has more than %(most)s columns.", most=limits.columns))
    if found.rows * found.columns > limits.cells:
        raise Unreadable(lazy("The sheet has more than %(most)s cells. Split it.", most=limits.cells))
    if len(found.errors) + len(found.uncomputed) > MOST_FLAWS:
        raise Unreadable(lazy("More than %(most)s cells show errors. Mend the formulas first.", most=MOST_FLAWS))


def _blocks(path: Path, part: str) -> Iterator[bytes]:
    """The part in pieces that end where a row ends."""
    rest = b""
    with zipfile.ZipFile(path) as archive, archive.open(part) as stream:
        while block := stream.read(_CHUNK):
            block = rest + block
            end = block.rfind(b"row>") + 4
            if end < 4 and len(block) > _LONGEST_ROW:
                raise damaged()
            rest = block[end:] if end >= 4 else block
            if end >= 4:
                yield block[:end]
    yield rest
