"""Profiles, made and used on the command line."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cli.console import Console
from cli.doctoring import findings, problems

from bitfount_api.sandbox import Sandbox

SETTINGS = {
    "hub_url": "hub_url",
    "access_manager_url": "access_manager_url",
    "smart_on_fhir_url": "smart_on_fhir_url",
    "auth_domain": "hub_url",
}

KEY = "QGQb2ROfVlzGcEffIW9qk6j4N9EU20fulDawv8I2AdtDNpIz2y"


@pytest.fixture
def profiled(console: Console, tmp_path: Path) -> Console:
    """A console that gets only a storage folder and API keys, not where the services are."""
    console.options = []
    console.environment["BITFOUNT_STORAGE_PATH"] = str(tmp_path / "storage")
    return console


def file(console: Console) -> Path:
    return Path(console.environment["BITFOUNT_STORAGE_PATH"], "profiles.json")


def local(sandbox: Sandbox) -> list[str]:
    return [f"{name}={getattr(sandbox, attribute)}" for name, attribute in SETTINGS.items()]


def test_profile_leads_commands_to_the_services(profiled: Console) -> None:
    saved = profiled.json("profiles", "set", "local", "environment=dev", *local(profiled.sandbox))
    assert saved["settings"]["environment"] == "dev"
    assert stat.S_IMODE(file(profiled).stat().st_mode) == 0o600
    for words in (("--profile", "local", "whoami"), ("whoami", "--profile", "local")):
        me = profiled.spawn(*words, "--json").json
        assert (me["profile"], me["hubUrl"]) == ("local", profiled.sandbox.hub_url)
    assert (me["username"], me["checked"]) == ("alice", True)
    profiled.environment["BITFOUNT_PROFILE"] = "local"
    assert "BEGIN PUBLIC KEY" in profiled.spawn("access", "key", "--json").json["publicKey"]
    code = "import bitfount_api as b; print(b.BitfountHub.from_env().get_projects())"
    environment = profiled.all_variables()
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True)
    assert b"'totalProjects': 0" in run.stdout, run.stderr


def test_profiles_are_listed_changed_and_removed(profiled: Console) -> None:
    assert profiled.json("profiles", "list") == {"profiles": []}
    profiled.ok("profiles", "set", "b", "environment=staging", "username=bob")
    profiled.ok("profiles", "set", "a", "hub_url=https://hub.test")
    profiled.ok("profiles", "set", "b", "username=", "environment=dev")
    assert profiled.json("profiles", "show", "b") == {
        "name": "b",
        "settings": {"environment": "dev"},
    }
    found = profiled.json("--profile", "a", "profiles", "list")["profiles"]
    assert [(each["name"], each["selected"]) for each in found] == [("a", True), ("b", False)]
    lines = profiled.ok("--profile", "b", "profiles", "list").out.splitlines()
    assert [line.split() for line in lines[1:]] == [["a", "https://hub.test"], ["*", "b", "dev"]]
    profiled.ok("profiles", "remove", "a")
    for command in ("show", "remove"):
        outcome = profiled.run("profiles", command, "a")
        assert outcome.code == 4
        assert "It has b." in outcome.err


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        ("environment=prod", "environment: the value is 'prod', not one of"),
        ("username=No One", "username: "),
        ("hub_url=hub", "hub_url: "),
        ("token_store=vault", "token_store: the value is 'vault'"),
        ("auth_domain=http://auth.test", "auth_domain: "),
        ("api_key=planted", "one of the names: environment"),
        (f"hub_url=https://hub.test/{KEY}", "hub_url is text that could be a key"),
        ("environment", "NAME=VALUE"),
    ],
)
def test_invalid_setting_is_not_saved(profiled: Console, setting: str, why: str) -> None:
    outcome = profiled.run("profiles", "set", "a", "username=bob", setting)
    assert outcome.code == 2
    assert why in outcome.err
    assert "planted" not in outcome.err
    assert KEY not in outcome.err
    assert not file(profiled).exists()


def test_invalid_file_and_unknown_profile_are_reported(profiled: Console) -> None:
    profiled.ok("profiles", "set", "ward-7", "environment=dev")
    outcome = profiled.run("--profile", "ward-8", "whoami", "--offline")
    assert (outcome.code, outcome.out) == (6, "")
    assert "profile 'ward-8'" in outcome.err
    assert "it has ward-7" in outcome.err
    assert profiled.run("--profile", "ward-8", "whoami", "--help").code == 0
    file(profiled).write_text('{\n  "ward-7": {,}\n}', encoding="utf-8")
    for command in (("--profile", "ward-7", "whoami"), ("profiles", "set", "a", "username=bob")):
        outcome = profiled.run(*command)
        assert outcome.code == 6
        assert f"{file(profiled)}, line 2, column 14" in outcome.err.replace("\n", "")
    assert '{\n  "ward-7"' in file(profiled).read_text(encoding="utf-8")  # not replaced


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": {"username": "u"}, "a": {"username": "v"}}', "'a' is there twice"),
        ('{"a": {"username": "u", "username": "v"}}', "'username' is there twice"),
        ('{"a": {"hub_url": "https://hub\\u0000.test"}}', "hub_url of the profile a has a control"),
        ('{"a": {"username": "\\ud800"}}', "username of the profile a has a control"),
    ],
)
def test_file_with_an_unclear_value_is_refused(profiled: Console, text: str, why: str) -> None:
    profiled.ok("profiles", "set", "a", "environment=dev")
    file(profiled).write_text(text, encoding="utf-8")
    for command in (("list",), ("set", "b", "username=bob")):
        outcome = profiled.run("profiles", *command)
        assert outcome.code == 6
        assert f"{file(profiled)} are not valid: {why}" in outcome.err
    assert file(profiled).read_text(encoding="utf-8") == text


def test_profiles_set_at_the_same_time_are_all_kept(profiled: Console) -> None:
    names = [f"ward-{number}" for number in range(6)]
    started = [profiled.start("profiles", "set", name, "username=bob", "--json") for name in names]
    assert [process.wait(60) for process in started] == [0] * len(names)
    found = profiled.json("profiles", "list")["profiles"]
    assert [each["name"] for each in found] == names


def test_unknown_profile_below_all_variables_is_an_error(profiled: Console) -> None:
    profiled.environment |= profiled.sandbox.environment("alice")
    profiled.ok("whoami")
    outcome = profiled.run("whoami", "--profile", "ward-8", "--json")
    assert (outcome.code, outcome.out) == (6, "")
    assert "there are none yet" in json.loads(outcome.err)["error"]["message"]
    profiled.environment["BITFOUNT_PROFILE"] = "ward-8"
    profiled.ok("profiles", "set", "ward-8", "username=alice")  # which is how to repair it
    profiled.ok("whoami")


@pytest.mark.parametrize("name", ["", "../x", "a b", KEY * 2])
def test_profile_option_without_a_name_is_refused(profiled: Console, name: str) -> None:
    for words in (("--profile", name, "whoami"), ("whoami", "--profile", name)):
        outcome = profiled.run(*words, "--offline")
        assert (outcome.code, outcome.out) == (2, "")
        assert "the profile's name is" in outcome.err
        assert KEY not in outcome.err


def test_variable_over_a_given_profile_is_warned_of(profiled: Console) -> None:
    profiled.ok("profiles", "set", "local", "environment=dev", *local(profiled.sandbox))
    profiled.environment["BITFOUNT_ENVIRONMENT"] = "staging"
    outcome = profiled.ok("--profile", "local", "whoami", "--json")
    assert outcome.json["environment"] == "staging"
    assert "Warning: BITFOUNT_ENVIRONMENT is set, and takes precedence" in outcome.err
    assert outcome.err.count("Warning") == 1
    assert "BITFOUNT_PROFILE" not in os.environ


def test_doctor_checks_the_profile(profiled: Console) -> None:
    profiled.ok("profiles", "set", "local", "environment=dev", *local(profiled.sandbox))
    profiled.environment |= {"BITFOUNT_PROFILE": "local", "BITFOUNT_ENVIRONMENT": "staging"}
    found = [each["text"] for each in findings(profiled, code=0)]
    assert f"hub_url of the profile local is {profiled.sandbox.hub_url}" in found
    assert "BITFOUNT_ENVIRONMENT takes precedence over the profile local" in found
    assert any(text.startswith(f"the Hub ({profiled.sandbox.hub_url})") for text in found)
    text = file(profiled).read_text(encoding="utf-8")
    file(profiled).write_text(text.replace("http://", "ftp://"), encoding="utf-8")
    assert "hub_url of the profile local: a service's URL" in problems(profiled, "--offline")
    profiled.environment["BITFOUNT_PROFILE"] = "nope"
    assert "the profile 'nope'" in problems(profiled, "--offline")


def test_profile_selects_the_login_of_its_user(profiled: Console) -> None:
    profiled.be(None)
    profiled.ok("profiles", "set", "of-bob", "username=bob", *local(profiled.sandbox))
    storage = Path(profiled.environment["BITFOUNT_STORAGE_PATH"])
    (storage / "bob").mkdir()
    (storage / "bob" / ".token").touch()
    removed = profiled.json("--profile", "of-bob", "logout")
    assert removed == {"loggedOut": True}
    assert not (storage / "bob" / ".token").exists()
