"""Permissions of long tasks."""

from banyan.kernel.i18n import lazy
from banyan.kernel.values import Permission

TASK_READ = Permission("tasks.task:read", lazy("See long tasks that others started"))
TASK_CREATE = Permission("tasks.task:create", lazy("Start long tasks such as exports"))
TASK_UPDATE = Permission("tasks.task:update", lazy("Stop long tasks that others started"))

PERMISSIONS = (TASK_READ, TASK_CREATE, TASK_UPDATE)
