"""The catalogues of a plugin, held against its code."""

from __future__ import annotations

import os
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords
from babel.messages.pofile import read_po, write_po

from banyan.kernel.i18n import LANGUAGES

KEYWORDS = DEFAULT_KEYWORDS | parse_keywords(["_", "lazy", "message", "plural:1,2"])
METHODS = [("tests/**", "ignore"), ("**.py", "python"), ("**/templates/**.html", "jinja2")]
Message = str | tuple[str, ...]


def looked_into(folder: str | os.PathLike[str]) -> bool:
    """Also folders of partial templates, whose names begin with an underscore."""
    return not Path(folder).name.startswith(".")


def messages(package: Path) -> list[Message]:
    """Every message in the code and templates of a package."""
    found = extract_from_dir(str(package), METHODS, keywords=KEYWORDS, directory_filter=looked_into)
    return [text for _file, _line, text, _comments, _context in found]


def path_of(package: Path, language: str) -> Path:
    """Where a catalogue lies."""
    return package / "locale" / language / "LC_MESSAGES" / "messages.po"


def update(package: Path) -> dict[Path, int]:
    """Bring a package's catalogues up to date: what is new stands there empty, what is gone is gone.

    English is filled in with the messages themselves.

    :return: catalogue → how many messages are to be translated.
    """
    template = Catalog(project=package.name, version="1")
    for text in messages(package):
        template.add(text)
    left = {}
    for language in LANGUAGES:
        path = path_of(package, language)
        catalogue = _read(path, language)
        catalogue.update(template, no_fuzzy_matching=True, update_creation_date=False)
        if language == "en":
            for entry in catalogue:
                if entry.id and not _filled(entry.string):
                    entry.string = entry.id
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as stream:
            write_po(stream, catalogue, width=0, no_location=True, sort_output=True, ignore_obsolete=True)
        left[path] = sum(1 for entry in catalogue if entry.id and not _filled(entry.string))
    return left


def _read(path: Path, language: str) -> Catalog:
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as stream:
        return read_po(stream, locale=language)


def _filled(translated: object) -> bool:
    return all(translated) if isinstance(translated, (tuple, list)) else bool(translated)
