"""A build with the target `spark` writes into the project from any working folder."""

import shutil
from pathlib import Path

from python_checks.testing.bare_project import bare_project, run_elsewhere
from python_checks.testing.needs import needs_spark
from python_checks.testing.paths import SEEDS

MODEL = """
{{ config(materialized='table') }}
select count(*) as row_count from ({{ bank_warehouse.raw_drop_query('genders') }})
"""


def test_build_output_is_inside_the_project(tmp_path: Path) -> None:
    needs_spark()
    project = bare_project(tmp_path / "a project")
    (project / "models/genders_counted.sql").write_text(MODEL, "utf-8")
    drop = tmp_path / "drop"
    drop.mkdir()
    shutil.copy2(SEEDS / "raw_genders.csv", drop / "genders.csv")
    shutil.copy2(SEEDS / "raw_clients.csv", drop / "clients.csv")
    elsewhere = tmp_path / "elsewhere"

    ran = run_elsewhere(project, elsewhere, "run", "--target", "spark", BANK_RAW_DIR=str(drop))

    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    assert list(elsewhere.iterdir()) == []
    warehouse = project / "warehouse/spark"
    assert list((warehouse / "staging.db/genders_counted").glob("*.parquet"))
    assert (warehouse / "raw_copies/genders.parquet").exists()
    assert (warehouse / "metastore/service.properties").exists()
    assert {path.name for path in (project / "warehouse").iterdir()} == {"spark"}
    # The project does not configure Spark's log; the package limits it to errors.
    assert " WARN " not in ran.stderr
