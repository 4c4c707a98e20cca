"""Sealed values: opened by whom they are for, by nobody else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.kernel.crypto import Unreadable, Vault

OURS = Vault("a secret of the installation")


@given(st.binary(max_size=200), st.binary(max_size=16))
def test_what_is_sealed_is_opened_again(plain: bytes, about: bytes) -> None:
    sealed = OURS.encrypt("thing", plain, about)
    assert OURS.decrypt("thing", sealed, about) == plain
    assert plain not in sealed or len(plain) < 4
    assert OURS.encrypt("thing", plain, about) != sealed, "never sealed alike twice"


@given(st.integers(0, 60), st.integers(1, 255))
def test_an_altered_value_is_not_opened(at: int, flip: int) -> None:
    sealed = bytearray(OURS.encrypt("thing", b"the value of a secret", b"row"))
    sealed[at % len(sealed)] ^= flip
    with pytest.raises(Unreadable):
        OURS.decrypt("thing", bytes(sealed), b"row")


@pytest.mark.parametrize("cut", [0, 1, 20, 32])
def test_a_cut_value_is_not_opened(cut: int) -> None:
    with pytest.raises(Unreadable):
        OURS.decrypt("thing", OURS.encrypt("thing", b"x")[:cut])


def test_purpose_thing_and_installation_are_bound_to_a_value() -> None:
    sealed = OURS.encrypt("thing", b"x", b"row 1")
    for vault, purpose, about in (
        (OURS, "other", b"row 1"),
        (OURS, "thing", b"row 2"),
        (Vault("b"), "thing", b"row 1"),
    ):
        with pytest.raises(Unreadable):
            vault.decrypt(purpose, sealed, about)


def test_a_changed_secret_still_opens_what_the_old_one_sealed() -> None:
    sealed = OURS.encrypt("thing", b"x")
    renewed = Vault("a new secret", "a secret of the installation")
    assert renewed.decrypt("thing", sealed) == b"x"
    with pytest.raises(Unreadable):
        OURS.decrypt("thing", renewed.encrypt("thing", b"x"))
