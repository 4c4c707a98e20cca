"""Names of people: of one character or fifty, with the dot of minority names, or in other scripts."""

from __future__ import annotations

import re
import unicodedata

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy

LONGEST = 50
DOT = "\u00b7"
# What keyboards, spreadsheets and other systems put in the place of the dot between the parts of a name.
_DOTS = re.compile("[\uff0e\u2022\u30fb\uff65\u2027\u2219\u22c5\u0387\u16eb\u25cf\u2024]")
_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\ue000-\uf8ff"
_STOP = re.compile(f"(?<=[{_HAN}])\\s*\\.\\s*(?=[{_HAN}])")
_PADDING = re.compile(f"(?<=[{_HAN}])\\s+(?=[{_HAN}])")
_AROUND = re.compile(f"\\s*{DOT}\\s*")
_MARKS = frozenset(f"{DOT} -'\u2019.()\uff08\uff09")
_KINDS = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Nl", "No", "Co"})


def clean(text: str) -> str:
    """``text`` as a name is kept: NFC, one kind of dot, no spaces between Chinese characters, single ones elsewhere.

    Full-width letters and digits become ordinary ones. Cleaning a clean name changes nothing.
    """
    name = "".join(_narrow(char) for char in unicodedata.normalize("NFC", text))
    name = _STOP.sub(DOT, _DOTS.sub(DOT, name))
    name = _AROUND.sub(DOT, name)
    return _PADDING.sub("", " ".join(name.split()))


def _narrow(char: str) -> str:
    narrow = unicodedata.normalize("NFKC", char) if "\uff10" <= char <= "\uff5a" else char
    return narrow if narrow.isalnum() else char


def problems(name: str) -> list[Text]:
    """Everything that keeps a cleaned ``name`` from being one."""
    if not name:
        return [lazy("A name is needed.")]
    found: list[Text] = []
    if len(name) > LONGEST:
        found.append(lazy("A name has at most %(most)s characters.", most=LONGEST))
    wrong = sorted({char for char in name if char not in _MARKS and unicodedata.category(char) not in _KINDS})
    if wrong:
        found.append(lazy("A name cannot hold these characters: %(characters)s", characters=" ".join(wrong)))
    if name.startswith(DOT) or name.endswith(DOT) or DOT * 2 in name:
        found.append(lazy("The dot stands between two parts of a name."))
    if not wrong and not any(char.isalnum() or unicodedata.category(char) == "Co" for char in name):
        found.append(lazy("A name has at least one letter or character."))
    return found
