"""The senders of this installation, by channel: its own, and those that plugins bring."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from banyan.kernel.runtime import runtime
from banyan.kernel.sending import CHANNELS, PAGE, Channel, Sender, Sending
from banyan.kernel.settings import SettingsError
from banyan.modules.delivery.senders.page import PageSender
from banyan.modules.delivery.senders.sms import GatewaySender
from banyan.modules.delivery.senders.smtp import SmtpSender
from banyan.modules.delivery.senders.webhook import WebhookSender
from banyan.plugins import manager
from banyan.plugins.manager import Plugins


def own(settings: Sending) -> Iterator[Sender]:
    """The senders that the platform brings."""
    yield PageSender("email")
    yield PageSender("sms")
    yield SmtpSender(settings)
    yield GatewaySender(settings)
    yield WebhookSender(private=settings.private)


def chosen(settings: Sending, plugins: Plugins) -> dict[Channel, Sender]:
    """Channel → its sender, as the settings choose.

    :raises SettingsError: with a reason for every channel whose sender nobody brings.
    """
    brought = [sender for _name, found in plugins.start("banyan_senders") for sender in found]
    known = {(sender.channel, sender.name): sender for sender in (*brought, *own(settings))}
    found: dict[Channel, Sender] = {}
    reasons = []
    for channel in CHANNELS:
        sender = known.get((channel, settings.sender(channel)))
        if sender is not None:
            found[channel] = sender
            continue
        names = ", ".join(sorted(name for other, name in known if other == channel))
        asked = settings.sender(channel)
        reasons.append(f"BANYAN_{channel.upper()}_SENDER must be one of {names}, not {asked!r}.")
    if reasons:
        raise SettingsError(reasons)
    return found


def senders() -> dict[Channel, Sender]:
    """The senders of the running application."""
    return _kept(runtime().settings.sending, manager.current())


def on_page(channels: Iterable[Channel] = CHANNELS) -> bool:
    """Whether messages of any of ``channels`` go to the operator's page instead of out."""
    return any(runtime().settings.sending.sender(channel) == PAGE for channel in channels)


_found: dict[int, tuple[Sending, dict[Channel, Sender]]] = {}


def _kept(settings: Sending, plugins: Plugins) -> dict[Channel, Sender]:
    held = _found.get(id(plugins))
    if held is None or held[0] is not settings:
        held = _found[id(plugins)] = (settings, chosen(settings, plugins))
    return held[1]
