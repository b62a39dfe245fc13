"""A project folder is written whole, or stays as it was."""

import sys
from pathlib import Path

import pytest

from bank_warehouse.powerbi import project
from bank_warehouse.powerbi.errors import PowerBIError

MODEL = "Bank.SemanticModel/definition/model.tmdl"


def test_a_folder_that_cannot_be_replaced_leaves_the_project_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write(tmp_path, {MODEL: "old", "Bank.pbip": "old", ".gitignore": "old"})
    before = project.read(tmp_path)
    rename = Path.rename

    def refuse(source: Path, target: Path) -> Path:
        if source.name == "Bank.pbip" and "new" in source.parts:
            raise PermissionError(13, "in use", str(source))
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(PowerBIError, match=r"in use.*The project is as it was"):
        project.write(tmp_path, {MODEL: "new", "Bank.pbip": "new"})
    assert project.read(tmp_path) == before


def test_what_an_earlier_run_left_is_removed_and_other_files_stay(tmp_path: Path) -> None:
    stale = "Bank.Report/definition/pages/old/page.json"
    project.write(tmp_path, {MODEL: "old", stale: "{}", "Bank.pbip": "old"})
    (tmp_path / "Bank.Report" / "notes.txt").write_text("mine", encoding="utf-8")
    project.write(tmp_path, {MODEL: "new", "Bank.pbip": "new"})
    assert project.read(tmp_path) == {
        MODEL: "new",
        "Bank.pbip": "new",
        "Bank.Report/notes.txt": "mine",
    }


@pytest.mark.skipif(sys.platform == "win32", reason="a link to a folder needs a privilege there")
def test_a_folder_behind_a_link_is_replaced(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder = tmp_path / "project"
    (folder / "Bank.SemanticModel").mkdir(parents=True)
    (folder / "Bank.SemanticModel" / "definition").symlink_to(elsewhere)
    project.write(folder, {MODEL: "new"})
    assert project.read(folder) == {MODEL: "new"}
