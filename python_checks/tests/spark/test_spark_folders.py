"""The target `spark` finds its folders from wherever dbt is started."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from python_checks.testing.needs import needs_spark
from python_checks.testing.paths import PROJECT, SEEDS

MODEL = """
{{ config(materialized='table') }}
select count(*) as row_count from ({{ bank_warehouse.raw_drop_query('genders') }})
"""


def test_all_that_a_build_writes_is_below_the_project(tmp_path: Path) -> None:
    needs_spark()
    project, elsewhere, drop = (tmp_path / name for name in ("a project", "elsewhere", "drop"))
    for folder in (project / "models", elsewhere, drop):
        folder.mkdir(parents=True)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy2(PROJECT / name, project / name)
    shutil.copytree(PROJECT / "macros", project / "macros")
    (project / "models/genders_counted.sql").write_text(MODEL, "utf-8")
    shutil.copy2(SEEDS / "raw_genders.csv", drop / "genders.csv")
    unset = ("BANK_SPARK_WAREHOUSE", "BANK_SPARK_RAW_COPIES", "DBT_PROJECT_DIR", "DBT_PROFILES_DIR")
    environment = {name: text for name, text in os.environ.items() if name not in unset}

    ran = subprocess.run(
        [
            *(sys.executable, "-m", "dbt.cli.main", "run", "--target", "spark"),
            *("--project-dir", str(project), "--profiles-dir", str(project)),
        ],
        cwd=elsewhere,
        env=environment | {"BANK_RAW_DIR": str(drop)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    assert list(elsewhere.iterdir()) == []
    warehouse = project / "warehouse/spark"
    assert list((warehouse / "staging.db/genders_counted").glob("*.parquet"))
    assert (warehouse / "raw_copies/genders.parquet").exists()
    assert (warehouse / "metastore/service.properties").exists()
    assert {path.name for path in (project / "warehouse").iterdir()} == {"spark"}
    # The project has no settings of Spark's log; those of the package keep it to errors.
    assert " WARN " not in ran.stderr
