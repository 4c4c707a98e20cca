"""Settings: everything that is wrong is said at once, and the secret is made once."""

from __future__ import annotations

import stat
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from banyan.kernel.settings import Settings, SettingsError, data_dir, kept_secret, write_private


def test_without_any_variable_the_defaults_hold(tmp_path: Path) -> None:
    settings = Settings.from_env({"BANYAN_HOME": str(tmp_path / "home")})

    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.database_url is None
    assert settings.session_idle == timedelta(hours=2)
    assert not settings.https


def test_all_reasons_are_given_at_once(tmp_path: Path) -> None:
    wrong = {
        "BANYAN_HOME": str(tmp_path),
        "BANYAN_PORT": "eighty",
        "BANYAN_WEB_THREADS": "0",
        "BANYAN_LOG_FORMAT": "xml",
        "BANYAN_PUBLIC_URL": "banyan.example.org",
        "BANYAN_SECRET_KEY": "short",
        "DATABASE_URL": "mysql://root@localhost/banyan",
    }

    with pytest.raises(SettingsError) as refused:
        Settings.from_env(wrong)

    for name in wrong.keys() - {"BANYAN_HOME"}:
        assert name in str(refused.value)
    assert len(refused.value.reasons) == 6


@pytest.mark.parametrize("number", ["²", "-1", "65536", "1e3", "٣"])
def test_a_port_is_a_plain_number_in_range(tmp_path: Path, number: str) -> None:
    with pytest.raises(SettingsError, match="BANYAN_PORT"):
        Settings.from_env({"BANYAN_HOME": str(tmp_path), "BANYAN_PORT": number})


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    occupied = tmp_path / "home"
    occupied.write_text("")

    with pytest.raises(SettingsError, match="BANYAN_HOME"):
        Settings.from_env({"BANYAN_HOME": str(occupied)})


def test_secrets_do_not_show_when_settings_are_printed(tmp_path: Path) -> None:
    settings = Settings.from_env({"BANYAN_HOME": str(tmp_path), "DATABASE_URL": "postgresql://me:hunter2@db/banyan"})

    assert "hunter2" not in repr(settings)
    assert settings.secret_key not in repr(settings)


def test_every_spelling_of_a_database_url_becomes_one(tmp_path: Path) -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        env = {"BANYAN_HOME": str(tmp_path), "DATABASE_URL": f"{scheme}://me@db/banyan"}
        assert Settings.from_env(env).database_url == "postgresql://me@db/banyan"


def test_the_secret_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    first = Settings.from_env({"BANYAN_HOME": str(tmp_path)})
    second = Settings.from_env({"BANYAN_HOME": str(tmp_path)})

    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 32
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_processes_that_start_together_agree_on_the_secret(tmp_path: Path) -> None:
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(kept_secret(tmp_path / "home" / "secret"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert len(set(found)) == 1
    assert [entry.name for entry in (tmp_path / "home").iterdir()] == ["secret"]


def test_a_private_file_stays_private_when_it_is_written_again(tmp_path: Path) -> None:
    file = tmp_path / "demo-accounts.txt"
    file.write_text("for everybody")
    file.chmod(0o644)

    write_private(file, "for me\n")

    assert file.read_text() == "for me\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_data_folders_are_found_in_a_checkout() -> None:
    assert (data_dir("policies") / "model.conf").is_file()
    with pytest.raises(FileNotFoundError, match="no-such-folder"):
        data_dir("no-such-folder")
