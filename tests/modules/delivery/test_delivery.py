"""Messages that leave: sent once, tried again, held to limits, kept in a log without addresses (NOT-01)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from banyan.boundary import Banyan
from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Whole
from banyan.kernel.sending import Channel, Sending
from banyan.kernel.settings import Settings, SettingsError
from banyan.kernel.values import Actor
from banyan.modules.audit.models import AuditEntry
from banyan.modules.delivery import rules
from banyan.modules.delivery import senders as chosen
from banyan.modules.delivery.models import OutgoingContent, OutgoingMessage
from banyan.modules.delivery.senders.http import public, signature
from banyan.modules.delivery.services import operating, posting, sending
from banyan.modules.delivery.services.posting import Recipient, Words
from banyan.modules.tenancy.models import Org
from banyan.plugins import manager
from tests.factories import World
from tests.modules.delivery.servers import mail_server, web_server
from tests.plugins.banyan_guestbook import letters

SAID = Words(
    "会议通知", "周五下午两点开会。", html="<p>周五下午两点开会。</p>", link="https://banyan.example.org/me/notices"
)
PHONE = "138 0000 5678"


class Post:
    """A post office of one test: its organisation, its clock, its senders."""

    def __init__(self, world: World, org: Org) -> None:
        self.world, self.org = world, org

    @contextmanager
    def acting(self) -> Iterator[Context]:
        app = self.world.app
        with app.app_context(), app.extensions["banyan.runtime"].db.session(Whole("test")) as session:
            yield Context(session, Actor(None, "test", "job"), self.org.ref, self.world.clock, "test")
            session.commit()

    def settings(self, **changes: Any) -> None:
        held = self.world.app.extensions["banyan.runtime"]
        made = replace(held.settings, sending=replace(held.settings.sending, **changes))
        self.world.app.extensions["banyan.runtime"] = replace(held, settings=made)

    def write(self, channel: Channel, *to: str, urgent: bool = False, said: Words = SAID) -> int:
        with self.acting() as ctx:
            return posting.post(ctx, self.org.ref, channel, said, [Recipient(one) for one in to], urgent=urgent)

    def send(self) -> None:
        with self.acting() as ctx:
            sending.run(ctx)

    def later(self, **time: float) -> None:
        self.world.clock.instant += timedelta(**time)

    def messages(self) -> list[OutgoingMessage]:
        found = select(OutgoingMessage).order_by(OutgoingMessage.id).execution_options(populate_existing=True)
        rows = list(self.world.session.scalars(found))
        self.world.session.commit()
        return rows

    def states(self) -> list[str]:
        return [one.state for one in self.messages()]


@pytest.fixture
def post(world: World, app: Banyan) -> Iterator[Post]:
    held = app.extensions["banyan.runtime"]
    yield Post(world, world.org(code="county"))
    app.extensions["banyan.runtime"] = replace(app.extensions["banyan.runtime"], settings=held.settings)


@pytest.mark.clause("NOT-01")
def test_mail_goes_out_once_signed_in_and_to_whom_it_is_for(post: Post) -> None:
    with mail_server() as server:
        post.settings(email="smtp", smtp_host="127.0.0.1", smtp_port=server.port, smtp_security="none",
                      smtp_user="banyan", smtp_password="secret", smtp_from="office@example.org")  # fmt: skip
        server.answers |= {"gone@example.org": "550 no such user", "full@example.org": "452 mailbox full"}
        made = post.write("email", "member001@example.org", "MEMBER001@example.org", "gone@example.org",
                          "full@example.org", "no address", "a@b")  # fmt: skip
        assert made == 3, "one address gets the same words once; what is no address is left out"
        post.send()
        post.send()
        assert post.states() == ["sent", "given_up", "failed"]
        assert server.recipients == ["member001@example.org"]
        assert server.sign_ins
        [mail] = server.mails
        assert mail["Subject"] == "会议通知"
        assert "office@example.org" in mail["From"]
        plain, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
        assert plain is not None
        assert html is not None
        assert "周五下午两点开会。" in plain.get_content()
        assert SAID.link in plain.get_content()
        assert "<p>周五下午两点开会。</p>" in html.get_content()
        first, gone, full = post.messages()
        assert str(first.id) in mail["Message-ID"]
        assert first.provider_id == mail["Message-ID"]
        assert (gone.error, full.error) == ("550 no such user", "452 mailbox full")
        del server.answers["full@example.org"]
        post.later(seconds=59)
        post.send()
        assert len(server.mails) == 1, "not before its time"
        post.later(seconds=1)
        post.send()
        assert post.states() == ["sent", "given_up", "sent"]


@pytest.mark.clause("NOT-01")
def test_a_server_that_is_away_is_tried_again_with_growing_pauses_and_then_given_up(post: Post) -> None:
    with mail_server() as server:
        port = server.port
    post.settings(email="smtp", smtp_host="127.0.0.1", smtp_port=port, smtp_security="none", smtp_from="o@example.org")
    post.write("email", "member001@example.org")
    pauses = []
    while True:
        post.send()
        [message] = post.messages()
        if message.state == "given_up":
            break
        assert message.state == "failed"
        assert "ConnectionRefusedError" in message.error
        pauses.append((message.next_at - post.world.clock.now()).total_seconds() / 60)
        post.world.clock.instant = message.next_at
    assert pauses == [1, 5, 30, 120, 360, 720]
    assert message.tries == rules.MOST_TRIES


@pytest.mark.clause("NOT-01")
def test_an_sms_is_signed_short_and_asked_for_again_only_if_the_gateway_was_busy(post: Post) -> None:
    secret = "a secret of the gateway"
    with web_server() as server:
        server.answers = [503, 200, 400]
        body = '{"mobile": "{phone}", "content": {"text": "{text}"}, "seq": "{id}"}'
        post.settings(
            sms="http", sms_url=server.url("/sms?app=1"), sms_secret=secret, sms_signature="【榕】", sms_body=body
        )
        post.write("sms", PHONE, said=replace(SAID, body="长" * 900))
        post.send()
        post.later(minutes=1)
        post.send()
        post.write("sms", "+86 139 0000 1234", "12345")
        post.send()
        assert post.states() == ["sent", "given_up"]
    path, headers, sent = server.got[1]
    assert path == "/sms?app=1"
    timestamp = int(headers["Banyan-Timestamp"])
    assert headers["Banyan-Signature"] == f"t={timestamp},v1={signature(secret, timestamp, sent)}"
    told = sent.decode()
    assert '"mobile": "13800005678"' in told
    assert "【榕】会议通知：长长" in told
    assert SAID.link in told
    assert len(told) < 650
    first, second = post.messages()
    assert server.got[0][1]["Idempotency-Key"] == headers["Idempotency-Key"] == str(first.id)
    assert first.provider_id == "gw-2"
    assert second.error == "HTTP 400"
    assert [one.mask for one in post.messages()] == ["138****5678", "139****1234"]


@pytest.mark.clause("NOT-01")
def test_a_webhook_is_set_up_signed_tested_switched_off_and_never_led_inside(
    post: Post, client: FlaskClient, world: World
) -> None:
    headers = world.token(world.admin(post.org))
    inside = ("http://127.0.0.1/x", "https://127.0.0.1/x", "https://10.0.0.8", "https://[::1]/", "https://169.254.169.254",
              "ftp://example.org", "https://user@example.org", "https://no-such-host.invalid")  # fmt: skip
    for url in inside:
        answer = client.post("/api/v1/orgs/county/webhooks", json={"name": "系统", "url": url}, headers=headers)
        assert answer.status_code == 422, url
    post.settings(private=True)
    with web_server() as server:
        sent = {"name": "系统", "url": server.url("/hook?key=1")}
        answer = client.post("/api/v1/orgs/county/webhooks", json=sent, headers=headers)
        assert answer.status_code == 201, answer.get_json()
        assert answer.headers["Cache-Control"] == "no-store"
        made = answer.get_json()
        address = f"/api/v1/orgs/county/webhooks/{made['id']}"
        assert "secret" not in client.get(address, headers=headers).get_json()
        server.answers = [302]
        assert client.post(f"{address}/test", headers=headers).get_json() == {"messages": 1}
        post.send()
        assert [path for path, *_rest in server.got] == ["/hook?key=1"], "nobody follows a redirection"
        assert post.states() == ["given_up"]
        client.post(f"{address}/test", headers=headers)
        post.send()
        _path, told, body = server.got[-1]
        timestamp = int(told["Banyan-Timestamp"])
        assert told["Banyan-Signature"].endswith(signature(made["secret"], timestamp, body))
        assert told["Banyan-Id"] == str(post.messages()[-1].id)
        client.post(f"{address}/test", headers=headers)
        edit = {**sent, "active": False, "version": made["version"]}
        assert client.put(address, json=edit, headers=headers).status_code == 200
        post.send()
        assert len(server.got) == 2, "what waits for a webhook that was switched off is not sent"
    post.settings(private=False)
    client.put(address, json={**edit, "active": True, "url": "https://127.0.0.1/", "version": 2}, headers=headers)
    entries = world.session.scalars(select(AuditEntry).where(AuditEntry.subject_type == "webhook")).all()
    assert {entry.action.rpartition(".")[2] for entry in entries} == {"create", "update", "test"}
    assert "key=1" not in str([entry.after for entry in entries])


def test_only_public_addresses_are_public() -> None:
    assert public("93.184.216.34")
    assert public("2606:2800:220:1:248:1893:25c8:1946")
    for address in ("127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.1",
                    "::1", "fe80::1%eth0", "fc00::1", "::ffff:10.0.0.1", "2002:7f00:1::", "224.0.0.1"):  # fmt: skip
        assert not public(address), address


@pytest.mark.clause("NOT-01")
def test_a_worker_that_dies_sends_nothing_twice_and_two_workers_never_hold_the_same(post: Post) -> None:
    post.settings(email="smtp")
    post.write("email", *(f"member{n:03}@example.org" for n in range(60)))
    held: list[Any] = []
    ready = threading.Barrier(3)

    def take() -> None:
        with post.acting() as ctx:
            ready.wait()
            held.append(sending.claim(ctx, "email", 30))

    workers = [threading.Thread(target=take) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(len(found) for found in held) == [0, 30, 30]
    everything = [one for found in held for one in found]
    assert len({one.id for one in everything}) == 60
    with post.acting() as ctx:
        assert sending.note(ctx, everything[0], provider_id="x")
        assert not sending.note(ctx, everything[0], provider_id="y"), "a claim notes once"
    post.later(minutes=11)
    post.send()
    states = post.states()
    assert (states.count("sent"), states.count("given_up")) == (1, 59)
    assert {one.error for one in post.messages() if one.state == "given_up"} == {sending.INTERRUPTED}
    with post.acting() as ctx:
        assert not sending.note(ctx, everything[1], provider_id="z"), "the dead worker's claim is gone"
    post.settings(email="page")
    with post.acting() as ctx:
        operating.again(replace(ctx, org=None), everything[1].id)
    post.send()
    assert post.states().count("sent") == 2


@pytest.mark.clause("NOT-01")
def test_no_more_than_the_limit_goes_out_in_a_minute_and_urgent_ones_go_first(post: Post) -> None:
    post.settings(a_minute={"email": 5, "sms": 5, "webhook": 5})
    post.write("email", *(f"member{n:03}@example.org" for n in range(8)))
    post.write("email", "urgent@example.org", urgent=True, said=replace(SAID, subject="紧急"))
    post.send()
    sent = [one for one in post.messages() if one.state == "sent"]
    assert len(sent) == 5
    assert "u****@example.org" in [one.mask for one in sent]
    post.later(seconds=30)
    post.send()
    assert post.states().count("sent") == 5
    post.later(seconds=31)
    post.send()
    assert post.states().count("sent") == 9


@pytest.mark.clause("NOT-01")
def test_what_would_go_out_is_on_the_operators_page_and_an_organisation_sees_its_own_alone(
    post: Post, world: World, client: FlaskClient
) -> None:
    post.write("email", "member001@example.org")
    post.write("sms", PHONE, said=replace(SAID, subject="短信"))
    post.send()
    assert post.states() == ["sent", "sent"]
    admin = world.admin(post.org)
    operator = world.account(post.org, operator=True)
    page = world.sign_in(operator)
    listed = page.get("/operator/messages").get_data(as_text=True)
    assert "m****@example.org" in listed
    assert "138****5678" in listed
    assert "member001@example.org" not in listed
    first, second = post.messages()
    assert "周五下午两点开会。" in page.get(f"/operator/messages/{first.id}").get_data(as_text=True)
    post.settings(email="smtp")
    assert "周五下午两点开会。" not in page.get(f"/operator/messages/{first.id}").get_data(as_text=True)
    post.settings(email="page")
    assert world.sign_in(admin).get("/operator/messages").status_code == 404
    headers, other = world.token(admin), world.org(code="other")
    theirs = world.token(world.admin(other))
    rows = client.get("/api/v1/orgs/county/messages?channel=sms", headers=headers).get_json()["items"]
    assert [row["recipient"] for row in rows] == ["138****5678"]
    assert client.get("/api/v1/orgs/other/messages", headers=theirs).get_json()["items"] == []
    address = f"messages/{second.id}"
    assert client.get(f"/api/v1/orgs/county/{address}", headers=headers).get_json()["subject"] == "短信"
    assert client.get(f"/api/v1/orgs/other/{address}", headers=theirs).status_code == 404
    tokens = world.token(operator)
    assert len(client.get("/api/v1/operator/messages", headers=tokens).get_json()["items"]) == 2
    channels = client.get("/api/v1/operator/channels", headers=tokens).get_json()
    assert [one["sender"] for one in channels] == ["page", "page", "webhook"]


@pytest.mark.clause("NOT-01")
def test_a_plugins_sender_is_chosen_by_name_and_an_unknown_one_keeps_the_platform_from_starting(app: Banyan) -> None:
    with app.app_context():
        plugins = manager.current()
        box = letters.Letterbox()
        sent = Sending(email="letterbox")
        with pytest.raises(SettingsError, match="BANYAN_EMAIL_SENDER must be one of page, smtp"):
            chosen.chosen(sent, plugins)
        found = manager.load({}, {"guestbook": __import__("tests.plugins.banyan_guestbook.plugin", fromlist=["x"])})
        assert chosen.chosen(sent, found)["email"] == box
    assert chosen.chosen(Sending(), plugins)["sms"].name == "page"


def test_settings_tell_everything_that_is_wrong_with_them(tmp_path: Any) -> None:
    env = {
        "BANYAN_HOME": str(tmp_path),
        "BANYAN_EMAIL_SENDER": "smtp",
        "BANYAN_SMTP_SECURITY": "none",
        "BANYAN_SMTP_USER": "u",
        "BANYAN_SMTP_PASSWORD": "p",
        "BANYAN_SMS_URL": "gopher://x",
        "BANYAN_SMS_BODY": "[]",
        "BANYAN_EMAIL_PER_MINUTE": "0",
    }
    with pytest.raises(SettingsError) as told:
        Settings.from_env(env)
    said = " ".join(told.value.reasons)
    for name in ("SMTP_HOST", "SMTP_FROM", "SMTP_PASSWORD", "SMS_URL", "SMS_SECRET", "SMS_BODY", "EMAIL_PER_MINUTE"):
        assert f"BANYAN_{name}" in said
    assert "'p'" not in said


@pytest.mark.clause("NOT-01")
def test_old_messages_are_forgotten_and_an_erased_person_is_told_nothing_more(post: Post, world: World) -> None:
    person = world.account(post.org).id
    with post.acting() as ctx:
        posting.post(ctx, post.org.ref, "sms", SAID, [Recipient(PHONE, person_id=person), Recipient("13900001234")])
    with post.acting() as ctx:
        [told] = operating.of_person(ctx, person)
        assert (told["recipient"], told["subject"]) == ("138****5678", "会议通知")
        assert operating.erase_person(ctx, person) == 1
    post.send()
    assert [(one.state, one.mask) for one in post.messages()] == [("given_up", ""), ("sent", "139****1234")]
    assert post.messages()[0].recipient_sealed is None
    with post.acting() as ctx:
        assert not operating.health(ctx).figures["waiting"]
        ctx.session.execute(
            update(OutgoingMessage).values(next_at=world.clock.now() - timedelta(hours=1), state="queued")
        )
        ctx.session.commit()
        assert not operating.health(ctx).ok
    post.later(days=91)
    with post.acting() as ctx:
        operating.purge(ctx)
    assert post.messages() == []
    assert world.session.scalars(select(OutgoingContent)).all() == []
