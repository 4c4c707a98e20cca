"""Tables that people upload: what was written is read back, and what a spreadsheet has spoilt is said cell by cell."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from flask import Flask
from flask_babel import force_locale
from hypothesis import given, settings
from hypothesis import strategies as st

from banyan.kernel import i18n, sheets
from banyan.kernel.imports.columns import ImportColumn
from banyan.kernel.imports.reading import read_row, reader_for
from banyan.kernel.sheets import Flaw, Limits, Row, Unreadable
from banyan.kernel.sheets.values import cleaned, column_name, number_shown, position_of
from banyan.modules.tenancy.imports import OrgRow

TEXTS = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFFF, exclude_categories=("Cs", "Cn", "Co")), max_size=20
)
CELLS = st.one_of(
    TEXTS.filter(lambda text: not text.startswith("_x")),
    st.integers(-(10**14), 10**14),
    st.booleans(),
    st.dates(
        date(1904, 1, 2), date(2100, 1, 1)
    ),  # the day before is serial 0 of one calendar: a time, for all one knows
)


def read(path: Path, sheet: int = 0, limits: Limits = sheets.DEFAULT_LIMITS) -> list[Row]:
    return list(sheets.rows(path, sheets.inspect(path, limits), sheet, limits))


def book(path: Path, fill: Any, **options: Any) -> Path:
    made = xlsxwriter.Workbook(str(path), options)
    fill(made)
    made.close()
    return path


def refused(path: Path, limits: Limits = sheets.DEFAULT_LIMITS) -> str:
    speaking = Flask("tests")
    i18n.init_app(speaking, [])
    with speaking.app_context(), force_locale("en"), pytest.raises(Unreadable) as found:
        read(path, limits=limits)
    return str(found.value.fields["file"][0]._args[0])  # type: ignore[attr-defined]


@settings(max_examples=40)
@given(table=st.lists(st.lists(CELLS, min_size=1, max_size=6), min_size=1, max_size=8), old=st.booleans())
def test_what_a_workbook_holds_is_read_back(tmp_path_factory: Any, table: list[list[Any]], old: bool) -> None:
    path = tmp_path_factory.mktemp("x") / "file.xlsx"

    def fill(made: Any) -> None:
        sheet = made.add_worksheet()
        for number, row in enumerate(table):
            for place, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(number, place, value)
                else:
                    sheet.write(number, place, value)

    book(path, fill, date_1904=old, default_date_format="yyyy-mm-dd")
    found = {row.number: row.cells for row in read(path)}
    for number, row in enumerate(table, 1):
        wanted = [None if value == "" else value for value in row]
        cells = [None if value == "" else value for value in found.get(number, [])]
        assert cells[: len(wanted)] == wanted or not any(value is not None for value in wanted)


@settings(max_examples=60)
@given(
    table=st.lists(st.lists(TEXTS, min_size=2, max_size=5), min_size=1, max_size=8),
    delimiter=st.sampled_from(",;\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
)
def test_what_a_csv_holds_is_read_back(
    tmp_path_factory: Any, table: list[list[str]], delimiter: str, encoding: str
) -> None:
    text = io.StringIO(newline="")
    header = ["代码甲乙", "名称", "备注"]
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([header, *table])
    path = tmp_path_factory.mktemp("c") / "file.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    found = {row.number: row.cells for row in read(path)}
    assert found[1] == header
    for number, row in enumerate(table, 2):
        assert found.get(number, row) == row


def test_letters_of_columns_go_both_ways() -> None:
    assert [column_name(place) for place in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
    assert all(position_of(column_name(place)) == place for place in range(0, 20_000, 7))


def test_excel_instructions_and_odd_delimiters_of_csv(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("sep=;\r\n代码;名称\r\nA;一,二\r\n".encode("gb18030"))
    assert [row.cells for row in read(path)] == [["代码", "名称"], ["A", "一,二"]]
    path.write_bytes(b'a,b\n"open,1\n')
    assert "quotation mark" in refused(path)


def test_merged_cells_errors_and_formulas_are_told_by_cell(tmp_path: Path) -> None:
    def fill(made: Any) -> None:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, ["a", "b", "c"])
        sheet.merge_range("A2:B3", "both")
        sheet.write_formula("C2", "=NA()", None, "#N/A")
        sheet.write_formula("C3", "=1+1", None, 2)

    rows = read(book(tmp_path / "x.xlsx", fill))
    flaws = {
        (row.number, place): cell for row in rows for place, cell in enumerate(row.cells) if isinstance(cell, Flaw)
    }
    assert sorted(flaws) == [(2, 0), (2, 1), (2, 2), (3, 0), (3, 1)]
    assert flaws[2, 0].shown == "both"
    assert flaws[3, 1].reason._kwargs == {"cell": "B3", "area": "A2:B3"}  # type: ignore[attr-defined]
    assert flaws[2, 2].shown == "#N/A"
    assert rows[2].cells[2] == 2

    plain = openpyxl.Workbook()
    plain.active["A1"], plain.active["B1"] = "x", "=1+1"  # type: ignore[index]
    plain.save(tmp_path / "y.xlsx")
    cell = read(tmp_path / "y.xlsx")[0].cells[1]
    assert isinstance(cell, Flaw)


def test_hidden_sheets_are_told_and_each_can_be_read(tmp_path: Path) -> None:
    def fill(made: Any) -> None:
        made.add_worksheet("一").write(2, 1, "x")
        made.add_worksheet("二").write(0, 0, "y")
        made.get_worksheet_by_name("一").hide()
        made.get_worksheet_by_name("二").activate()

    path = book(tmp_path / "x.xlsx", fill)
    found = sheets.inspect(path)
    assert [(sheet.name, sheet.hidden) for sheet in found.sheets] == [("一", True), ("二", False)]
    assert list(sheets.rows(path, found, 0)) == [Row(3, [None, "x"])]
    assert list(sheets.rows(path, found, 1)) == [Row(1, ["y"])]


def bomb(path: Path, part: bytes, name: str = "xl/worksheets/sheet1.xml", twice: int = 1) -> Path:
    source = path.parent / "plain.xlsx"
    book(source, lambda made: made.add_worksheet().write(0, 0, "x"))
    with zipfile.ZipFile(source) as good, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bad:
        for item in good.namelist():
            bad.writestr(item, part * twice if item == name else good.read(item))
    return path


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    big = bomb(tmp_path / "big.xlsx", b"<worksheet><sheetData>" + b" " * (40 << 20))
    assert big.stat().st_size < 200_000
    assert "bigger inside" in refused(big)
    liar = tmp_path / "liar.xlsx"
    data = bytearray((tmp_path / "plain.xlsx").read_bytes())
    place = data.rindex(b"xl/worksheets/sheet1.xml") - 46
    data[place + 24 : place + 28] = (10).to_bytes(4, "little")
    liar.write_bytes(bytes(data))
    assert "damaged" in refused(liar)


def test_a_sheet_as_wide_as_the_world_is_refused_before_it_is_spread_out(tmp_path: Path) -> None:
    head, tail = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>',
        b"</sheetData></worksheet>",
    )
    far = head + b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>' + tail
    assert "rows" in refused(bomb(tmp_path / "far.xlsx", far))
    wide = head + b'<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>1</v></c></row>' + tail
    assert "columns" in refused(bomb(tmp_path / "wide.xlsx", wide))
    formatted = head + b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="A1048576" s="0"/></row>' + tail
    assert [row.number for row in read(bomb(tmp_path / "formatted.xlsx", formatted))] == [1]
    entities = b'<!DOCTYPE x [<!ENTITY a "b">]>' + head + tail
    assert "damaged" in refused(bomb(tmp_path / "entities.xlsx", entities))


def test_too_many_rows_say_how_many_there_may_be(tmp_path: Path) -> None:
    few = Limits(rows=5)
    path = book(
        tmp_path / "x.xlsx", lambda made: [sheet := made.add_worksheet(), *[sheet.write(n, 0, n) for n in range(40)]]
    )
    assert "rows" in refused(path, few)
    text = tmp_path / "x.csv"
    text.write_text("a,b\n" * 40)
    assert "rows" in refused(text, few)


def test_protected_old_and_foreign_files_say_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    for data, word in (
        (ole + "EncryptedPackage".encode("utf-16-le"), "password"),
        (ole + b"\x00" * 600, ".xls"),
        (b"", "empty"),
        (b"%PDF-1.7", "neither"),
        (b"\x00\xff\x81" * 100, "neither"),
        (b"PK\x03\x04 and then nothing", "damaged"),
    ):
        path.write_bytes(data)
        assert word in refused(path), data[:10]


def typed(cell: Any, kind: str = "code", **more: Any) -> tuple[Any, list[str]]:
    column = ImportColumn("name", "Name", False, kind, **more)  # type: ignore[arg-type]
    reader = reader_for(OrgRow(only=("name",), partial=True), [column], {"name": 0}, {})
    row = read_row(reader, Row(2, [cell]))
    return row.data.get("name"), [reason.message for reason in row.reasons]


def test_numbers_that_were_never_numbers_are_said_and_not_guessed() -> None:
    for cell in (110105199001011234, 1.101051990010112e17, "1.10105E+17"):
        value, reasons = typed(cell)
        assert value is None
        assert "digits are lost" in reasons[0]
    assert typed(13912345678.0) == ("13912345678", [])
    assert "zero at the front" in typed(22010, lengths=(6,))[1][0]
    assert typed("022010", lengths=(6,)) == ("022010", [])
    assert typed("１２３\u200b４") == ("1234", [])
    assert "date" in typed(date(2024, 5, 1))[1][0]
    assert number_shown(1.101051990010112e17) == "1.10105E+17"
    assert cleaned("\ufeff 王\u00a0小明\u200d ") == "王 小明"


@pytest.mark.parametrize(
    "cell",
    [
        "2024-5-3",
        "2024/05/03",
        "2024.5.3",
        "2024年5月3日",
        "20240503",
        date(2024, 5, 3),
        datetime.fromisoformat("2024-05-03"),
    ],
)
def test_days_are_read_however_people_write_them(cell: Any) -> None:
    column = ImportColumn("founded_on", "Day", False, "date")
    reader = reader_for(OrgRow(only=("founded_on",), partial=True), [column], {"founded_on": 0}, {})
    assert read_row(reader, Row(2, [cell])).data == {"founded_on": date(2024, 5, 3)}
