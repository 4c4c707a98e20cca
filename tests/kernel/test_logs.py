"""Logs say which request something belongs to, and never a secret."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from banyan.kernel import logs


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    logs.clear()
    yield
    logs.clear()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.mark.clause("SYS-04")
def test_a_line_names_its_request_organisation_and_account(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json")
    logs.bind(request_id="r-12345678")
    logs.bind(org="jilin", account="a-1")

    structlog.get_logger("banyan.test").info("saved", rows=3)

    (line,) = lines(capsys)
    assert line["event"] == "saved"
    assert line["rows"] == 3
    assert (line["request_id"], line["org"], line["account"]) == ("r-12345678", "jilin", "a-1")


def test_messages_of_other_libraries_take_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json")
    logs.bind(request_id="r-12345678")

    logging.getLogger("gunicorn.error").warning("worker %s exited", 7)

    (line,) = lines(capsys)
    assert line["event"] == "worker 7 exited"
    assert line["request_id"] == "r-12345678"
    assert line["level"] == "warning"


def test_secrets_are_hidden_at_any_depth(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json")

    structlog.get_logger().info(
        "posted",
        password="hunter2",
        form={"name": "Li", "new_password": "hunter2", "nested": [{"csrf_token": "hunter2"}]},
        database="postgresql://banyan_app:hunter2@db/banyan",
        registration_code="HUNTER22",
    )

    text = capsys.readouterr().err
    assert "hunter2" not in text.lower()
    assert "Li" in text
    assert "banyan_app" in text


def test_a_traceback_does_not_show_the_password_of_a_url(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json")
    try:
        raise OSError("cannot reach postgresql://me:hunter2@db/banyan")
    except OSError:
        structlog.get_logger().exception("failed")

    assert "hunter2" not in capsys.readouterr().err


@pytest.mark.parametrize("proposed", ["short", "x" * 65, "abcdefgh\nforged line", "<script>alert(1)</script>", None])
def test_a_request_id_from_outside_is_taken_only_when_it_is_harmless(proposed: str | None) -> None:
    assert logs.new_request_id(proposed) != proposed


def test_a_harmless_request_id_is_kept() -> None:
    assert logs.new_request_id("proxy-0001-abc") == "proxy-0001-abc"
