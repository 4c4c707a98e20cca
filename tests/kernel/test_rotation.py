"""Keys are changed while the platform runs, and a change that was killed goes on where it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Column, LargeBinary, MetaData, Table, Uuid

from banyan.kernel import reindexing, resealing, rotation
from banyan.kernel.crypto import DATA, DERIVED, Vault
from banyan.kernel.db.base import Base, new_id
from banyan.kernel.db.urls import Urls
from banyan.kernel.keyring import Keyring

SECRET = "a secret of the installation, long enough"
METADATA = MetaData()


def _made_of(text: str, row: Any) -> str:
    return f"{row['kind'].hex()}:{text}"


CARD = Table(
    "try_card",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("kind", LargeBinary),
    Column("number_sealed", LargeBinary, info={"sealed": "try.number"}),
    Column("number_index", LargeBinary, info={"indexed": "try.number", "of": "", "made_of": _made_of}),
    Column("note", LargeBinary, info={"sealed": "try.note"}),
)
OWNER = Table(
    "try_owner",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("number_index", LargeBinary, info={"indexed": "try.number", "of": "", "made_of": None}),
)
NUMBERS = 25


@dataclass
class House:
    owner: Any
    ring: Keyring
    ids: list[UUID]

    @property
    def sealed(self) -> list[resealing.SealedColumn]:
        return resealing.sealed_columns(METADATA)

    @property
    def indexed(self) -> list[reindexing.IndexedColumn]:
        return reindexing.indexed_columns(METADATA)

    def numbers(self, ring: Keyring) -> list[str]:
        rows = self.owner.execute("SELECT id, number_sealed FROM try_card ORDER BY id").fetchall()
        return [ring.open("try.number", sealed, key.bytes).decode() for key, sealed in rows]

    def states(self, kind: str) -> list[str]:
        statement = "SELECT state FROM data_key WHERE kind = %s ORDER BY made_at, id"
        return [state for (state,) in self.owner.execute(statement, [kind])]

    def add(self, ring: Keyring, number: str) -> UUID:
        key = new_id()
        index = ring.index("try.number", f"01:{number}".encode())
        values = [key, ring.seal("try.number", number.encode(), key.bytes), index, None]
        self.owner.execute("INSERT INTO try_card VALUES (%s, '\\x01', %s, %s, %s)", values)
        self.owner.execute("INSERT INTO try_owner VALUES (%s, %s)", [key, index])
        return key

    def found(self, ring: Keyring, number: str) -> tuple[int, int]:
        """How many cards and owners are found by ``number`` while keys change."""
        values = list(ring.indexes("try.number", f"01:{number}".encode()))
        cards, owners = (
            self.owner.execute(f"SELECT count(*) FROM {table} WHERE number_index = ANY (%s)", [values]).fetchone()[0]
            for table in ("try_card", "try_owner")
        )
        return cards, owners


@pytest.fixture
def house(urls: Urls) -> Iterator[House]:
    with psycopg.connect(urls.owner, autocommit=True) as owner:
        kept = owner.execute("SELECT id, kind, state, tag, wrapped, made_at FROM data_key").fetchall()
        owner.execute("DELETE FROM data_key")
        owner.execute(
            "CREATE TABLE try_card (id uuid PRIMARY KEY, kind bytea, number_sealed bytea, number_index bytea UNIQUE,"
            " note bytea); CREATE TABLE try_owner (id uuid PRIMARY KEY, number_index bytea UNIQUE)"
        )
        here = House(owner, Keyring(urls.owner, SECRET), [])
        here.ids = [here.add(here.ring, f"{n:05}") for n in range(NUMBERS)]
        yield here
        owner.execute("DROP TABLE try_card, try_owner; DELETE FROM data_key")
        for row in kept:
            owner.execute(
                "INSERT INTO data_key (id, kind, state, tag, wrapped, made_at) VALUES (%s, %s, %s, %s, %s, %s)", row
            )
        owner.execute("SELECT pg_advisory_unlock_all()")


def quiet(*_told: Any) -> None:
    """Nobody listens, and nobody has to be waited for."""


EXPECTED = [f"{n:05}" for n in range(NUMBERS)]


@pytest.mark.clause("PPL-05")
def test_a_rotation_seals_everything_with_a_new_key_and_retires_the_old_one(house: House) -> None:
    before = house.ring.current("seal").header
    outcome = rotation.rotate(house.owner, house.ring, house.sealed, quiet, quiet)
    used = resealing.usage(house.owner, house.sealed)
    assert (outcome.done, outcome.retired, outcome.resumed, outcome.left) == (NUMBERS, 1, False, [])
    assert set(used) == {house.ring.current("seal").header} != {before}
    assert house.numbers(house.ring) == EXPECTED
    assert house.states("seal") == ["retired", "current"]


@pytest.mark.clause("PPL-05")
def test_a_killed_rotation_goes_on_with_the_key_it_had_made(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resealing.reseal, "__defaults__", (7,))

    def killed(_column: str, done: int) -> None:
        if done >= 14:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(house.owner, house.ring, house.sealed, killed, quiet)
    house.owner.execute("SELECT pg_advisory_unlock_all()")
    begun = house.ring.current("seal").tag.hex()
    running = Keyring(house.ring._url, SECRET)
    assert house.numbers(running) == EXPECTED, "everything can be read half-way"
    outcome = rotation.rotate(house.owner, Keyring(house.ring._url, SECRET), house.sealed, quiet, quiet)
    assert (outcome.tag, outcome.resumed, outcome.done, outcome.retired) == (begun, True, NUMBERS - 14, 1)
    assert house.states("seal") == ["retired", "current"]
    again = rotation.rotate(house.owner, Keyring(house.ring._url, SECRET), house.sealed, quiet, quiet)
    assert not again.resumed, "nothing was left over"
    assert again.done == NUMBERS


@pytest.mark.clause("PPL-05")
def test_what_a_running_process_seals_with_the_old_key_meanwhile_is_caught(house: House) -> None:
    running = Keyring(house.ring._url, SECRET)
    running.current("seal")  # it knows the old key, and for a while no other

    def late(_seconds: float) -> None:
        house.add(running, "99999")

    outcome = rotation.rotate(house.owner, house.ring, house.sealed, quiet, late)
    assert (outcome.done, outcome.retired) == (NUMBERS + 1, 1)
    assert house.numbers(house.ring)[-1] == "99999"


@pytest.mark.clause("PPL-05")
def test_a_change_made_between_reading_and_writing_is_not_undone(house: House) -> None:
    key = house.ids[0]
    old = house.owner.execute("SELECT number_sealed FROM try_card WHERE id = %s", [key]).fetchone()[0]
    mine = house.ring.seal("try.number", b"changed", key.bytes)
    house.owner.execute("UPDATE try_card SET number_sealed = %s WHERE id = %s", [mine, key])
    assert resealing.replace(house.owner, "try_card", "id", "number_sealed", ([key], [old], [old])) == 0
    assert house.numbers(house.ring)[0] == "changed"


@pytest.mark.clause("PPL-05")
def test_values_under_the_secret_itself_are_taken_over_and_lost_ones_are_named(house: House) -> None:
    """Second factors of earlier versions were sealed under the secret."""
    first, second = house.ids[:2]
    derived = Vault(SECRET).encrypt("try.note", b"a note", first.bytes)
    lost = Vault("some other secret that nobody has").encrypt("try.note", b"a note", second.bytes)
    for key, value in ((first, derived), (second, lost)):
        house.owner.execute("UPDATE try_card SET note = %s WHERE id = %s", [value, key])
    outcome = rotation.rotate(house.owner, house.ring, house.sealed, quiet, quiet)
    assert [str(second) in one for one in outcome.left] == [True]
    assert outcome.retired == 1
    note = house.owner.execute("SELECT note FROM try_card WHERE id = %s", [first]).fetchone()[0]
    assert note[:1] == DATA != DERIVED
    assert house.ring.open("try.note", note, first.bytes) == b"a note"


@pytest.mark.clause("PPL-05")
def test_blind_indexes_are_made_anew_while_everybody_is_still_found(house: House) -> None:
    running = Keyring(house.ring._url, SECRET)
    told: list[tuple[int, int]] = []

    def looked(*_told: Any) -> None:
        running.forget()  # as after a few seconds
        told.extend(house.found(running, number) for number in ("00003", "00024", "00000"))

    before = house.owner.execute("SELECT number_index FROM try_owner ORDER BY id").fetchall()
    outcome = rotation.rotate_index(house.owner, house.ring, house.indexed, looked, looked)
    assert set(told) == {(1, 1)}
    assert (outcome.done, outcome.retired, outcome.left) == (NUMBERS, 1, [])
    assert not set(before) & set(house.owner.execute("SELECT number_index FROM try_owner").fetchall())
    assert house.ring.indexes("try.number", b"x") == (house.ring.index("try.number", b"x"),), "the old key is gone"
    assert house.states("index") == ["retired", "current"]


@pytest.mark.clause("PPL-05")
def test_a_killed_change_of_the_index_key_goes_on(house: House) -> None:
    def killed(_column: str, _done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation.rotate_index(house.owner, house.ring, house.indexed, killed, quiet)
    house.owner.execute("SELECT pg_advisory_unlock_all()")
    assert house.states("index") == ["current", "coming"]
    assert house.found(Keyring(house.ring._url, SECRET), "00007") == (1, 1)
    outcome = rotation.rotate_index(house.owner, Keyring(house.ring._url, SECRET), house.indexed, quiet, quiet)
    assert (outcome.resumed, outcome.retired) == (True, 1)
    assert house.states("index") == ["retired", "current"]
    assert house.found(Keyring(house.ring._url, SECRET), "00007") == (1, 1)


@pytest.mark.clause("PPL-05")
def test_an_index_that_does_not_belong_to_its_value_is_left_and_named(house: House) -> None:
    house.owner.execute("UPDATE try_card SET number_index = '\\x01' WHERE id = %s", [house.ids[4]])
    outcome = rotation.rotate_index(house.owner, house.ring, house.indexed, quiet, quiet)
    assert [str(house.ids[4]) in one for one in outcome.left] == [True]
    assert outcome.retired == 0
    assert house.found(Keyring(house.ring._url, SECRET), "00004") == (0, 1), "the owner is found by the old value"


@pytest.mark.clause("PPL-05")
def test_two_changes_of_keys_do_not_run_at_once(house: House) -> None:
    with psycopg.connect(house.ring._url, autocommit=True) as other:
        rotation.rotate(other, house.ring, house.sealed, quiet, quiet)
        with pytest.raises(rotation.Busy):
            rotation.rotate(house.owner, house.ring, house.sealed, quiet, quiet)


def test_every_sealed_column_of_the_core_can_be_sealed_anew() -> None:
    found = {str(column) for column in resealing.sealed_columns(Base.metadata)}
    assert "second_factor.sealed" in found
    for column in reindexing.indexed_columns(Base.metadata):
        if not column.of:
            with_value = [one for one in reindexing.indexed_columns(Base.metadata) if one.of]
            assert any(one.purpose == column.purpose for one in with_value), f"{column} follows nothing"
