"""The application, assembled in one readable order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from banyan import __version__, boundary, console, gate
from banyan.api import docs, openapi, rates
from banyan.boundary import Banyan
from banyan.kernel import i18n, runtime
from banyan.kernel.access_marks import PUBLIC
from banyan.kernel.clock import Clock, SystemClock
from banyan.kernel.db.session import Database
from banyan.kernel.files import LocalFolder
from banyan.kernel.jobs import Job
from banyan.kernel.runtime import Runtime
from banyan.kernel.settings import Settings, data_dir
from banyan.modules.access import plugin as access
from banyan.modules.access import policy
from banyan.modules.access import reading as access_reading
from banyan.modules.accounts import plugin as accounts
from banyan.modules.administrators import plugin as administrators
from banyan.modules.approvals import plugin as approvals
from banyan.modules.audit import plugin as audit
from banyan.modules.audit import reading
from banyan.modules.delivery import plugin as delivery
from banyan.modules.delivery import senders
from banyan.modules.externals import plugin as externals
from banyan.modules.imports import plugin as imports
from banyan.modules.notices import plugin as notices
from banyan.modules.operators import plugin as operators
from banyan.modules.operators.services import standing
from banyan.modules.people import plugin as people
from banyan.modules.privacy import plugin as privacy
from banyan.modules.stats import plugin as stats
from banyan.modules.surveys import plugin as surveys
from banyan.modules.tasks import plugin as tasks
from banyan.modules.tenancy import plugin as tenancy
from banyan.modules.transfers import plugin as transfers
from banyan.plugins import failures, manager, migrate
from banyan.plugins import settings as laid_down
from banyan.plugins.manager import Plugins
from banyan.web import blueprint as web
from banyan.web import operations

CORE: Mapping[str, Any] = {
    "audit": audit,
    "access": access,
    "tasks": tasks,
    "imports": imports,
    "tenancy": tenancy,
    "delivery": delivery,
    "accounts": accounts,
    "externals": externals,
    "approvals": approvals,
    "administrators": administrators,
    "people": people,
    "privacy": privacy,
    "transfers": transfers,
    "stats": stats,
    "surveys": surveys,
    "operators": operators,
    "notices": notices,
}
UNGUARDED = {"web.static": PUBLIC, openapi.DOCUMENT: PUBLIC}


def create_app(
    settings: Settings, *, app_url: str, clock: Clock | None = None, extra: Mapping[str, Any] | None = None
) -> Banyan:
    """The whole platform as one WSGI application.

    :param app_url: connection URL of ``banyan_app``. :param extra: further modules by name, for tests.
    :raises UnmarkedViews: a view does not say who may enter. :raises PluginError: two modules share a name.
    :raises SettingsError: a sender is wanted that nobody brings.
    """
    plugins = manager.load(CORE, extra)
    app = Banyan("banyan", static_folder=None, template_folder=None)
    _configure(app, settings)
    _run_on(app, settings, plugins, app_url, clock or SystemClock())
    try:
        policy.install(app, policy_store(plugins))
        reading.install(app, access_reading.READING)
        i18n.init_app(app, [Path(folder) for _name, folder in plugins.start("banyan_catalogues")])
        web.init_app(app)
        operations.init_app(app)
        standing.install(app)
        _register_views(app, plugins)
        console.init_app(app)
        boundary.install(app)
        rates.install(app, settings)
        gate.install(app, by_name=UNGUARDED)
    except BaseException:
        app.extensions[runtime.KEY].db.dispose()
        raise
    return app


def _configure(app: Banyan, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key,
        # a file somewhat too large still gets its answer beside the field, with everything else that was typed kept
        MAX_CONTENT_LENGTH=2 * settings.upload_limit,
        MAX_FORM_PARTS=2000,
        SESSION_COOKIE_NAME="banyan_form",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=settings.public_url.startswith("https://"),
        WTF_CSRF_TIME_LIMIT=None,
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def _run_on(app: Banyan, settings: Settings, plugins: Plugins, app_url: str, clock: Clock) -> None:
    database = Database(app_url, pool_size=settings.pool_size, pooled_by_proxy=settings.pooled_by_proxy)
    jobs: dict[str, Job] = {job.name: job for _name, found in plugins.start("banyan_jobs") for job in found}
    store = LocalFolder(settings.home / "files")
    runtime.install(app, Runtime(settings, database, clock, store, jobs))
    laid_down.definitions(plugins)
    senders.chosen(settings.sending, plugins)
    plugins.unmigrated = migrate.unmigrated(database.engine, plugins)
    plugins.report = failures.Keeper(database, clock)
    manager.install(app, plugins)


def policy_store(plugins: Plugins) -> policy.PolicyStore:
    """The policy of all installed modules."""
    permissions = [item for _name, found in plugins.start("banyan_permissions") for item in found]
    roles, bindings = [], []
    for _name, (own_roles, own_bindings) in plugins.start("banyan_roles"):
        roles.extend(own_roles)
        bindings.extend(own_bindings)
    return policy.PolicyStore(data_dir("policies"), permissions, roles, bindings)


def _register_views(app: Banyan, plugins: Plugins) -> None:
    csrf = CSRFProtect(app)
    api = openapi.make(app, __version__)
    docs.init_app(app, api)
    for name, blueprints in plugins.start("banyan_api_blueprints"):
        for blueprint in blueprints:
            api.register_blueprint(blueprint)
            csrf.exempt(blueprint)
            plugins.blueprints[blueprint.name] = name
    for name, blueprints in plugins.start("banyan_page_blueprints"):
        for blueprint in blueprints:
            app.register_blueprint(blueprint)
            plugins.blueprints[blueprint.name] = name
