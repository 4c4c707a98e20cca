"""Sealed values, blind indexes, masks, and the ring of keys they stand on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.boundary import Banyan
from banyan.kernel import keyring, masks, sealing
from banyan.kernel.crypto import DataKey, Unreadable, Vault
from banyan.kernel.db.urls import Urls

KEY = DataKey(b"tag1", b"k" * 32)
OTHER = DataKey(b"tag2", b"o" * 32)
SECRET = "a secret of the installation, long enough"


@pytest.mark.clause("PPL-05")
@given(st.text(max_size=60), st.uuids(), st.sampled_from(["people.phone", "people.email"]))
def test_what_is_sealed_is_opened_for_its_purpose_and_row_alone(text: str, about: UUID, purpose: str) -> None:
    plain = text.encode()
    sealed = KEY.seal(purpose, plain, about.bytes)
    assert KEY.open(purpose, sealed, about.bytes) == plain
    assert KEY.seal(purpose, plain, about.bytes) != sealed, "never sealed alike twice"
    assert len(plain) < 4 or plain not in sealed
    for key, other, row in ((OTHER, purpose, about), (KEY, "people.address", about), (KEY, purpose, UUID(int=5))):
        with pytest.raises(Unreadable):
            key.open(other, sealed, row.bytes)


@pytest.mark.clause("PPL-05")
@given(st.text(max_size=40), st.text(max_size=40))
def test_a_blind_index_finds_equal_texts_and_no_others(one: str, other: str) -> None:
    first, second = (KEY.index("people.document", text.encode()) for text in (one, other))
    assert (first == second) == (one == other)
    assert len(first) == 16
    assert first != KEY.index("people.phone", one.encode()) != OTHER.index("people.phone", one.encode())


@pytest.mark.clause("PPL-05")
@given(st.one_of(st.text(max_size=40), st.from_regex(r"[0-9]{17}[0-9X]|1[0-9]{10}|\+861[0-9]{10}", fullmatch=True)))
def test_a_mask_never_shows_most_of_a_value(text: str) -> None:
    for mask in (masks.document, masks.phone, masks.generic):
        shown = mask(text)
        kept = sum(1 for a, b in zip(text, shown, strict=False) if a == b and b != masks.HIDDEN)
        assert kept <= 10 if text.startswith("+86") else kept <= 7
        assert len(text) < 3 or shown != text or set(text) == {masks.HIDDEN}


@pytest.mark.clause("PPL-05")
def test_masks_show_what_one_recognises() -> None:
    assert masks.document("220104199003070012") == "220*************12"
    assert masks.document("E12345678") == "E******78"
    assert masks.document("12345") == "*****"
    assert masks.phone("13800005678") == "138****5678"
    assert masks.phone("+8613800005678") == "+86138****5678"
    assert masks.phone("043112345678") == "**********78"
    assert masks.email("member@example.org") == "m****@example.org"
    assert masks.email("m@example.org") == "*****@example.org"
    assert masks.address("吉林省长春市朝阳区某街道1号") == "吉林省长春市****"
    assert masks.address("长春市1号") == "****"
    assert masks.generic("") == ""


@pytest.fixture
def ring(app: Banyan) -> Iterator[keyring.Keyring]:
    with app.app_context():
        yield keyring.keyring()


@pytest.mark.clause("PPL-05")
def test_a_value_that_cannot_be_opened_is_no_error_of_the_page(ring: keyring.Keyring) -> None:
    about = uuid4()
    sealed = sealing.seal("people.phone", "13800005678", about)
    assert sealing.opened("people.phone", sealed, about) == "13800005678"
    assert sealing.opened("people.phone", None, about) == ""
    assert sealing.opened("people.phone", sealed, uuid4()) is None
    assert sealing.opened("people.phone", b"nonsense", about) is None
    assert sealing.opened("people.phone", sealed[:1] + b"none" + sealed[5:], about) is None


@pytest.mark.clause("PPL-05")
def test_processes_that_start_together_agree_on_one_key(urls: Urls, app: Banyan) -> None:
    with psycopg.connect(urls.app, autocommit=True) as one, psycopg.connect(urls.app, autocommit=True) as other:
        vault = Vault(app.extensions["banyan.runtime"].settings.secret_key)
        seen = [[known.key.tag for known in keyring.ensure(each, vault)] for each in (one, other)]
    assert seen[0] == seen[1]


@pytest.mark.clause("PPL-05")
def test_the_application_can_neither_change_nor_take_away_keys(urls: Urls, ring: keyring.Keyring) -> None:
    ring.current("seal")
    with psycopg.connect(urls.app, autocommit=True) as connection:
        for statement in ("DELETE FROM data_key", "UPDATE data_key SET state = 'old'"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


@pytest.fixture
def own_keys(urls: Urls) -> Iterator[Any]:
    """A database connection whose keys are those of this test alone; the run's own come back afterwards."""
    with psycopg.connect(urls.owner, autocommit=True) as owner:
        kept = owner.execute("SELECT id, kind, state, tag, wrapped, made_at FROM data_key").fetchall()
        owner.execute("DELETE FROM data_key")
        yield owner
        owner.execute("DELETE FROM data_key")
        for row in kept:
            owner.execute(
                "INSERT INTO data_key (id, kind, state, tag, wrapped, made_at) VALUES (%s, %s, %s, %s, %s, %s)", row
            )


@pytest.mark.clause("PPL-05")
def test_a_wrong_secret_is_refused_at_the_start_and_a_changed_one_wraps_keys_anew(urls: Urls, own_keys: Any) -> None:
    about = uuid4().bytes
    sealed = keyring.Keyring(urls.app, SECRET).seal("people.phone", b"13800005678", about)
    keyring.check(urls.app, SECRET)
    with pytest.raises(keyring.SecretChanged, match="BANYAN_OLD_SECRET_KEY"):
        keyring.check(urls.app, "another secret that was never used here")
    with pytest.raises(keyring.SecretChanged):
        keyring.Keyring(urls.app, "another secret that was never used here").seal("people.phone", b"x", about)
    renewed = "a new secret of the installation, chosen later"
    assert keyring.rewrap(own_keys, Vault(renewed, SECRET)) == 2
    assert keyring.rewrap(own_keys, Vault(renewed, SECRET)) == 0, "done already"
    assert keyring.Keyring(urls.app, renewed).open("people.phone", sealed, about) == b"13800005678"
    with pytest.raises(keyring.SecretChanged):
        keyring.check(urls.app, SECRET)


@pytest.mark.clause("PPL-05")
def test_another_process_opens_what_a_new_key_sealed_at_once(
    urls: Urls, own_keys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = uuid4().bytes
    running = keyring.Keyring(urls.app, SECRET)
    old = running.seal("people.phone", b"old", about)
    own_keys.execute("UPDATE data_key SET state = 'old' WHERE kind = 'seal'")
    keyring.add(own_keys, Vault(SECRET), "seal", "current")
    new = keyring.Keyring(urls.app, SECRET).seal("people.phone", b"new", about)
    assert old[:5] != new[:5]
    later = time.monotonic() + keyring.UNKNOWN_SECONDS
    monkeypatch.setattr(keyring.time, "monotonic", lambda: later)
    assert running.open("people.phone", new, about) == b"new"
    assert running.open("people.phone", old, about) == b"old"
