from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bitfount_api import config

VARIABLES = (
    "BITFOUNT_HUB_URL",
    "BITFOUNT_ACCESS_MANAGER_URL",
    "BITFOUNT_AUTH_DOMAIN",
    "BITFOUNT_ENVIRONMENT",
    "BITFOUNT_API_KEY_ID",
    "BITFOUNT_API_KEY",
    "BITFOUNT_USERNAME",
    "BITFOUNT_STORAGE_PATH",
    "BITFOUNT_WEB_MAX_RETRIES",
    "SMART_ON_FHIR_URL",
    "SMART_ON_FHIR_RESOURCE_SERVER_URL",
    "SMART_ON_FHIR_API_TIMEOUT",
)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


class TestEnvironment:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            (
                "production",
                (
                    "https://hub.bitfount.com https://am.hub.bitfount.com "
                    "https://smartonfhir.bitfount.com auth.bitfount.com "
                    "8iCJ33Kp6hc9ofrXTzr5GLxMRHWrlzZO"
                ),
            ),
            (
                "staging",
                (
                    "https://hub.staging.bitfount.com https://am.hub.staging.bitfount.com "
                    "https://smartonfhir.staging.bitfount.com auth.staging.bitfount.com "
                    "Wk4XZHDKfY8F3OYcKdagIHETt6JYwX08"
                ),
            ),
            (
                "sandbox",
                (
                    "https://hub.sandbox.bitfount.com https://am.hub.sandbox.bitfount.com "
                    "https://smartonfhir.sandbox.bitfount.com auth.sandbox.bitfount.com "
                    "nPU5aIZIOYqqYhUNX84j9OjKpUOnqfRB"
                ),
            ),
            (
                "dev",
                (
                    "http://localhost:3000 http://localhost:3001 "
                    "https://smartonfhir.sandbox.bitfount.com auth.sandbox.bitfount.com "
                    "nPU5aIZIOYqqYhUNX84j9OjKpUOnqfRB"
                ),
            ),
        ],
    )
    def test_environment_names_are_accepted(
        self, name: str, expected: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("BITFOUNT_ENVIRONMENT", name)
        found = config.environment()
        assert found.name == name
        assert expected.split() == [
            found.hub_url,
            found.access_manager_url,
            found.smart_on_fhir_url,
            found.auth_domain,
            found.client_id,
        ]

    @pytest.mark.parametrize("value", ["", "  ", "production\n"])
    def test_production_is_the_default(self, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
        assert config.environment().name == "production"
        monkeypatch.setenv("BITFOUNT_ENVIRONMENT", value)
        assert config.environment().name == "production"

    @pytest.mark.parametrize("value", ["prod", "Production", "stagin", "local"])
    def test_unknown_environment_names_the_known_ones(
        self, value: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("BITFOUNT_ENVIRONMENT", value)
        with pytest.raises(ValueError, match="production, staging, dev, sandbox") as caught:
            config.environment()
        assert value in str(caught.value)

    def test_service_url_has_the_documented_default(self) -> None:
        assert config.PRODUCTION_HUB_URL == "https://hub.bitfount.com"
        production = config.ENVIRONMENTS["production"]
        assert production.access_manager_url == "https://am.hub.bitfount.com"


class TestSmartOnFhir:
    def test_service_url_is_that_of_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BITFOUNT_ENVIRONMENT", "staging")
        assert config.smart_on_fhir_url() == "https://smartonfhir.staging.bitfount.com"

    def test_service_url_setting_takes_precedence(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SMART_ON_FHIR_URL", "http://localhost:3002\n")
        assert config.smart_on_fhir_url() == "http://localhost:3002"

    def test_resource_server_is_read_from_the_environment(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert config.smart_on_fhir_resource_server_url() is None
        monkeypatch.setenv("SMART_ON_FHIR_RESOURCE_SERVER_URL", "https://fhir.example.com/r4")
        assert config.smart_on_fhir_resource_server_url() == "https://fhir.example.com/r4"

    @pytest.mark.parametrize(
        ("value", "seconds"), [(None, 30.0), ("", 30.0), ("5", 5.0), ("0.25", 0.25), (".5", 0.5)]
    )
    def test_timeout_is_read_from_the_environment(
        self, value: str | None, seconds: float, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if value is not None:
            monkeypatch.setenv("SMART_ON_FHIR_API_TIMEOUT", value)
        assert config.smart_on_fhir_timeout() == seconds

    @pytest.mark.parametrize(
        "value", ["0", "-1", "nan", "inf", "1e3", "1_0", "30s", "0.0", "9" * 400, "."]
    )
    def test_invalid_timeouts_raise(self, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SMART_ON_FHIR_API_TIMEOUT", value)
        with pytest.raises(ValueError, match="SMART_ON_FHIR_API_TIMEOUT") as caught:
            config.smart_on_fhir_timeout()
        assert len(str(caught.value)) < 200


class TestMaxRetries:
    @pytest.mark.parametrize(
        ("value", "retries"), [(None, 3), ("", 3), ("0", 0), (" 7 ", 7), ("100", 100)]
    )
    def test_max_retries_is_read_from_the_environment(
        self, value: str | None, retries: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if value is not None:
            monkeypatch.setenv("BITFOUNT_WEB_MAX_RETRIES", value)
        assert config.max_retries() == retries

    @pytest.mark.parametrize("value", ["-1", "1.5", "three", "101", "1_0", "٣", "9" * 5000])
    def test_invalid_max_retries_raises(self, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BITFOUNT_WEB_MAX_RETRIES", value)
        with pytest.raises(ValueError, match="BITFOUNT_WEB_MAX_RETRIES") as caught:
            config.max_retries()
        assert len(str(caught.value)) < 200


class TestStoragePath:
    def test_storage_path_is_in_the_home_folder(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("USERPROFILE", str(tmp_path))
        assert config.storage_path() == tmp_path / ".bitfount"

    def test_storage_path_setting_takes_precedence(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("USERPROFILE", str(tmp_path))
        monkeypatch.setenv("BITFOUNT_STORAGE_PATH", "/data/bitfount")
        assert config.storage_path() == Path("/data/bitfount")
        monkeypatch.setenv("BITFOUNT_STORAGE_PATH", "~/elsewhere")
        assert config.storage_path() == tmp_path / "elsewhere"

    def test_unknown_home_folder_is_a_value_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BITFOUNT_STORAGE_PATH", "~nobody-of-this-name/x")
        with pytest.raises(ValueError, match="BITFOUNT_STORAGE_PATH"):
            config.storage_path()


class TestCredentials:
    def test_api_keys_without_settings_are_none(self) -> None:
        assert config.api_keys() is None
        assert config.username() is None

    def test_api_keys_are_read_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BITFOUNT_API_KEY_ID", "id-core:id-am")
        monkeypatch.setenv("BITFOUNT_API_KEY", "key-core:key-am\n")
        monkeypatch.setenv("BITFOUNT_USERNAME", "alice")
        keys = config.api_keys()
        assert keys is not None
        assert (keys.api_key_id, keys.api_key) == ("id-core:id-am", "key-core:key-am")
        assert config.username() == "alice"

    def test_api_keys_repr_has_no_secrets(self) -> None:
        assert "s3cret" not in repr(config.APIKeySettings("s3cret-id", "s3cret-key"))

    @pytest.mark.parametrize(
        ("given", "missing"),
        [
            ("BITFOUNT_API_KEY_ID", "BITFOUNT_API_KEY"),
            ("BITFOUNT_API_KEY", "BITFOUNT_API_KEY_ID"),
        ],
    )
    def test_incomplete_api_keys_raise(
        self, given: str, missing: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(given, "s3cret")
        with pytest.raises(ValueError, match=f"{given} is set but {missing} is not") as caught:
            config.api_keys()
        assert "s3cret" not in str(caught.value)


def test_no_setting_is_read_at_import() -> None:
    # The import succeeds even if every variable has an invalid value.
    code = "import bitfount_api.config as c; print(c.PRODUCTION_HUB_URL)"
    bad = dict.fromkeys(VARIABLES, "~nobody-of-this-name/~~")
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**bad, "PYTHONPATH": str(Path(config.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == config.PRODUCTION_HUB_URL, done.stderr


def test_service_url_is_the_url_that_clients_use() -> None:
    assert config.service_url("https://hub.test/") == "https://hub.test"


@pytest.mark.parametrize("url", ["", "hub.test", "ftp://hub.test", "https://hub.test/?x=1"])
def test_service_url_invalid_raises(url: str) -> None:
    with pytest.raises(ValueError, match="a service's URL"):
        config.service_url(url)


def test_config_loads_nothing_heavy() -> None:
    code = "import sys, bitfount_api.config; sys.exit('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
