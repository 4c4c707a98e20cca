"""Everything people read is in their language: the catalogues are complete, and no page says what they do not hold."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords
from babel.messages.pofile import read_po
from flask.testing import FlaskClient
from jinja2 import Environment
from marshmallow import Schema, class_registry

from banyan.boundary import Banyan
from banyan.kernel import errors
from banyan.kernel.i18n import LANGUAGES, LazyText
from banyan.plugins import manager
from banyan.testing import catalogues
from tests.contract.test_gate import endpoints
from tests.factories import World

ROOT = Path(__file__).parents[2]
CORE = ROOT / "platform" / "banyan"
PACKAGES = (
    CORE,
    CORE / "plugins" / "scaffold" / "template" / "banyan_sample",
    ROOT / "tests" / "plugins" / "banyan_guestbook",
)
TEMPLATE = CORE / "plugins" / "scaffold" / "template"
CHINESE = ("zh_Hans", "zh_Hant")
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
HAN = re.compile(r"[\u2e80-\u2fdf\u3400-\u9fff\uf900-\ufaff]")
# Two words in a row are English; one may be a code, a name of a product or an abbreviation.
ENGLISH = re.compile(r"[A-Za-z]{2,}(?:['’]\w+)?,? [A-Za-z]{2,}")

# Chinese in the code that is data.
HAN_ALLOWED = {
    "cli/demo_members.py": "names of the demonstration's members",
    "kernel/imports/reading.py": "how people write dates, yes and no",
    "kernel/treepath.py": "example",
    "modules/accounts/schemas.py": "names of languages, each in its own",
    "plugins/scaffold/__init__.py": "words of the template's catalogues that stand for its name",
    "testing/conformity/pages.py": "what pages are looked at with",
    "modules/people/rules/names.py": "the blocks of Chinese characters",
    "testing/world.py": "names of things that tests make",
    "kernel/pinyin.py": "readings of names that the dictionary gets wrong",
    "modules/tenancy/manifest/cells.py": "what a code in a refused file may hold, to be told apart",
    "web/blueprint.py": "names of languages, each in its own",
}
# Words of templates that are the same in every language.
SAME = {"OpenAPI", "openapi.json"}
CLASSES = re.compile(r"\{% block \w*class %\}.*?\{% endblock %\}")
# A name from the code or a stored value that nobody gave words to, and what this test put in itself.
STORED = re.compile(r"[a-z]+(_[a-z]+)*")
DATA = {"place", "below", "test"}
# What the walk may read in Latin letters: names of things, and data of this test.
READ_ALLOWED = re.compile(r"[pg](, [\w.:*-]+)+|banyan_\S+")


@cache
def extracted(package: Path) -> dict[str | tuple[str, ...], frozenset[str]]:
    """Every message in the code of a package, with its placeholders; found as `make catalogues` finds them."""
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    methods = [(entry["pattern"], entry["method"]) for entry in mappings]
    options = {
        entry["pattern"]: {k: v for k, v in entry.items() if k not in ("pattern", "method")} for entry in mappings
    }
    said = re.search(r"-k '([^']+)'", (ROOT / ".ci" / "catalogues").read_text())
    assert said
    keywords = DEFAULT_KEYWORDS | parse_keywords(said[1].split())
    found = extract_from_dir(package, methods, options, keywords, directory_filter=catalogues.looked_into)
    return {text: _placeholders(text) for _file, _line, text, _comments, _context in found}


def _placeholders(text: str | tuple[str, ...]) -> frozenset[str]:
    return frozenset(PLACEHOLDER.findall(text if isinstance(text, str) else text[-1]))


@cache
def catalogue(package: Path, language: str) -> Catalog:
    """A catalogue of a package."""
    with (package / "locale" / language / "LC_MESSAGES" / "messages.po").open("rb") as stream:
        return read_po(stream, locale=language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_every_message_is_translated(package: Path, language: str) -> None:
    wanted, found = extracted(package), catalogue(package, language)
    held = {entry.id: entry for entry in found if entry.id}
    assert not wanted.keys() - held.keys(), "run `make catalogues`, then fill these in"
    assert not held.keys() - wanted.keys(), "run `make catalogues`: these are gone from the code"
    assert not found.obsolete
    for text, entry in held.items():
        translations = [entry.string] if isinstance(entry.string, str) else list(entry.string)
        assert all(translations), f"not translated: {text}"
        assert not entry.fuzzy, text
        for translation in translations:
            assert _placeholders(translation) == wanted[text], f"placeholders differ: {text}"


@pytest.mark.parametrize("language", CHINESE)
def test_a_catalogue_is_written_in_its_own_script(language: str) -> None:
    simplified, traditional = (
        set("们个这对应账为权织级删设录览时间会务单"),
        set("們個這對應帳為權織級刪設錄覽時間會務單"),
    )
    wrong = (traditional if language == "zh_Hans" else simplified) - (simplified & traditional)
    for entry in catalogue(CORE, language):
        assert not wrong & set(entry.string), entry.string


@pytest.mark.parametrize("language", CHINESE)
def test_names_in_the_rail_are_short(app: Banyan, world: World, language: str) -> None:
    page = Page(_signed_in(world, language).get("/orgs/place/").text)
    assert len(page.rail) > 5
    assert [name for name in page.rail if len(name) > 6] == []


# -- nothing is said past the catalogues -------------------------------------------------------------------------------


def _docstrings(tree: ast.AST) -> set[int]:
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)]
    firsts = [body[0].value for body in bodies if body and isinstance(body[0], ast.Expr)]
    return {id(first) for first in firsts if isinstance(first, ast.Constant)}


def _literals(node: ast.AST) -> Iterator[str]:
    """Literals below ``node`` that are not handed to gettext."""
    if isinstance(node, ast.Call) and _name(node.func) in ("_", "lazy", "message", "plural"):
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    inner: list[ast.AST] = list(node.values) if isinstance(node, ast.Dict) else list(ast.iter_child_nodes(node))
    for child in inner:
        yield from _literals(child)


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def test_chinese_stands_in_the_catalogues_and_in_data_only() -> None:
    for path in CORE.rglob("*.py"):
        if str(path.relative_to(CORE)) in HAN_ALLOWED or path.is_relative_to(TEMPLATE / "tests"):
            continue
        tree = ast.parse(path.read_text())
        skipped = _docstrings(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
                assert not HAN.search(node.value) or "一-" in node.value, f"{path}:{node.lineno}"
    for path in CORE.rglob("*.html"):
        bare = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
        assert not HAN.search(bare), path


def test_reasons_of_refusals_can_be_translated() -> None:
    tellers = {"ValidationError", "done", "flash"}
    tellers |= {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
    for path in CORE.rglob("*.py"):
        if path.is_relative_to(CORE / "cli") or path.name == "cli.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _name(node.func) in tellers - {"ScopeViolation"}:
                bare = [text for part in node.args for text in _literals(part) if " " in text]
                assert not bare, f"{path}:{node.lineno}: {bare}"


def test_forms_are_labelled_in_every_language(app: Banyan) -> None:
    known = extracted(CORE).keys()
    with app.test_request_context("/"):
        for schema in _schemas():
            for name, field in schema._declared_fields.items():
                where = f"{schema.__module__}.{schema.__name__}.{name}"
                for key in ("label", "help", "placeholder", "group"):
                    assert isinstance(field.metadata.get(key, LazyText(str, "")), LazyText), f"{where}: {key}"
                for rule in field.validators:
                    told = getattr(rule, "error", None)
                    defaults = [
                        text for key, text in vars(type(rule)).items() if key.startswith(("default_m", "message"))
                    ]
                    assert not told or told in known or told in defaults, f"{where}: {told}"


def _schemas() -> Iterator[Any]:
    for found in class_registry._registry.values():
        for schema in found:
            if isinstance(schema, type) and issubclass(schema, Schema) and schema.__module__.startswith("banyan."):
                yield schema


def test_what_modules_declare_can_be_translated(app: Banyan) -> None:
    with app.app_context():
        plugins = manager.current()
        for hook in ("banyan_permissions", "banyan_exports", "banyan_metrics", "banyan_jobs"):
            for module, found in plugins.start(hook):
                for item in found:
                    table = getattr(item, "table", None)
                    said = [getattr(item, key) for key in ("label", "title", "unit") if hasattr(item, key)]
                    if table is not None:
                        parts = (table, *table.columns, *table.filters)
                        said = [getattr(part, "label", None) or getattr(part, "title", "") for part in parts]
                    assert all(isinstance(text, LazyText) for text in said if text != ""), f"{module}: {said}"
        for hook in ("banyan_actions", "banyan_fields"):
            for module, found in plugins.start(hook):
                assert all(isinstance(text, LazyText) for text in found.values()), f"{module}: {hook}"
        for module, (roles, _bindings) in plugins.start("banyan_roles"):
            assert all(isinstance(text, LazyText) for role in roles for text in (role.label, role.description)), module


def test_templates_hold_no_words_of_their_own() -> None:
    lexer = Environment(autoescape=True)
    for path in CORE.rglob("*.html"):
        kept = [value if kind == "data" else "" for _line, kind, value in lexer.lex(CLASSES.sub("", path.read_text()))]
        page = Page("".join(kept))
        words = [text for text in page.texts if re.search(r"[A-Za-z]{2,}", text) and text not in SAME]
        words = [text for text in words if '="' not in text and not set(re.findall(r"[\w.]+", text)) <= SAME]
        assert not words, f"{path}: {words}"


# -- what the console says ---------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What can be read or heard of a page: its texts, and the labels of what has no text."""

    SILENT = ("script", "style", "code", "pre", "svg", "textarea")
    HEARD = ("aria-label", "title", "placeholder", "alt", "data-done", "data-failed")

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.links: list[str] = []
        self.rail: list[str] = []
        self._silent = 0
        self._rail = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        self._silent += tag in self.SILENT
        self._rail = self._rail or (tag == "nav" and "rail" in given.get("class", "").split())
        self._note([given[key] for key in self.HEARD if key in given])
        if tag == "a" and given.get("href", "").startswith("/"):
            self.links.append(given["href"].split("#")[0])

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in self.SILENT
        self._rail = self._rail and tag != "nav"

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._note([data])

    def _note(self, texts: list[str]) -> None:
        clean = [" ".join(text.split()) for text in texts if text.strip()]
        self.texts += clean
        if self._rail:
            self.rail += [text for text in clean if text not in ("English",)]


def _signed_in(world: World, language: str) -> FlaskClient:
    """An administrator's browser, at an organisation where a little of everything has happened."""
    place = world.org(code="place", name="吉林省")
    below = world.org(place, "below", name="长春市")
    other = world.account(below, "helper.one")
    world.grant(other, below)
    world.admin(below)
    browser = world.sign_in(world.admin(place))
    browser.set_cookie("lang", language)
    for address, data in (
        ("/orgs/place/exports", {"list": "organisations"}),
        ("/orgs/place/own-roles/new", {"name": "联络员", "permissions": "tenancy.org:read"}),
        ("/orgs/place/grants/new", {"account": "helper.one", "role": "treasurer", "reach": "self"}),
        ("/orgs/place/administrators/codes/new", {"role": "org_admin", "reach": "self", "note": "备用"}),
        ("/me/tokens", {"name": "接口"}),
        (f"/orgs/place/administrators/{other.id}/suspend", {}),
    ):
        answer = browser.post(address, data=data)
        assert answer.status_code < 400, f"{address}: {Page(answer.text).texts}"
    return browser


def _untranslated(language: str, page: Page) -> list[str]:
    """English that a reader of ``language`` would meet on a page."""
    held = {entry.id: entry.string for entry in catalogue(CORE, language) if entry.id}
    found = []
    for text in page.texts:
        bare = READ_ALLOWED.sub("", text)
        if held.get(bare, bare) != bare or ENGLISH.search(bare) or (STORED.fullmatch(bare) and bare not in DATA):
            found.append(text)
    return found


def _shape(url: str) -> str:
    """An address without what tells one row from another, so that each page is read once."""
    path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "#", url)
    return re.sub(r"(?<=/orgs/)[^/]+", "#", path.split("?")[0])


@pytest.mark.clause("UI-01")
@pytest.mark.parametrize("language", CHINESE)
def test_no_page_of_the_console_holds_words_of_another_language(app: Banyan, world: World, language: str) -> None:
    browser = _signed_in(world, language)
    bare = [one for one in endpoints(app) if one.method == "GET" and not one.api and one.rule.arguments <= {"code"}]
    why = "permission=tenancy.org:create&organisation=below"
    links = [one.url(app, "place") for one in bare if one.rule.rule != "/metrics"]
    links += ["/orgs/place/nowhere", "/orgs/nowhere/", f"/orgs/place/why?account=helper.one&{why}"]
    links += ["/orgs/place/audit?outcome=done", "/orgs/place/organisations?from=x&sort=x"]
    seen: set[str] = set()
    wrong: dict[str, list[str]] = {}
    while links:
        url = links.pop()
        answer = browser.get(url)
        assert answer.status_code < 500 or url == "/readyz", url
        seen.add(_shape(url))
        if answer.mimetype != "text/html" or answer.status_code == 303:
            continue
        page = Page(answer.text)
        if found := _untranslated(language, page):
            wrong[url] = found
        for link in page.links:
            mark = link if "/audit/" in link else _shape(link)
            if mark not in seen and not link.startswith(("/static/", "/api/")):
                seen.add(mark)
                links.append(link)
    assert len(seen) > 25
    assert wrong == {}


@pytest.mark.parametrize("language", CHINESE)
def test_no_refusal_of_a_form_holds_words_of_another_language(app: Banyan, world: World, language: str) -> None:
    browser = _signed_in(world, language)
    refused = 0
    for one in endpoints(app):
        if one.method != "POST" or one.api or not one.rule.arguments <= {"code"} or one.rule.rule == "/sign-out":
            continue
        answer = browser.post(one.url(app, "place"), data={"unheard": "of", "start": "x", "phone": "x", "code": "-"})
        if answer.mimetype == "text/html" and answer.status_code >= 400:
            refused += 1
            assert _untranslated(language, Page(answer.text)) == [], one.rule
    assert refused > 5


@pytest.mark.parametrize("language", CHINESE)
def test_no_problem_of_the_api_holds_words_of_another_language(app: Banyan, world: World, language: str) -> None:
    headers = world.token(world.admin(world.org(code="place")))
    headers["Accept-Language"] = language.replace("_", "-")
    refused = 0
    for one in endpoints(app):
        if one.method not in ("POST", "PUT", "PATCH") or not one.api or not one.rule.arguments <= {"code"}:
            continue
        answer = app.test_client().open(one.url(app, "place"), method=one.method, json={"unheard": 1}, headers=headers)
        problem = answer.get_json(silent=True) or {}
        said = [problem.get("title", ""), *problem.get("reasons", ())]
        said += [found["reason"] for found in problem.get("errors", ())]
        refused += answer.status_code == 422
        assert [text for text in said if ENGLISH.search(text)] == [], one.rule
    assert refused > 3
