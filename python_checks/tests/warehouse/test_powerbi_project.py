"""The committed Power BI project matches dbt's artifacts and is valid."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft7Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from bank_warehouse.powerbi import (
    artifacts,
    checks,
    conventions,
    exposures,
    model,
    model_text,
    page_parts,
    project,
    report,
    report_checks,
    report_files,
    settings,
    theme,
)
from bank_warehouse.powerbi.artifacts import Artifacts
from bank_warehouse.powerbi.command import command
from bank_warehouse.powerbi.definitions import Model
from bank_warehouse.powerbi.errors import PowerBIError
from bank_warehouse.powerbi.names import for_people, identifier
from bank_warehouse.powerbi.page_parts import Page
from bank_warehouse.powerbi.pages import PAGES
from bank_warehouse.powerbi.source import Source
from python_checks.testing.paths import PROJECT

COMMITTED = PROJECT / "powerbi"
SCHEMAS = PROJECT / ".." / "shared" / "powerbi" / "schemas"
SCHEMA_BASE = "https://developer.microsoft.com/json-schemas/"


@pytest.fixture(scope="module")
def read_artifacts(built_target: Path) -> Artifacts:
    return artifacts.read(built_target, PROJECT)


@pytest.fixture(scope="module")
def built_model(read_artifacts: Artifacts) -> Model:
    return model.build(read_artifacts, PAGES)


@pytest.fixture(scope="module")
def committed() -> dict[str, str]:
    return project.read(COMMITTED)


# ---------- what is committed


def test_committed_project_matches_the_artifacts(built_model: Model) -> None:
    stale = project.differences(COMMITTED, project.files(built_model, PAGES))
    assert stale == [], "run `bank powerbi` and commit"


def test_committed_exposures_match_the_pages(built_model: Model) -> None:
    written = (PROJECT / exposures.PATH).read_text("utf-8")
    assert written == exposures.write(built_model, PAGES), "run `bank powerbi` and commit"


def test_writing_twice_gives_the_same_files(read_artifacts: Artifacts, tmp_path: Path) -> None:
    for name in ("one", "other"):
        project.write(tmp_path / name, project.files(model.build(read_artifacts, PAGES), PAGES))
    assert project.differences(tmp_path / "one", project.read(tmp_path / "other")) == []
    stale = tmp_path / "one/Bank.SemanticModel/definition/tables/Gone.tmdl"
    stale.write_text("table Gone\n", "utf-8")
    kept = tmp_path / "one/Bank.Report/.pbi/localSettings.json"
    kept.parent.mkdir()
    kept.write_text("{}", "utf-8")
    project.write(tmp_path / "one", project.read(tmp_path / "other"))
    assert not stale.exists()
    assert kept.exists()


def test_check_option_finds_stale_files(built_target: Path, tmp_path: Path) -> None:
    """The check needs only two files of the target folder, which every build writes."""
    target = tmp_path / "target"
    target.mkdir()
    edited_target(built_target, target, lambda _: None)
    run = CliRunner().invoke(command, ["--check", "--target", str(target)])
    assert run.exit_code == 0, run.output
    out = tmp_path / "project"
    run = CliRunner().invoke(command, ["--check", "--target", str(target), "--out", str(out)])
    assert run.exit_code == 1
    assert run.output.startswith(f"Error: {out} has no Power BI project: run `bank powerbi --ta")
    project.write(out, project.read(COMMITTED))
    (out / "Bank.pbip").write_text("{}", "utf-8")
    run = CliRunner().invoke(command, ["--check", "--target", str(target), "--out", str(out)])
    assert run.exit_code == 1
    assert "\nBank.pbip\n" in run.output
    given = {"target": target, "out": out}
    options = " ".join(f"--{name}={path}" for name, path in given.items())
    assert f"run `bank powerbi {options}`" in run.output
    assert CliRunner().invoke(command, options.split()).exit_code == 0
    (out / "stray.txt").write_text("mine", "utf-8")
    run = CliRunner().invoke(command, ["--check", *options.split()])
    assert run.exit_code == 0, run.output


def test_direct_query_leaves_customer_facts_in_the_database(
    read_artifacts: Artifacts,
) -> None:
    asked = Source(kind="postgres", mode="directQuery")
    files = project.files(model.build(read_artifacts, PAGES, asked), PAGES)
    modes = {
        Path(path).stem: re.findall(r"mode: (\w+)", text)
        for path, text in files.items()
        if "/tables/" in path
    }
    assert modes["Customers"] == modes["Product holdings"] == ["directQuery"]
    assert modes["Products"] == modes["Dates"] == ["dual"]
    assert modes["Dimensions"] == modes["Access"] == modes["Key figures"] == ["import"]
    assert modes["Stress results"] == ["import"]
    assert checks.findings(files) == []


# ---------- the data source


def run_command(built_target: Path, out: Path, *arguments: str) -> Result:
    return CliRunner().invoke(
        command, ["--target", str(built_target), "--out", str(out), *arguments]
    )


def test_source_is_written_and_kept(built_target: Path, tmp_path: Path) -> None:
    arguments = ("--source", "postgres", "--host", "db.bank.example:5433", "--database", "marts")
    run = run_command(built_target, tmp_path, *arguments)
    assert run.exit_code == 0, run.output
    assert "PostgreSQL db.bank.example:5433/marts" in run.output
    written = project.read(tmp_path)
    assert settings.chosen(tmp_path, {}) == Source(
        kind="postgres", host="db.bank.example:5433", database="marts"
    )
    assert "Parquet" not in written["Bank.SemanticModel/definition/expressions.tmdl"]
    assert run_command(built_target, tmp_path).exit_code == 0
    assert project.read(tmp_path) == written
    assert run_command(built_target, tmp_path, "--check").exit_code == 0
    run = run_command(built_target, tmp_path, "--check", "--database", "other")
    assert run.exit_code == 1
    assert "expressions.tmdl" in run.output
    assert "--database=other`" in run.output


def test_source_can_be_changed(built_target: Path, tmp_path: Path) -> None:
    run = run_command(built_target, tmp_path, "--source", "postgres", "--mode", "directQuery")
    assert run.exit_code == 0, run.output
    run = run_command(
        built_target, tmp_path, "--source", "parquet", "--folder", "\\\\files\\published\\",
        "--release", "7", "--access-file", "\\\\files\\bank\\who sees.csv",
    )  # fmt: skip
    assert run.exit_code == 0, run.output
    assert settings.chosen(tmp_path, {}) == Source(
        folder="\\\\files\\published", release="7", access="\\\\files\\bank\\who sees.csv"
    )
    run = run_command(built_target, tmp_path, "--access-file=")
    assert run.exit_code == 0, run.output
    texts = "".join(project.read(tmp_path).values())
    assert "File.Contents" not in texts
    assert "PostgreSQL" not in "".join(re.findall(r"(?s)expression .*?\n\n", texts))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--host", "db"], "--host is for --source postgres"),
        (["--source", "postgres", "--folder", "C:\\x"], "--folder is for --source parquet"),
        (["--folder", "published"], "--folder is not the full path"),
        (["--source", "postgres", "--host", "db:99999999"], "a port from 1 to 65535"),
        (["--mode", "directQuery"], "give --source postgres too"),
        (["--source", "postgresql://me:hunter2@db"], "It must be one of parquet, postgres."),
        (["--out", ""], "It is empty: name a folder"),
        (["--mode", "hunter2"], "It must be one of import, directQuery."),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_invalid_options_are_refused(
    arguments: list[str], complaint: str, built_target: Path, tmp_path: Path
) -> None:
    run = run_command(built_target, tmp_path, *arguments)
    assert run.exit_code in (1, 2)
    assert complaint in run.output
    assert "hunter2" not in run.output
    assert not (tmp_path / "Bank.pbip").exists()


def test_project_has_no_personal_columns_or_local_paths(committed: dict[str, str]) -> None:
    for path, text in committed.items():
        for column in checks.PERSONAL:
            assert f"sourceColumn: {column}" not in text, path
        assert "/home/" not in text, path
        assert "/tmp/" not in text, path  # noqa: S108


# ---------- valid and sound


def test_committed_project_has_no_mistakes(committed: dict[str, str]) -> None:
    assert checks.findings(committed) == []
    assert sum(path.endswith("/visual.json") for path in committed) == sum(
        len(page.visuals) for page in PAGES
    )


@pytest.fixture(scope="module")
def registry() -> Registry[Any]:
    if not SCHEMAS.is_dir():
        pytest.skip("Microsoft's schemas are not available")
    found = [
        (
            SCHEMA_BASE + path.relative_to(SCHEMAS).as_posix(),
            Resource.from_contents(json.loads(path.read_text("utf-8")), DRAFT7),
        )
        for path in SCHEMAS.rglob("*.json")
    ]
    empty: Registry[Any] = Registry()
    return empty.with_resources(found)


def schema_errors(content: dict[str, Any], registry: Registry[Any]) -> list[str]:
    schema = registry.contents(content["$schema"])
    return [
        f"{error.json_path}: {error.message}"
        for error in Draft7Validator(schema, registry=registry).iter_errors(content)
    ]


def test_every_file_of_the_report_is_valid_under_its_schema(
    committed: dict[str, str], registry: Registry[Any]
) -> None:
    validated = 0
    for path, text in committed.items():
        if not path.endswith((".json", ".pbip", ".pbir", ".pbism", ".platform")):
            continue
        if path.endswith(theme.FILE):
            continue  # themes name no schema
        assert schema_errors(json.loads(text), registry) == [], path
        validated += 1
    assert validated > 80


@pytest.mark.parametrize(
    "change",
    [
        lambda visual: visual.pop("position"),
        lambda visual: visual["visual"].update(colour="red"),
        lambda visual: visual["position"].update(x="left"),
        lambda visual: visual.update(name=7),
    ],
    ids=["no position", "unknown key", "text instead of a number", "number instead of a name"],
)
def test_schemas_catch_a_broken_visual(
    change: Callable[[dict[str, Any]], Any], committed: dict[str, str], registry: Registry[Any]
) -> None:
    path = next(path for path in committed if path.endswith("/visual.json"))
    visual = json.loads(committed[path])
    assert schema_errors(visual, registry) == []
    change(visual)
    assert schema_errors(visual, registry) != []


# ---------- the semantic model


def test_model_has_every_published_mart_and_the_used_columns(
    read_artifacts: Artifacts, built_model: Model
) -> None:
    assert len(read_artifacts.marts) > 20
    left_out = []
    for mart in read_artifacts.marts.values():
        table = built_model.by_origin(mart.name)
        assert table.description == mart.description
        held = {column.source: column for column in table.columns}
        for column in mart.columns.values():
            if column.name in held:
                assert held[column.name].description == column.description
                assert f'"{column.name}"' in table.query
            else:
                left_out.append((mart.name, column.name))
                assert "Table.RemoveColumns" in table.query or f'"{column.name}"' not in table.query
    assert ("dim_customers", "gender") not in left_out
    assert ("fct_customer_risk", "watch_list_reasons") in left_out
    assert ("fct_product_gaps", "income_band") in left_out
    names = {table.origin for table in built_model.tables.values()}
    assert "dim_customer_identities" not in names
    assert "fct_quarantined_clients" not in names


def test_relationships_tests_become_relationships_of_the_model(
    read_artifacts: Artifacts, built_model: Model
) -> None:
    expected = {
        (each.child, each.child_column, each.parent, each.parent_column)
        for each in read_artifacts.references
        if each.parent in read_artifacts.marts or each.parent in conventions.INLINED_SEEDS
    }
    origins = {table.name: table.origin for table in built_model.tables.values()}
    written = set()
    for each in built_model.relationships:
        child, parent = built_model.tables[each.from_table], built_model.tables[each.to_table]
        sources = [
            next(column.source for column in table.columns if column.name == name)
            for table, name in ((child, each.from_column), (parent, each.to_column))
        ]
        written.add((origins[child.name], sources[0], origins[parent.name], sources[1]))
    second = ("fct_product_pairs", "other_product", "dim_products", "product")
    assert written == expected - {second}
    assert len(written) > 12


@pytest.mark.parametrize(
    ("mart", "column", "order"),
    [
        ("dim_customers", "age_band", ["Under 17", "17-24", "25-34"]),
        ("dim_customers", "tenure_band", ["< 1 y", "1-5 y", "5-10 y"]),
        ("dim_customers", "loyalty_classification", ["Jade", "Silver", "Gold", "Platinum"]),
        ("dim_customers", "income_band", ["Low", "Mid", "High"]),
        ("dim_customers", "watch_list_level", ["none", "watch", "review", "act"]),
        ("fct_segment_profiles", "value", ["< 1 y", "1-5 y", "5-10 y", "10-20 y", "20+ y"]),
        ("fct_risk_migrations", "to_watch_list_level", ["none", "watch", "review", "act"]),
        ("fct_risk_heatmap", "row_value", ["Jade", "Silver", "Gold", "Platinum"]),
        ("fct_stress_sensitivity", "direction", ["smaller", "larger"]),
    ],
)
def test_ordered_values_sort_in_their_own_order(
    mart: str, column: str, order: list[str], built_model: Model
) -> None:
    table = built_model.by_origin(mart)
    in_words = {each.source for each in table.columns} & {f"{column}_in_words"}
    found = table.words_of(column) if in_words else table.column_of(column)
    sorter = next(each for each in table.columns if each.name == found.sort_by)
    assert sorter.is_hidden
    chain = re.search(
        rf'"{sorter.source}",\s+each (if .*?else \d+),\n', table.query, flags=re.DOTALL
    )
    assert chain is not None
    positions = {
        value: int(number)
        for value, number in re.findall(rf'\[{column}\] = "([^"]*)" then (\d+)', chain[1])
    }
    numbers = [positions[value] for value in order]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == len(order)


def test_helper_fields_are_hidden(committed: dict[str, str]) -> None:
    model = model_text.read(committed)
    hidden = {name for name, (_, node) in model.measures.items() if "isHidden" in node.properties}
    assert {
        "Sum of ages",
        "Sum of tenures",
        "Share of customers in row, risk weighting across",
    } <= hidden
    assert {
        name for name in model.measures if name.startswith(("Finding on", "Chance of"))
    } < hidden
    assert not hidden & {"Customers", "Mean age", "Share of customers in row", "Total loans"}
    visible = {
        (table, name)
        for table, columns in model.columns.items()
        for name, node in columns.items()
        if "isHidden" not in node.properties
    }
    assert ("Customer recommendations", "Owner") in visible
    codes = {
        ("Customer recommendations", "Fact"),
        ("Customer recommendations", "Money measure"),
        ("Products", "Product code"),
        ("Stress scenarios", "Scenario"),
        ("Dimensions", "Dimension"),
        ("Customers", "Watch-list level"),
    }
    assert not visible & codes


def test_occupation_tenure_and_income_have_hierarchies(built_model: Model) -> None:
    customers = built_model.by_origin("dim_customers")
    levels = {each.name: each.levels for each in customers.hierarchies}
    assert levels["Occupation levels"] == ("Occupation family", "Occupation title")
    assert levels["Tenure levels"][0] == "Tenure band"
    assert levels["Income levels"][0] == "Income band"


def test_dates_are_marked_and_keys_are_hidden(built_model: Model) -> None:
    dates = [table for table in built_model.tables.values() if table.is_date_table]
    assert [table.origin for table in dates] == ["dim_dates"]
    assert [column.source for column in dates[0].columns if column.is_key] == ["date_day"]
    for table in built_model.tables.values():
        for column in table.columns:
            if column.source.endswith("_key"):
                assert column.is_hidden, (table.name, column.name)


def test_identifiers_are_stable_and_unique(committed: dict[str, str]) -> None:
    assert identifier("table", "Customers") == "b17cde6c-3a42-57c7-9c72-2948d0885623"
    tags = [tag for text in committed.values() for tag in re.findall(r"lineageTag: (.*)", text)]
    assert len(tags) == len(set(tags)) > 300


def test_column_names_become_display_names() -> None:
    assert for_people("as_of_date") == "As-of date"
    assert for_people("total_loans") == "Total loans"


# ---------- what is refused


def test_missing_artifact_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(PowerBIError, match=r"manifest\.json is missing: run `bank build`"):
        artifacts.read(tmp_path, PROJECT)
    run = CliRunner().invoke(command, ["--target", str(tmp_path), "--out", str(tmp_path)])
    assert run.exit_code == 1
    assert "bank build" in run.output


def edited_target(built_target: Path, folder: Path, change: Callable[[Any], None]) -> None:
    """Copy the two manifests into a folder, with a change to manifest.json."""
    for name in ("manifest.json", "semantic_manifest.json"):
        content = json.loads((built_target / name).read_text("utf-8"))
        if name == "manifest.json":
            change(content)
        (folder / name).write_text(json.dumps(content), "utf-8")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b'{"nodes": {', "is not JSON (Expecting"),
        (b"", "is not JSON (Expecting value: line 1"),
        (b'{\n"Z\xfcrich": 1}', "line 2, is not UTF-8"),
        (b"[1, 2]", "does not have the expected structure"),
        (b"{}", "does not have the expected structure (KeyError: 'nodes')"),
        (b'{"nodes": {}}', "conventions.py names"),
    ],
)
@pytest.mark.parametrize("name", ["manifest.json", "semantic_manifest.json"])
def test_broken_artifact_is_named_with_the_remedy(
    name: str, content: bytes, complaint: str, built_target: Path, tmp_path: Path
) -> None:
    edited_target(built_target, tmp_path, lambda _: None)
    (tmp_path / name).write_bytes(content)
    run = run_command(tmp_path, tmp_path / "project")
    assert run.exit_code == 1
    assert isinstance(run.exception, SystemExit)
    if name == "manifest.json":
        assert complaint in run.output
    if "conventions" not in complaint:
        assert str(tmp_path / name) in run.output
    assert re.search("run `bank build`|build the warehouse again|Run `dbt parse`", run.output)
    assert not (tmp_path / "project").exists()


def test_unreadable_artifact_is_named(built_target: Path, tmp_path: Path) -> None:
    edited_target(built_target, tmp_path, lambda _: None)
    (tmp_path / "manifest.json").unlink()
    (tmp_path / "manifest.json").mkdir()
    run = run_command(tmp_path, tmp_path / "project")
    assert isinstance(run.exception, SystemExit)
    assert re.search(
        r"manifest\.json cannot be used \(.*\): give this user.*`bank build`", run.output
    )


def test_seed_changed_since_the_build_is_named(
    built_target: Path, built_manifest: dict[str, Any], tmp_path: Path
) -> None:
    seeds = [
        node["original_file_path"]
        for node in built_manifest["nodes"].values()
        if node["resource_type"] == "seed" and node["schema"] == "reference"
    ]
    assert len(seeds) > 3
    for name in seeds:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, tmp_path / name)
    path = tmp_path / seeds[1]
    rest = path.read_text("utf-8").split(",", 1)[1]
    for content, complaint in (
        ("other," + rest, f"{path} has no column"),
        (None, f"{path} is missing: run `bank build`"),
    ):
        path.unlink()
        if content:
            path.write_text(content, "utf-8")
        with pytest.raises(PowerBIError, match=re.escape(complaint)):
            artifacts.read(built_target, tmp_path)


def test_unknown_type_is_named(built_target: Path, tmp_path: Path) -> None:
    def change(manifest: Any) -> None:
        node = manifest["nodes"]["model.bank_warehouse.fct_customer_segments"]
        node["columns"]["segment"]["data_type"] = "hugeint"

    edited_target(built_target, tmp_path, change)
    with pytest.raises(PowerBIError, match="A contract has the type hugeint"):
        model.build(artifacts.read(tmp_path, PROJECT), PAGES)


def test_mart_without_an_enforced_contract_is_refused(built_target: Path, tmp_path: Path) -> None:
    def change(manifest: Any) -> None:
        node = manifest["nodes"]["model.bank_warehouse.fct_customer_positions"]
        node["contract"]["enforced"] = False

    edited_target(built_target, tmp_path, change)
    with pytest.raises(PowerBIError, match="fct_customer_positions has no enforced contract"):
        artifacts.read(tmp_path, PROJECT)


def test_missing_column_is_named(built_target: Path, tmp_path: Path) -> None:
    def change(manifest: Any) -> None:
        del manifest["nodes"]["model.bank_warehouse.fct_customer_segments"]["columns"]["segment"]

    edited_target(built_target, tmp_path, change)
    with pytest.raises(PowerBIError, match=r"conventions\.py names fct_customer_segments\.segment"):
        model.build(artifacts.read(tmp_path, PROJECT), PAGES)


def test_page_with_an_unknown_field_is_refused(built_model: Model) -> None:
    place = page_parts.Place(0, 0, 100, 100)
    for field in (page_parts.measure("Profit"), page_parts.column("dim_customers", "shoe_size")):
        visual = page_parts.Visual("v", "tableEx", place, "T", "A", {"Values": (field,)})
        page = page_parts.Page("p", "P", "Nothing.", (visual,))
        with pytest.raises(PowerBIError, match=r"pages\.py: .*(Profit|shoe_size)"):
            report.write(built_model, (page,))


# ---------- who sees what


def test_guide_lists_pages_with_hidden_parts(committed: dict[str, str]) -> None:
    read = model_text.read(committed)
    role = read.roles["By banking relationship"]
    closed = {each.name for each in role.of("tablePermission") if each.text == "FALSE()"}
    assert "Control totals" in closed
    expected = {
        page.title
        for page in report_files.pages(committed).values()
        for visual in page.visuals.values()
        for tables in [report_checks.tables_shown(visual, read)]
        if tables & closed
    }
    guide = (PROJECT / "docs/power-bi.md").read_text("utf-8")
    (rows,) = re.findall(r"\| page \| empty in .*\n.*---.*\n((?:\|.*\n)+)", guide)
    assert set(re.findall(r"(?m)^ *\| ([^|]+) \|", rows)) == expected
    assert set(read.roles) == set(re.findall(r"(?m)^\| `([^`]+)` \| (?:every|customers)", guide))


# ---------- the phone layout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.key)
def test_phone_shows_the_heat_map_slicer_only_with_a_heat_map(page: Page) -> None:
    shown = {visual.key for visual in page.visuals if visual.on_phone}
    changed = {visual.key for visual in page.visuals if visual.parameter}
    assert "heat_map_shows" not in shown or changed & shown


# ---------- lineage


def test_lineage_runs_from_the_raw_file_to_every_page(built_target: Path) -> None:
    manifest = json.loads((built_target / "manifest.json").read_text("utf-8"))
    pages = {
        each["name"]: each
        for each in manifest["exposures"].values()
        if each["name"].startswith("power_bi_")
    }
    assert pages.keys() == {f"power_bi_{page.key}" for page in PAGES}
    for name, exposure in pages.items():
        ancestors, open_ends = set(), list(exposure["depends_on"]["nodes"])
        while open_ends:
            node = open_ends.pop()
            if node not in ancestors:
                ancestors.add(node)
                open_ends += manifest["parent_map"].get(node, [])
        assert "seed.bank_warehouse.raw_clients" in ancestors, name


def test_exposures_list_the_models_that_a_page_reads(built_model: Model) -> None:
    by_key = {page.key: page for page in PAGES}
    assert {
        "fct_balance_concentration",
        "fct_customer_positions",
        "dim_customers",
    } <= set(exposures.marts_of(by_key["overview"], built_model))
    assert {"fct_expected_losses", "fct_stress_results", "fct_stress_sensitivity"} <= set(
        exposures.marts_of(by_key["stress"], built_model)
    )
    assert {"fct_risk_drivers", "fct_customer_risk"} <= set(
        exposures.marts_of(by_key["credit_and_risk"], built_model)
    )
    assert "fct_segment_migrations" in exposures.marts_of(by_key["migrations"], built_model)
    assert "fct_expected_losses" not in exposures.marts_of(by_key["overview"], built_model)
    assert "fct_segment_differences" in exposures.marts_of(by_key["tooltip_income"], built_model)


def test_exposures_are_written_only_for_the_project_folder(
    built_target: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    (clone / exposures.PATH).parent.mkdir(parents=True)
    shutil.copy(PROJECT / "dbt_project.yml", clone)
    shutil.copytree(PROJECT / "seeds", clone / "seeds")
    path = clone / exposures.PATH
    path.write_text("old", "utf-8")
    arguments = ["--project-dir", str(clone), "--target", str(built_target)]
    elsewhere = [*arguments, "--out", str(tmp_path / "elsewhere")]
    for command_line in (elsewhere, [*elsewhere, "--check"]):
        run = CliRunner().invoke(command, command_line)
        assert run.exit_code == 0, run.output
    assert path.read_text("utf-8") == "old"
    path.unlink()
    path.mkdir()
    run = CliRunner().invoke(command, arguments)
    assert isinstance(run.exception, SystemExit)
    assert re.search(rf"{path.name} cannot be used \(.*\): give this user the right", run.output)
    assert not (clone / "powerbi").exists()
    path.rmdir()
    run = CliRunner().invoke(command, [*arguments, "--out", str(clone / "x" / ".." / "powerbi")])
    assert run.exit_code == 0, run.output
    assert path.read_text("utf-8") == (PROJECT / exposures.PATH).read_text("utf-8")
    path.write_text("old", "utf-8")
    run = CliRunner().invoke(command, [*arguments, "--check"])
    assert run.exit_code == 1
    assert run.output.splitlines()[1:] == [exposures.PATH]


@pytest.mark.parametrize("refused", ["Bank.pbip", Path(exposures.PATH).name])
def test_project_and_exposures_are_written_together_or_not_at_all(
    built_target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    clone = tmp_path / "clone"
    path = clone / exposures.PATH
    path.parent.mkdir(parents=True)
    path.write_text("old", "utf-8")
    shutil.copy(PROJECT / "dbt_project.yml", clone)
    shutil.copytree(PROJECT / "seeds", clone / "seeds")
    shutil.copytree(PROJECT / "powerbi", clone / "powerbi")
    (clone / "powerbi" / "Bank.pbip").write_text("old", "utf-8")
    before = project.read(clone)
    replace = Path.replace

    def refuse(source: Path, target: Path) -> Path:
        if target.name == refused and "old" not in (*source.parts, *target.parts):
            raise PermissionError(13, "in use", str(target))
        return replace(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", refuse)
        run = CliRunner().invoke(
            command, ["--project-dir", str(clone), "--target", str(built_target)]
        )
    assert run.exit_code == 1
    assert f"{refused} cannot be used (in use)" in run.output
    assert project.read(clone) == before


# ---------- the theme


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("#000000", "#FFFFFF", 21.0), ("#777777", "#FFFFFF", 4.48), ("#FFFFFF", "#FFFFFF", 1.0)],
)
def test_contrast_equals_wcag(one: str, other: str, expected: float) -> None:
    assert theme.contrast(one, other) == pytest.approx(expected, abs=0.005)
    assert theme.contrast(other, one) == theme.contrast(one, other)


@pytest.mark.parametrize("pair", theme.TEXT_PAIRS)
def test_text_has_enough_contrast(pair: tuple[str, str]) -> None:
    assert theme.contrast(*pair) >= checks.TEXT_CONTRAST


@pytest.mark.parametrize("pair", theme.MARK_PAIRS)
def test_marks_have_enough_contrast(pair: tuple[str, str]) -> None:
    assert theme.contrast(*pair) >= checks.MARK_CONTRAST
