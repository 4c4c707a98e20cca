"""Personal data as it has been handled once: looked at, asked for, told of, agreed to, lost."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from banyan.modules.privacy.models import DataRequest, Look, ManyLooks
from banyan.modules.privacy.notice_models import Guardian, PrivacyNotice
from banyan.modules.privacy.register_models import Breach, RegisterEntry
from banyan.modules.tenancy.models import Org
from tests.factories import World


def watched(world: World, place: Org) -> None:
    """Arrange it at ``place``."""
    now, here = world.clock.now(), {"org_id": place.id, "org_path": place.path}
    child = world.member(place, "成员014", birth_date=now.date() - timedelta(days=365 * 13))
    left = world.member(place, "成员015", status="left")
    about: dict[str, Any] = {"member_id": child.id, "person_id": child.person_id, **here}
    texts = {
        "purpose": "会员服务",
        "basis": "本人同意",
        "categories": "手机号",
        "retention": "五年",
        "contact": "秘书处",
    }
    world.session.add_all(
        [
            Look(account_name="wang.fang", at=now, how="page", fields=["phone"], reason="contact", **about),
            ManyLooks(account_id=place.id, account_name="wang.fang", day=now.date(), looks=31, **here),
            DataRequest(
                kind="erasure", how="organisation", state="done", asked_at=now, ended_at=now,
                erased={"people: member": 1}, kept=["Who looked at the data, and when: it has to be proved later."],
                member_id=left.id, person_id=left.person_id, **here,
            ),
            DataRequest(kind="copy", how="member", state="done", asked_at=now, failed=["guestbook"], **about),
            PrivacyNotice(number=1, published=True, published_at=now, created_at=now, **texts, **here),
            PrivacyNotice(number=2, created_at=now, **texts, **here),
            Guardian(name="家长001", relation="mother", consented_on=date(2026, 1, 5), recorded_at=now,
                     withdrawn_at=now, **about),
            RegisterEntry(
                kind="processor", title="短信服务", party="通信公司", purpose="发送通知", categories="手机号",
                measures="加密传输", since=now.date(), keep_until=now.date(), created_at=now, **here,
            ),
            Breach(
                title="误发名单", what="名单发到了群里", categories="姓名", people=12, authority="网信办", found_at=now,
                due_at=now + timedelta(hours=72), created_at=now, **here,
            ),
        ]
    )  # fmt: skip
    world.session.commit()
