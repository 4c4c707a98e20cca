"""The hosts of all installed modules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flask import current_app

from banyan.kernel.errors import Text
from banyan.kernel.surveys import SurveyHost
from banyan.plugins import manager

_KEY = "banyan.survey_hosts"


def hosts() -> Mapping[str, SurveyHost]:
    """Name → host, of the running application."""
    found: dict[str, SurveyHost] | None = current_app.extensions.get(_KEY)
    if found is None:
        declared = (host for _module, hosts in manager.current().start("banyan_survey_hosts") for host in hosts)
        found = current_app.extensions[_KEY] = {host.name: host for host in declared}
    return found


class HostTitles(Mapping[str, Text]):
    """Host → what people call it, asked when it is read."""

    def __getitem__(self, key: str) -> Text:
        return hosts()[key].title

    def __iter__(self) -> Iterator[str]:
        return iter(hosts())

    def __len__(self) -> int:
        return len(hosts())
