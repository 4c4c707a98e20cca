"""What gunicorn serves: ``banyan.wsgi:app``. It connects as ``banyan_app`` and refuses any role that may see more."""

from __future__ import annotations

from banyan.app import create_app
from banyan.boundary import Banyan
from banyan.kernel import keyring, logs
from banyan.kernel.db.roles import check_app_role
from banyan.kernel.settings import Settings


def make() -> Banyan:
    """The application as the environment sets it.

    :raises SettingsError: something is missing. :raises RoleError: row security would not hold.
    :raises SecretChanged: nothing that is sealed could be read.
    """
    settings = Settings.from_env()
    logs.configure(settings.log_format, settings.log_level)
    check_app_role(settings.serving_url)
    keyring.check(settings.serving_url, settings.secret_key)
    return create_app(settings, app_url=settings.serving_url)


app = make()
