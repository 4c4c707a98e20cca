"""The blueprint "web": static files, the choice of language, and what every template needs."""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import urlsplit

from blinker import Namespace
from flask import Blueprint, Flask, redirect, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import during_maintenance, public
from banyan.kernel.i18n import LANGUAGE_COOKIE, LANGUAGES
from banyan.web import charts, filters, headers, shell

STATIC = Path(__file__).parent / "static"
LANGUAGE_NAMES = {"zh_Hans": "简体中文", "zh_Hant": "繁體中文", "en": "English"}
YEAR = 365 * 24 * 60 * 60

language_chosen = Namespace().signal("language-chosen")
"""Sent with ``lang`` when somebody chooses a language, for whoever keeps it with the account."""


class WebBlueprint(Blueprint):
    """Static files carry a version in their address, so browsers may keep them for a year."""

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        return YEAR if "v" in request.args else 0


blueprint = WebBlueprint(
    "web", __name__, template_folder="templates", static_folder="static", static_url_path="/static"
)


def versions(folder: Path = STATIC) -> dict[str, str]:
    """A short fingerprint of every file under ``folder``, by its path inside."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:10] for path in files}


def safe_path(target: str | None) -> str:
    """``target`` if it is a path on this site, else the front page: never another site, never a scheme."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    if any(ord(character) < 32 or character == "\\" for character in target):
        return "/"
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else "/"


@blueprint.post("/language", endpoint="language")
@public
@during_maintenance
def set_language() -> ResponseReturnValue:
    """Keep the language chosen in the menu in a cookie, and go back to where the menu was."""
    chosen = request.form.get("lang", "")
    answer = redirect(safe_path(request.form.get("next")), 303)
    if chosen in LANGUAGES:
        language_chosen.send(lang=chosen)
        answer.set_cookie(
            LANGUAGE_COOKIE, chosen, max_age=YEAR, httponly=True, samesite="Lax", secure=request.is_secure
        )
    return answer


def init_app(app: Flask) -> None:
    """Register the blueprint, the headers, the filters and the globals ``asset``, ``charts``, ``tree_at`` …"""
    known = versions()

    def asset(name: str) -> str:
        """The address of a file under ``web/static``, with its version."""
        return url_for("web.static", filename=name, v=known[name])

    app.jinja_env.globals.update(asset=asset, charts=charts, language_names=LANGUAGE_NAMES, tree_at=shell.tree_at)
    filters.init_app(app)
    headers.init_app(app)
    app.register_blueprint(blueprint)
