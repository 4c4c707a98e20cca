"""Permissions of statistics."""

from banyan.kernel.i18n import lazy
from banyan.kernel.values import Permission

FIGURE_READ = Permission("stats.figure:read", lazy("See figures of the subtree"), guidance=True)

PERMISSIONS = (FIGURE_READ,)
