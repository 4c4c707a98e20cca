"""A page to draw on, without database or modules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask_wtf.csrf import CSRFProtect

from banyan.kernel import i18n
from banyan.web import blueprint


@pytest.fixture(scope="session")
def console() -> Flask:
    """The console's room alone."""
    app = Flask("console", static_folder=None)
    app.config.update(SECRET_KEY="made-up", TESTING=True, WTF_CSRF_TIME_LIMIT=None)
    CSRFProtect(app)
    i18n.init_app(app, [])
    blueprint.init_app(app)
    return app


@pytest.fixture
def in_english(console: Flask) -> Iterator[Any]:
    """A request of somebody who reads English."""
    with console.test_request_context("/", headers={"Accept-Language": "en"}) as request:
        yield request
