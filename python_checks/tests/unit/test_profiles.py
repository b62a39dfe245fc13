"""The profiles contain no secrets, the examples are documented, and the Thrift target is valid."""

import os
import re
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

from python_checks.testing.needs import needs_spark
from python_checks.testing.paths import PROJECT

SERVICES = {"databricks": "databricks", "fabric": "fabricspark"}
EXAMPLES = [PROJECT / "profiles" / service / "profiles.yml" for service in SERVICES]
PROFILES = [PROJECT / "profiles.yml", *EXAMPLES]

# Names of keys that hold a secret.
SECRET_KEY = re.compile(r"secret|token|password|passphrase|private_key|keyfile|access_?key", re.I)
SECRET_FROM_ENVIRONMENT = re.compile(r"\{\{ env_var\('DBT_ENV_SECRET_[A-Z_]+'\) \}\}")
# Text that may be a secret: long runs of letters and digits, tokens, private keys and UUIDs.
SECRET_TEXT = re.compile(
    r"[A-Za-z0-9+/_~-]{32,}|dapi[0-9a-f]+|ey[JK][\w-]+\.|-----BEGIN|[0-9a-f]{8}-"
)


def outputs(path: Path) -> dict[str, dict[str, Any]]:
    loaded = yaml.safe_load(path.read_text("utf-8"))["bank_warehouse"]
    assert loaded["target"] in loaded["outputs"]
    found: dict[str, dict[str, Any]] = loaded["outputs"]
    return found


def leaves(value: Any, key: str = "") -> list[tuple[str, Any]]:
    """Return each scalar value of a target with its key."""
    if isinstance(value, dict):
        return [leaf for name, part in value.items() for leaf in leaves(part, name)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in leaves(part, key)]
    return [(key, value)]


def faults(path: Path) -> list[str]:
    """Return each key of a profile whose value is a secret or may be one."""
    found = []
    for name, target in outputs(path).items():
        for key, value in leaves(target):
            text = str(value)
            if (
                not SECRET_FROM_ENVIRONMENT.fullmatch(text)
                if SECRET_KEY.search(key)
                else SECRET_TEXT.search(re.sub(r"\{\{.*?\}\}", "", text))
            ):
                found.append(f"{name}.{key}")
    return found


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.parent.name)
def test_no_profile_contains_a_secret(path: Path) -> None:
    assert faults(path) == []


@pytest.mark.parametrize(
    "line",
    [
        "client_secret: hunter2",
        "client_secret: \"{{ env_var('DBT_ENV_SECRET_X', 'hunter2') }}\"",
        "client_secret: \"{{ env_var('X') }}\"",
        "token: dapi0123456789",
        "http_path: /sql/0123456789abcdef0123456789abcdef",
        "client_id: 0f0e0d0c-0000-4000-8000-000000000000",
        "session_properties: {password: hunter2}",
    ],
)
def test_a_secret_in_a_profile_is_found(line: str, tmp_path: Path) -> None:
    path = tmp_path / "profiles.yml"
    path.write_text(f"bank_warehouse: {{target: a, outputs: {{a: {{{line}}}}}}}\n", "utf-8")
    assert len(faults(path)) == 1


@pytest.mark.parametrize(("service", "adapter"), SERVICES.items())
def test_example_profiles_name_their_adapter_and_require_variables(
    service: str, adapter: str
) -> None:
    (target,) = outputs(PROJECT / "profiles" / service / "profiles.yml").values()
    assert target["type"] == adapter
    assert target["schema"] == "staging"
    needed = [text for _, text in leaves(target) if re.search(r"env_var\('\w+'\)", str(text))]
    assert len(needed) >= 4


def test_variables_of_example_profiles_are_documented() -> None:
    text = (PROJECT / "docs/spark-cluster.md").read_text("utf-8")
    for path in EXAMPLES:
        for name in re.findall(r"env_var\('(\w+)'", path.read_text("utf-8")):
            assert f"`{name}`" in text, name


def test_thrift_target_is_valid_for_dbt_spark(monkeypatch: pytest.MonkeyPatch) -> None:
    needs_spark()
    from dbt.adapters.spark import connections

    monkeypatch.setenv("BANK_SPARK_HOST", "thrift.bank.example")
    monkeypatch.setenv("BANK_SPARK_PORT", "10009")
    target = rendered(outputs(PROJECT / "profiles.yml")["spark_thrift"])
    assert target.pop("type") == "spark"
    del target["threads"]
    connections.SparkCredentials.validate(target)
    credentials = connections.SparkCredentials.from_dict(target)
    assert credentials.method == "thrift"
    assert (credentials.host, credentials.port) == ("thrift.bank.example", 10009)
    assert credentials.poll_interval == 0


def rendered(target: dict[str, Any]) -> dict[str, Any]:
    """Return a target as dbt renders it. Only `env_var` and `as_number` are supported."""
    environment = jinja2.Environment()  # noqa: S701
    environment.globals["env_var"] = os.environ.get
    environment.filters["as_number"] = int
    return {
        key: yaml.safe_load(environment.from_string(value).render())
        if isinstance(value, str)
        else value
        for key, value in target.items()
    }
