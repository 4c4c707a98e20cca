"""Static files, headers and the choice of language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask, render_template, render_template_string
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

import banyan
from banyan.web import filters
from banyan.web.blueprint import STATIC, language_chosen, safe_path
from banyan.web.tasks import RowError, TaskPanel, render_task

PACKAGE = Path(banyan.__file__).parent
TEMPLATES = sorted(PACKAGE.rglob("templates/**/*.html"))


@pytest.fixture(autouse=True)
def _tokens(console: Flask) -> Iterator[None]:
    """Whatever a test does, the next one needs tokens again."""
    yield
    console.config["WTF_CSRF_ENABLED"] = True


def test_a_file_is_kept_for_a_year_under_an_address_with_its_version(console: Flask) -> None:
    with console.test_request_context():
        address = render_template_string("{{ asset('css/banyan.css') }}")
    client = console.test_client()
    for asked, kept in ((address, True), ("/static/css/banyan.css", False)):
        with client.get(asked) as answer:
            assert answer.status_code == 200
            assert ("max-age=31536000" in answer.headers.get("Cache-Control", "")) == kept


def test_every_answer_has_a_strict_policy(console: Flask) -> None:
    answer = console.test_client().get("/nowhere")
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_chosen_language_is_kept_in_a_cookie(console: Flask) -> None:
    heard: list[str] = []

    def hear(_sender: object, lang: str) -> None:
        heard.append(lang)

    client = console.test_client()
    console.config["WTF_CSRF_ENABLED"] = False
    with language_chosen.connected_to(hear):
        answer = client.post("/language", data={"lang": "zh_Hant", "next": "/orgs/jl?q=1"})
        client.post("/language", data={"lang": "tlh"})
    assert (answer.status_code, answer.location) == (303, "/orgs/jl?q=1")
    cookie = client.get_cookie("lang")
    assert cookie is not None
    assert cookie.value == "zh_Hant"
    assert heard == ["zh_Hant"]


def test_the_choice_of_language_needs_a_token(console: Flask) -> None:
    assert console.test_client().post("/language", data={"lang": "en"}).status_code == 400


@given(st.text(max_size=30) | st.from_regex(r"[/\\]{1,3}[a-z.:@/\\]{0,12}", fullmatch=True) | st.none())
def test_the_way_back_never_leaves_this_site(target: str | None) -> None:
    found = safe_path(target)
    assert found.startswith("/")
    assert not found.startswith(("//", "/\\"))
    assert not urlsplit(found).netloc


def test_times_are_shown_in_china(console: Flask) -> None:
    with console.test_request_context("/", headers={"Accept-Language": "en"}):
        assert filters.local_time(datetime(2026, 1, 31, 16, 30, tzinfo=UTC)) == "2026-02-01 00:30"
        assert filters.local_time(datetime(2026, 1, 31, 16, 30)) == "2026-02-01 00:30"  # noqa: DTZ001 - as a database gives it
        assert filters.local_date(datetime(2026, 1, 31, 16, 30, tzinfo=UTC)) == "2026-02-01"
        assert filters.local_date(date(2026, 1, 31)) == "2026-01-31"
        assert filters.relative(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC)) == "2 days ago"
        assert filters.thousands(1234567) == "1,234,567"
        assert filters.money(123456) == "1,234.56"
        for shown in (filters.local_time, filters.local_date, filters.relative, filters.thousands, filters.money):
            assert shown(None) == "—"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 418, 422, 429, 500, 502, 503])
def test_an_error_page_needs_no_shell(console: Flask, status: int) -> None:
    with console.test_request_context("/", headers={"Accept-Language": "en"}):
        page = render_template(
            "error.html", status=status, request_id="r-1", reasons=["<Not> now"] if status == 409 else None
        )
    assert "r-1" in page
    assert f">{status}<" in page
    assert ("&lt;Not&gt; now" in page) == (status == 409)


def test_a_task_asks_again_until_it_has_ended(console: Flask) -> None:
    panel = TaskPanel("t", "Import", "running", "/tasks/t", 3, 10, "Row 3", cancel_url="/tasks/t/cancel")
    with console.test_request_context("/", headers={"HX-Request": "true", "Accept-Language": "en"}):
        running = render_task(panel)
        errors = [RowError(i, "Code", "<x>", "Taken.") for i in range(300)]
        done = render_task(TaskPanel("t", "Import", "done", "/tasks/t", 10, 10, errors=errors, result_url="/f"))
    assert 'hx-trigger="every 1s"' in running
    assert 'value="3" max="10"' in running
    assert "/tasks/t/cancel" in running
    assert "hx-trigger" not in done
    assert str(escape("<x>")) in done
    assert "and 100 more" in done


def test_every_icon_that_is_named_is_in_the_sprite() -> None:
    known = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text(encoding="utf-8")))
    named: dict[str, str] = {}
    for file in [*TEMPLATES, *PACKAGE.rglob("modules/**/*.py")]:
        text = file.read_text(encoding="utf-8")
        pattern = r'icon\("([a-z0-9-]+)"' if file.suffix == ".html" else r'\bicon="([a-z0-9-]+)"'
        named.update(dict.fromkeys(re.findall(pattern, text), str(file)))
    assert {name: where for name, where in named.items() if name not in known} == {}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_template_needs_what_the_policy_forbids(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not re.findall(r"<[^>]*\s(?:style|on[a-z]+|hx-on[^=]*)=", text)
    assert "<style" not in text
    assert not re.findall(r"<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_every_form_that_writes_carries_a_token(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    for form in re.findall(r'<form[^>]*method="post".*?</form>', text, re.DOTALL):
        assert "csrf" in form
