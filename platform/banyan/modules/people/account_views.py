"""What pages and API show of accounts of members: slips and figures."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter
from flask import Response, send_file, url_for

from banyan.kernel.clock import SHANGHAI
from banyan.kernel.files import XLSX
from banyan.kernel.i18n import _, translate
from banyan.kernel.runtime import runtime
from banyan.modules.people.services.account_figures import Figures
from banyan.modules.people.services.account_opening import Opened, Slip

_OPTIONS = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}


def redeem_at(slip: Slip) -> str:
    """Where the holder enters the code."""
    endpoint = "accounts_pages.reset_password" if slip.reset else "accounts_pages.register"
    return runtime().settings.public_url + url_for(endpoint)


def slip_detail(slip: Slip) -> dict[str, Any]:
    """A slip as the API shows it, this once."""
    keys = ("member_id", "name", "org_name", "sign_in_name", "code", "expires_at", "reset")
    return {**{key: getattr(slip, key) for key in keys}, "redeem_at": redeem_at(slip)}


def opened_detail(opened: Opened) -> dict[str, Any]:
    """What came of opening several, as the API shows it."""
    left = [{"name": name, "reason": translate(reason)} for name, reason in opened.left]
    return {"slips": [slip_detail(slip) for slip in opened.slips], "left": left}


def figures_detail(found: Sequence[Figures]) -> list[dict[str, Any]]:
    """Figures as the API shows them; the organisation itself has no code of its own here."""
    return [
        {
            "code": one.child.code if one.child else "",
            "name": one.child.name if one.child else "",
            "missing": one.missing,
            "soon": one.soon,
            "overdue": one.overdue,
        }
        for one in found
    ]


def workbook(slips: Sequence[Slip]) -> Response:
    """Slips as a workbook that nobody gets a second time."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {**_OPTIONS, "in_memory": True})
    sheet = book.add_worksheet()
    bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
    heads = (_("Organisation"), _("Full name"), _("Sign-in name"), _("Code"), _("Valid until"), _("Where to enter it"))
    sheet.set_column(0, len(heads) - 1, 22, text)
    for position, head in enumerate(heads):
        sheet.write_string(0, position, head, bold)
    for line, slip in enumerate(slips, 1):
        until = slip.expires_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
        cells = (slip.org_name, slip.name, slip.sign_in_name, slip.code, until, redeem_at(slip))
        for position, cell in enumerate(cells):
            sheet.write_string(line, position, cell, text)
    book.close()
    target.seek(0)
    response = send_file(target, XLSX, as_attachment=True, download_name=f"{_('Set-up codes of members')}.xlsx")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response
