"""Settings: three origins, one model; wrong keys are named where they stand; no secret is shown."""

from __future__ import annotations

import re
import traceback
from pathlib import Path

import pytest

from crm_sync.errors import SettingsError
from crm_sync.files import mappings_directory
from crm_sync.settings import SECRETS, Settings, load_settings
from crm_sync.settings_sources import variable
from crm_sync.targets import Target

ROOT = Path(__file__).parents[2]
SECRET = "hunter2 ü#'\"%40"
TOML = """\
target = "sandbox"

[targets.sandbox]
instance_url = "https://example--dev.sandbox.my.salesforce.com"
client_id = "key"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    directory = tmp_path / "my crm"
    directory.mkdir()
    return directory


def load(folder: Path, toml: str = "", dotenv: str = "", **environment: str) -> Settings:
    (folder / "crm-sync.toml").write_text(toml, encoding="utf-8")
    (folder / ".env").write_text(dotenv, encoding="utf-8")
    return load_settings(folder, environment)


def refusal(folder: Path, toml: str = "", dotenv: str = "", **environment: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(folder, toml, dotenv, **environment)
    shown = str(caught.value) + "".join(traceback.format_exception(caught.value))
    assert "hunter2" not in shown
    return str(caught.value)


def test_without_any_file_there_are_defaults(folder: Path) -> None:
    settings = load_settings(folder, {})
    assert (settings.targets, settings.history_days) == ({}, 400)
    assert settings.mappings == mappings_directory()
    assert settings.mappings_note.startswith("Mappings: the ones that ship with the package, in ")
    with pytest.raises(SettingsError, match="No mappings are named"):
        settings.require_mappings()


def test_mappings_that_are_there_or_named_are_the_ones(folder: Path) -> None:
    named = load(folder, CRM_SYNC_MAPPINGS="elsewhere")
    assert (named.mappings, named.mappings_note) == (folder / "elsewhere", "")
    named.require_mappings()
    (folder / "mappings").mkdir()
    found = load_settings(folder, {})
    assert (found.mappings, found.mappings_note) == (folder / "mappings", "")


def test_a_variable_that_is_no_text(folder: Path) -> None:
    with pytest.raises(SettingsError, match=r"^CRM_SYNC_DATABASE_URL is not UTF-8\."):
        load(folder, CRM_SYNC_DATABASE_URL="postgresql://h/\udcff")


def test_the_environment_wins_over_dotenv_and_both_over_the_file(folder: Path) -> None:
    key = "CRM_SYNC_TARGETS__SANDBOX__CLIENT_ID"
    assert load(folder, TOML).targets["sandbox"].client_id == "key"
    assert load(folder, TOML, f"{key}=a").targets["sandbox"].client_id == "a"
    assert load(folder, TOML, f"{key}=a", **{key: "b"}).targets["sandbox"].client_id == "b"


def test_an_empty_variable_counts_as_not_set(folder: Path) -> None:
    key = "CRM_SYNC_TARGETS__SANDBOX__CLIENT_ID"
    assert load(folder, TOML, f"{key}=", **{key: ""}).targets["sandbox"].client_id == "key"
    assert load(folder, CRM_SYNC_TARGET="").target is None
    assert load(folder, CRM_SYNC_TARGET="  ").target is None


def test_a_whole_target_can_stand_in_the_environment(folder: Path) -> None:
    target = load(
        folder,
        CRM_SYNC_TARGETS__PRODUCTION_EU__INSTANCE_URL="https://example.my.salesforce.com/",
        CRM_SYNC_TARGETS__PRODUCTION_EU__CLIENT_SECRET=SECRET,
        crm_sync_targets__production_eu__read_timeout="7.5",
    ).targets["production_eu"]
    assert target.instance_url == "https://example.my.salesforce.com"
    assert target.read_timeout == 7.5
    assert target.client_secret is not None
    assert target.client_secret.get_secret_value() == SECRET


def test_dotenv_knows_quotes_comments_export_and_a_byte_order_mark(folder: Path) -> None:
    text = (
        "\ufeff# a comment\n\nexport CRM_SYNC_DATABASE_URL='postgresql://u:a%40#b@h/d'  # mine\n"
        'CRM_SYNC_TARGETS__SANDBOX__CLIENT_SECRET="x y"\r\nOTHER_PROGRAM=anything\n'
    )
    settings = load(folder, TOML, text)
    assert settings.database() == "postgresql://u:a%40#b@h/d"
    secret = settings.targets["sandbox"].client_secret
    assert secret is not None
    assert secret.get_secret_value() == "x y"


def test_paths_are_meant_from_where_the_settings_stand(folder: Path) -> None:
    settings = load(folder, TOML + 'ca_bundle = "ca.pem"\n')
    assert settings.targets["sandbox"].ca_bundle == folder / "ca.pem"


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("hunter2", "crm-sync.toml:1:8: this is not TOML"),
        ("\n  databse = 'hunter2'", "crm-sync.toml:2:3: databse is not a setting."),
        ("mapings = 'hunter2'",
         "crm-sync.toml:1:1: mapings is not a setting. Did you mean 'mappings'?"),
        (TOML + " clientid = 'hunter2'\n",
         "crm-sync.toml:6:2: targets.sandbox.clientid is not a setting. Did you mean 'client_id'?"),
        (TOML.replace("instance_url", "instance_ur"),
         "crm-sync.toml:4:1: targets.sandbox.instance_ur is not a setting. "
         "Did you mean 'instance_url'?"),
        ("[target.sandbox]\nclient_id = 'hunter2'",
         "crm-sync.toml:1:1: target has no keys below it. Did you mean 'targets'?"),
        ("[targts.sandbox]\nclient_id = 'hunter2'",
         "crm-sync.toml:1:1: targts is not a setting. Did you mean 'targets'?"),
        ("targets.sandbox.clint_id = 'hunter2'",
         "crm-sync.toml:1:1: targets.sandbox.clint_id is not a setting. Did you mean 'client_id'?"),
        ("targets = {sandbox = {clint_id = 'hunter2'}}",
         "crm-sync.toml:1:1: targets.sandbox.clint_id is not a setting. Did you mean 'client_id'?"),
        ("[targets.sandbox.client_id]\nx = 'hunter2'",
         "crm-sync.toml:1:1: client_id has no keys below it."),
        ("[targets.'My Org']\nclient_id = 'hunter2'",
         "crm-sync.toml:1:1: 'My Org' cannot be the name of a target."),
        ("targets = 'hunter2'", "crm-sync.toml:1:1: a target has keys."),
        ("history_days = 'hunter2'", "crm-sync.toml:1:1: history_days should be a valid integer"),
        ("history_days = 0",
         "crm-sync.toml:1:1: history_days should be greater than or equal to 1."),
        (TOML + "api_version = '60'",
         "crm-sync.toml:6:1: targets.sandbox.api_version should be written like 60.0."),
        (TOML + "auth = 'hunter2'",
         "crm-sync.toml:6:1: targets.sandbox.auth should be 'client_credentials', 'jwt_bearer', "),
        (TOML.replace("https", "http"),
         "crm-sync.toml:4:1: targets.sandbox.instance_url should be https://host"),
        ("[targets.sandbox]\nclient_id = 'hunter2'",
         "crm-sync.toml:1:1: the target sandbox has no instance_url. Set it under "
         "[targets.sandbox] in crm-sync.toml, or as CRM_SYNC_TARGETS__SANDBOX__INSTANCE_URL."),
        ("[targets.sandbox]", "crm-sync.toml:1:1: the target sandbox has no instance_url."),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_file_is_named_by_line_and_column(
    folder: Path, toml: str, said: str
) -> None:
    assert refusal(folder, toml).startswith(said)


@pytest.mark.parametrize("key", sorted(SECRETS))
def test_a_secret_does_not_belong_in_the_file(folder: Path, key: str) -> None:
    is_of_target = key in Target.model_fields
    toml = f"{TOML}{key} = 'hunter2'" if is_of_target else f"{key} = 'hunter2'"
    path = ("targets", "sandbox", key) if is_of_target else (key,)
    line = 6 if is_of_target else 1
    assert refusal(folder, toml) == (
        f"crm-sync.toml:{line}:1: {'.'.join(path)} is a secret. "
        f"Put it into .env or the environment as {variable(*path)}."
    )


def test_the_secrets_are_these() -> None:
    assert sorted(SECRETS) == [
        "access_token", "client_secret", "database_url", "login_password", "owner_database_url",
        "password", "private_key", "security_token",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("CRM_SYNC_DATABSE_URL", "CRM_SYNC_DATABASE_URL"),
        ("CRM_SYNC_TARGETS__SANDBOX__CLIENT_SECRT", "CRM_SYNC_TARGETS__SANDBOX__CLIENT_SECRET"),
        ("CRM_SYNC_TARGET__SANDBOX__CLIENT_SECRET", "CRM_SYNC_TARGETS__SANDBOX__CLIENT_SECRET"),
        ("CRM_SYNC_TARGETS_SANDBOX_CLIENT_ID", None),
    ],
)
def test_an_unknown_variable_is_an_error_wherever_it_stands(
    folder: Path, name: str, nearest: str | None
) -> None:
    hint = f" Did you mean '{nearest}'?" if nearest else ""
    in_environment = refusal(folder, TOML, **{name: "hunter2"})
    in_dotenv = refusal(folder, TOML, f"\n# x\n{name}=hunter2\n")
    if nearest:
        assert in_environment == f"{name} is not a setting.{hint}"
        assert in_dotenv == f".env:3:1: {name} is not a setting.{hint}"
    else:
        assert "is not a setting" in in_environment
        assert in_dotenv.startswith(".env:3:1: ")


def test_a_misspelt_target_in_a_variable_names_the_nearest(folder: Path) -> None:
    said = refusal(folder, TOML, "CRM_SYNC_TARGETS__SANDBX__CLIENT_SECRET=hunter2")
    assert said.startswith(
        ".env:1:1: CRM_SYNC_TARGETS__SANDBX__CLIENT_SECRET: the target sandbx has no instance_url. "
        "Did you mean 'sandbox'?"
    )


def test_a_wrong_value_of_a_variable_is_not_repeated(folder: Path) -> None:
    said = refusal(folder, TOML, CRM_SYNC_TARGETS__SANDBOX__ATTEMPTS="hunter2")
    assert said.startswith("CRM_SYNC_TARGETS__SANDBOX__ATTEMPTS: should be a valid integer")


@pytest.mark.parametrize("line", ["hunter2 and more", "'hunter2'", "= hunter2"])
def test_a_line_of_dotenv_that_is_none(folder: Path, line: str) -> None:
    assert refusal(folder, dotenv=f"A=1\n\n{line}\n") == ".env:3:1: this line is not KEY=value."


def test_files_that_are_not_utf8(folder: Path) -> None:
    (folder / ".env").write_bytes(b"CRM_SYNC_TARGET=\xfc")
    with pytest.raises(SettingsError, match=r"\.env is not UTF-8"):
        load_settings(folder, {})


def test_no_secret_is_in_a_representation(folder: Path) -> None:
    settings = load(
        folder, TOML, CRM_SYNC_DATABASE_URL=f"postgresql://u:{SECRET}@h/d",
        CRM_SYNC_TARGETS__SANDBOX__CLIENT_SECRET=SECRET,
        CRM_SYNC_TARGETS__SANDBOX__ACCESS_TOKEN=SECRET,
    )  # fmt: skip
    for shown in (repr(settings), str(settings), settings.model_dump_json()):
        assert "hunter2" not in shown


def test_choosing_a_target(folder: Path) -> None:
    two = TOML + "\n[targets.production]\ninstance_url = 'https://x.my.salesforce.com'\n"
    assert load(folder, two).chosen(None)[0] == "sandbox"
    assert load(folder, two).chosen("production")[0] == "production"
    with pytest.raises(SettingsError, match="Did you mean 'production'"):
        load(folder, two).chosen("prodution")
    with pytest.raises(SettingsError, match="There are 2 targets: production, sandbox"):
        load(folder, two.replace('target = "sandbox"', "")).chosen(None)
    with pytest.raises(SettingsError, match="No target is named"):
        load(folder).chosen(None)


def test_no_database_url(folder: Path) -> None:
    with pytest.raises(SettingsError, match="Set CRM_SYNC_DATABASE_URL"):
        load(folder).database()


def names_in(text: str) -> set[str]:
    return set(re.findall(r"^(CRM_SYNC_\w+)=", text, re.MULTILINE))


def test_env_example_has_every_setting_and_no_other(folder: Path) -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    wanted = {variable(name) for name in Settings.model_fields if name != "targets"}
    wanted |= {
        variable("targets", "sandbox", name) for name in Target.model_fields if name != "where"
    }
    assert names_in(text) == wanted
    file = (ROOT / "crm-sync.example.toml").read_text(encoding="utf-8")
    # Whoever copies both files and fills in the first meets nothing of the second in its place.
    assert load(folder, file, dotenv=text).targets == load(folder, file, dotenv="").targets
    for field, default in ((n, f.default) for n, f in Target.model_fields.items()):
        if default is not None and field not in ("instance_url", "auth"):
            comment = text[: text.index(variable("targets", "sandbox", field) + "=")]
            assert re.search(rf"Defaults?: [^\n]*\b{default}", comment)


def test_the_example_file_has_every_setting_that_is_no_secret(folder: Path) -> None:
    text = (ROOT / "crm-sync.example.toml").read_text(encoding="utf-8")
    assert set(load(folder, text).targets) == {"sandbox", "production"}
    for name in {*Settings.model_fields, *Target.model_fields} - SECRETS:
        assert re.search(rf"^(# )?\[?{name}( = |\.)", text, re.MULTILINE), name
    shown = re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE)
    assert load(folder, shown).targets["production"].attempts == 5


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("https://a.my.salesforce.com/", True), ("https://127.0.0.1:8443", True),
        ("https://[::1]:443", True), ("https://a..b", False), ("https://[::1", False),
        ("https://:99999", False), ("https://h:99999", False), ("https://.example.com", False),
    ],
)  # fmt: skip
def test_an_instance_url_is_an_address(folder: Path, url: str, is_one: bool) -> None:
    given = {"CRM_SYNC_TARGETS__SANDBOX__INSTANCE_URL": url}
    if is_one:
        assert load(folder, TOML, **given).targets["sandbox"].instance_url == url.rstrip("/")
    else:
        with pytest.raises(SettingsError, match="should be https://host, without a path"):
            load(folder, TOML, **given)


def test_a_target_narrows_mappings_and_names_its_own(folder: Path) -> None:
    (folder / "crm-sync.toml").write_text(
        '[targets.acme]\ninstance_url = "https://acme.my.salesforce.com"\nmappings = "acme"\n\n'
        "[targets.acme.where]\nlead = \"owner_email = 'a@example.com'\"\n",
        "utf-8",
    )
    settings = load_settings(folder, {"CRM_SYNC_TARGETS__ACME__WHERE__TASK": "completed"})
    target = settings.targets["acme"]
    assert target.where == {"lead": "owner_email = 'a@example.com'", "task": "completed"}
    assert target.places == {
        "lead": "crm-sync.toml:6:1",
        "task": "CRM_SYNC_TARGETS__ACME__WHERE__TASK",
    }
    assert settings.for_target("acme").mappings == folder / "acme"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('where = "x"', "crm-sync.toml:3:1: where has the SQL of each mapping by its name."),
        ('where.lead.sql = "x"', "crm-sync.toml:3:1: where has the SQL of each mapping by its"),
        ("where.lead = 3", "crm-sync.toml:3:1: targets.acme.where.lead should be a valid string."),
        (
            'where.lead = " "',
            "crm-sync.toml:3:1: targets.acme.where.lead String should have at least 1",
        ),
        ("max_changes = -1", "crm-sync.toml:3:1: targets.acme.max_changes should be greater than"),
    ],
)
def test_a_narrowing_that_is_none_is_told_with_its_place(
    folder: Path, lines: str, said: str
) -> None:
    (folder / "crm-sync.toml").write_text(
        f'[targets.acme]\ninstance_url = "https://acme.my.salesforce.com"\n{lines}\n', "utf-8"
    )
    with pytest.raises(SettingsError) as caught:
        load_settings(folder, {})
    assert str(caught.value).startswith(said), caught.value
