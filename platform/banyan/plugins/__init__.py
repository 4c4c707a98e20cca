"""The plugin contract: typed hooks, the manager that isolates failures, enablement per organisation, migrations.

Core modules take ``hookimpl`` from here, third parties' plugins from ``banyan.sdk``.
"""

from pluggy import HookimplMarker

PROJECT = "banyan"
hookimpl = HookimplMarker(PROJECT)

__all__ = ["PROJECT", "hookimpl"]
