"""Settings come from the environment, and one that is wrong is told by its name there."""

import pytest

from gridmap.model.errors import InputError
from gridmap.settings import Settings


@pytest.fixture(autouse=True)
def _bare(monkeypatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(f"GRIDMAP_{name.upper()}", raising=False)


def test_without_any_the_service_stays_on_this_machine():
    settings = Settings()
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)
    assert settings.database_url is None
    assert settings.zone == "Asia/Shanghai"


def test_the_environment_is_read(monkeypatch):
    monkeypatch.setenv("GRIDMAP_PORT", "8123")
    monkeypatch.setenv("GRIDMAP_CITY", "own")
    assert (Settings().port, Settings().city) == (8123, "own")


def test_every_wrong_setting_is_told_at_once(monkeypatch):
    monkeypatch.setenv("GRIDMAP_PORT", "many")
    monkeypatch.setenv("GRIDMAP_LANGUAGE", "fr")
    monkeypatch.setenv("GRIDMAP_ZONE", "Nowhere/Nix")
    with pytest.raises(InputError) as caught:
        Settings()
    assert [fault.place for fault in caught.value.faults] == ["GRIDMAP_PORT", "GRIDMAP_LANGUAGE", "GRIDMAP_ZONE"]
    assert caught.value.faults[2].message == "is no time zone: write one such as Asia/Shanghai"


def test_an_address_with_a_password_is_not_repeated(monkeypatch):
    monkeypatch.setenv("GRIDMAP_WORKERS", "postgresql://user:secret@host/name")
    with pytest.raises(InputError) as caught:
        Settings()
    assert "secret" not in str(caught.value)
