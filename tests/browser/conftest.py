"""A real Chromium against the application served on loopback."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from werkzeug.serving import make_server

from banyan.boundary import Banyan
from banyan.kernel import runtime
from banyan.kernel.clock import SystemClock
from tests.factories import World

PATHS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
# A busy machine shows a page late, not wrongly.
expect.set_options(timeout=15_000)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-sync"]


def chromium() -> str | None:
    """The system's Chromium."""
    return next((found for path in PATHS if (found := shutil.which(path))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        pytest.skip("no Chromium on this machine: `apt-get install chromium`, then run again")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def now_app(app: Banyan) -> Banyan:
    """The application with the machine's clock (browsers have no other) and with form tokens."""
    held = app.extensions["banyan.runtime"]
    app.extensions["banyan.runtime"] = replace(held, clock=SystemClock())
    app.config["WTF_CSRF_ENABLED"] = True
    return app


@pytest.fixture
def live(now_app: Banyan) -> Iterator[str]:
    """Address of the application."""
    server = make_server("127.0.0.1", 0, now_app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    now_app.config["WTF_CSRF_ENABLED"] = False


@pytest.fixture
def now_world(now_app: Banyan, session: object) -> World:
    """A world whose clock is the machine's."""
    with now_app.app_context():
        clock = runtime.runtime().clock
    return World(now_app, session, clock)  # type: ignore[arg-type]


@pytest.fixture(params=list(SIZES))
def context(request: pytest.FixtureRequest, browser: Browser, live: str) -> Iterator[BrowserContext]:
    """A fresh browser window of a desktop and of a phone."""
    width, height = SIZES[request.param]
    size = {"width": width, "height": height}
    # Colours change at once: axe would else measure them on the way.
    opened = browser.new_context(viewport=size, locale="zh-CN", base_url=live, reduced_motion="reduce")
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page that fails the test on any error of a script."""
    opened = context.new_page()
    opened.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
    return opened


def picture(page: Page, folder: Path, name: str) -> None:
    """Keep a picture, for whoever looks at a failed run."""
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(folder / f"{name}.png"), full_page=False)
