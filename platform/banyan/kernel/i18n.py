"""Languages: gettext through Flask-Babel; catalogues are read from the .po files of every module at start."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, Domain, get_locale, gettext, ngettext
from flask_babel.speaklater import LazyString
from markupsafe import escape

LANGUAGES = ("zh_Hans", "zh_Hant", "en")
DEFAULT_LANGUAGE = "zh_Hans"
LANGUAGE_COOKIE = "lang"
CORE_CATALOGUES = Path(__file__).parent.parent / "locale"

_ = gettext
plural = ngettext
__all__ = ["LANGUAGES", "_", "choose", "init_app", "language", "lazy", "msgid", "plural", "translate"]


class LazyText(LazyString):  # type: ignore[misc]
    """A string translated when it is read. Templates escape it: its values may be what somebody typed."""

    def __html__(self) -> str:
        return str(escape(str(self)))

    @property
    def msgid(self) -> str:
        """What was to be translated, for keeping it until somebody reads it in a language of their own."""
        return str(self._args[0])

    @property
    def values(self) -> dict[str, Any]:
        """What fills its placeholders."""
        return dict(self._kwargs)


def lazy(message: str, /, **values: Any) -> LazyText:
    """``message`` translated when it is read, with ``values`` in its named placeholders."""
    return LazyText(gettext, message, **values)


class CatalogueDomain(Domain):  # type: ignore[misc]  # Flask-Babel publishes no types
    """All catalogues merged into one set of translations per language; needs no compiled files."""

    def __init__(self, folders: list[Path]) -> None:
        super().__init__()
        self._loaded = {name: _load(name, folders) for name in LANGUAGES}

    def get_translations(self) -> Translations:
        return self._loaded[language()]


class CatalogueBabel(Babel):  # type: ignore[misc]  # as above
    """Flask-Babel with our own domain in the place of the compiled one."""

    def __init__(self, domain: CatalogueDomain) -> None:
        super().__init__()
        self._catalogues = domain

    @property
    def domain_instance(self) -> CatalogueDomain:
        return self._catalogues


def _load(name: str, folders: list[Path]) -> Translations:
    merged: Translations | None = None
    for folder in folders:
        source = folder / name / "LC_MESSAGES" / "messages.po"
        if not source.exists():
            continue
        compiled = io.BytesIO()
        with source.open("rb") as stream:
            write_mo(compiled, read_po(stream, locale=name))
        compiled.seek(0)
        catalogue = Translations(compiled)
        # What the core says stays as it says it: a plugin that means something else uses other words.
        merged = catalogue if merged is None else catalogue.merge(merged)
    return merged or Translations()


def language() -> str:
    """The language of this request, or the default outside of one: one of `LANGUAGES`."""
    locale = get_locale()
    text = str(locale) if locale else DEFAULT_LANGUAGE
    if text.startswith("en"):
        return "en"
    return "zh_Hant" if "Hant" in text else "zh_Hans"


def choose(preferred: str | None) -> str:
    """Account setting, then cookie, then Accept-Language, then zh-Hans."""
    if preferred in LANGUAGES:
        return str(preferred)
    if not has_request_context():
        return DEFAULT_LANGUAGE
    cookie = request.cookies.get(LANGUAGE_COOKIE)
    if cookie in LANGUAGES:
        return str(cookie)
    for accepted in request.accept_languages.values():
        tag = accepted.lower()
        if tag.startswith("en"):
            return "en"
        if tag.startswith(("zh-hant", "zh-tw", "zh-hk", "zh-mo")):
            return "zh_Hant"
        if tag.startswith("zh"):
            return "zh_Hans"
    return DEFAULT_LANGUAGE


def init_app(app: Flask, folders: list[Path]) -> None:
    """Install the languages; ``folders`` hold the catalogues of core and plugins, in that order."""

    def of_request() -> str:
        return choose(g.get("language") if has_request_context() else None)

    app.config["BABEL_DEFAULT_LOCALE"] = DEFAULT_LANGUAGE
    languages = CatalogueBabel(CatalogueDomain([CORE_CATALOGUES, *folders]))
    languages.init_app(app, locale_selector=of_request, timezone_selector=lambda: "Asia/Shanghai")
    app.jinja_env.globals["html_lang"] = lambda: language().replace("_", "-")


def message(text: str) -> str:
    """Mark a literal for the catalogues; it is translated where it is shown (`translate`)."""
    return text


def translate(message: Any) -> str:
    """A message as its reader reads it; untranslated literals (from schemas) go through gettext here."""
    return gettext(message) if isinstance(message, str) and message else str(message)


def msgid(message: object) -> str:
    """A message untranslated, to be kept and read later by `translate`."""
    return message.msgid if isinstance(message, LazyText) else str(message)
