"""YAML that knows its lines, checked against a JSON Schema; all mistakes, each in a sentence with its line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.kernel.settings import data_dir
from banyan.modules.tenancy.manifest.values import COLUMNS, Problems, Where

SCHEMA = "manifest.schema.json"
MAX_BYTES = 4_000_000
MAX_DEPTH = 20
_TAG = "tag:yaml.org,2002:"
_KNOWN_TAGS = frozenset(_TAG + name for name in ("str", "int", "float", "bool", "null", "timestamp"))
# Keys whose values are text however they look: codes, dates and phone numbers are written without quotes.
_TEXTS = frozenset(COLUMNS) | {"title", "file", "organisation", "sign_in_name", "display_name"}

Path_ = tuple[str | int, ...]


@dataclass
class Document:
    """The content of a file.

    :ivar lines: path into ``data`` → line. :ivar broken: paths of entries with mistakes.
    """

    name: str
    data: Any
    lines: dict[Path_, int] = field(default_factory=dict)
    broken: set[Path_] = field(default_factory=set)

    def where(self, *path: str | int) -> Where:
        """Where ``path`` stands, or what holds it."""
        while path and path not in self.lines:
            path = path[:-1]
        return Where(self.name, self.lines.get(path, 1))

    def good(self, section: str) -> Iterable[tuple[int, dict[str, Any]]]:
        """The entries of a list without mistakes, with their index."""
        found = self.data.get(section) if isinstance(self.data, dict) else None
        entries = found if isinstance(found, list) else []
        return [(n, entry) for n, entry in enumerate(entries) if (section, n) not in self.broken]

    def keys(self, section: str, name: str = "key") -> frozenset[str]:
        """The ``name`` of every entry of a list, right or wrong."""
        found = self.data.get(section) if isinstance(self.data, dict) else None
        entries = found if isinstance(found, list) else []
        return frozenset(str(entry[name]) for entry in entries if isinstance(entry, dict) and name in entry)


def read(path: Path, problems: Problems) -> Document:
    """Read ``path``; what is wrong with it goes to ``problems``, and what is right is there to be used."""
    document = Document(path.name, None)
    text = _text(path, problems)
    if text is None:
        return document
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problems.add(Where(path.name, line), lazy("This is not YAML: %(reason)s.", reason=error.problem))
        return document
    except (YAMLError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        problems.add(Where(path.name, 1), lazy("This is not YAML: %(reason)s.", reason=reason))
        return document
    if node is None:
        problems.add(Where(path.name, 1), lazy("The file is empty."))
        return document
    document.data = _Builder(document, problems).value(node, ())
    _check_schema(document, problems)
    return document


def _text(path: Path, problems: Problems) -> str | None:
    where = Where(path.name, 1)
    try:
        if path.stat().st_size > MAX_BYTES:
            limit = MAX_BYTES // 1_000_000
            problems.add(where, lazy("The file is larger than %(limit)s MB. Put big trees into tables.", limit=limit))
            return None
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        problems.add(where, lazy("The file cannot be read: %(reason)s.", reason=error.strerror or str(error)))
    except UnicodeDecodeError:
        problems.add(where, lazy("This is not a YAML file in UTF-8."))
    return None


class _Builder:
    """Makes plain values of nodes, remembering lines; no tags, no aliases, no key twice."""

    def __init__(self, document: Document, problems: Problems) -> None:
        self._document = document
        self._problems = problems
        self._seen: set[int] = set()

    def value(self, node: Node, path: Path_) -> Any:
        line = node.start_mark.line + 1
        self._document.lines.setdefault(path, line)
        if id(node) in self._seen:
            return self._wrong(line, path, lazy("Anchors and aliases are not used here; write it out."))
        self._seen.add(id(node))
        if len(path) > MAX_DEPTH:
            return self._wrong(line, path, lazy("This is nested too deeply."))
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*path, n)) for n, item in enumerate(node.value)]
        assert isinstance(node, ScalarNode)
        return self._scalar(node, path)

    def _mapping(self, node: MappingNode, path: Path_) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if key in found:
                self._wrong(line, path, lazy("“%(key)s” is here twice.", key=key))
                continue
            self._document.lines[(*path, key)] = line
            found[key] = self.value(value_node, (*path, key))
        return found

    def _scalar(self, node: ScalarNode, path: Path_) -> Any:
        tag, text = str(node.tag), str(node.value)
        named = path[-1] if path else ""
        if tag not in _KNOWN_TAGS:
            return self._wrong(node.start_mark.line + 1, path, lazy("Tags such as %(tag)s are not used here.", tag=tag))
        if tag == _TAG + "null":
            return "" if named in _TEXTS else None
        if named in _TEXTS:
            return text
        if tag == _TAG + "bool":
            return text.lower() in ("true", "yes", "on")
        if tag == _TAG + "int" and text.lstrip("+-").isdigit():
            return int(text)
        return text

    def _wrong(self, line: int, path: Path_, reason: Text) -> None:
        self._document.broken.add(path[:2])
        self._problems.add(Where(self._document.name, line), reason)


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(orjson.loads((data_dir("tenants") / SCHEMA).read_bytes()))


def _check_schema(document: Document, problems: Problems) -> None:
    for error in _validator().iter_errors(document.data):
        path = tuple(error.absolute_path)
        document.broken.add(path[:2])
        for where, reason in _sentences(document, path, error):
            problems.add(where, reason)
        if problems.full:
            return


def _sentences(document: Document, path: Path_, error: ValidationError) -> list[tuple[Where, Text]]:
    keyword, found = error.validator, error.instance
    wanted: Any = error.validator_value
    where = document.where(*path)
    name = str(path[-1]) if path and isinstance(path[-1], str) else ""
    match keyword:
        case "required":
            missing = [key for key in wanted if isinstance(found, dict) and key not in found]
            return [(where, lazy("“%(key)s” is missing.", key=key)) for key in missing]
        case "additionalProperties":
            known = error.schema["properties"] if isinstance(error.schema, dict) else {}
            unknown = [key for key in found if key not in known] if isinstance(found, dict) else []
            return [(document.where(*path, key), lazy("“%(key)s” is not known here.", key=key)) for key in unknown]
        case "type":
            return [(where, lazy("“%(key)s” must be of type %(type)s.", key=name or "/", type=wanted))]
        case "enum" | "const":
            choices = ", ".join(map(str, wanted)) if isinstance(wanted, list) else str(wanted)
            return [(where, lazy("“%(key)s” must be one of: %(choices)s.", key=name, choices=choices))]
        case "minLength" | "maxLength" | "minimum" | "maximum" | "pattern":
            values = {"key": name, "value": str(found)[:60], "rule": f"{keyword} {wanted}"}
            return [(where, lazy("“%(value)s” cannot be the %(key)s (%(rule)s).", **values))]
    return [(where, error.message)]
