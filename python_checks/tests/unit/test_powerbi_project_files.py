"""A project folder is written completely or left unchanged."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bank_warehouse.powerbi import project
from bank_warehouse.powerbi.errors import PowerBIError

MODEL = "Bank.SemanticModel/definition/model.tmdl"


@pytest.mark.parametrize("problem", [PermissionError(13, "in use"), KeyboardInterrupt()])
def test_failed_replacement_keeps_the_old_project(
    problem: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write(tmp_path, {MODEL: "old", "Bank.pbip": "old", ".gitignore": "old"})
    before = project.read(tmp_path)
    replace = Path.replace

    def refuse(source: Path, target: Path) -> Path:
        if source.name == "Bank.pbip" and "new" in source.parts:
            raise problem
        return replace(source, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises((PowerBIError, KeyboardInterrupt)) as raised:
        project.write(tmp_path, {MODEL: "new", "Bank.pbip": "new"})
    if isinstance(raised.value, PowerBIError):
        assert "(in use): close Power BI Desktop" in str(raised.value)
        assert "The project is as it was." in str(raised.value)
    assert project.read(tmp_path) == before


def test_stale_files_are_removed_and_others_kept(tmp_path: Path) -> None:
    stale = "Bank.Report/definition/pages/old/page.json"
    project.write(tmp_path, {MODEL: "old", stale: "{}", "Bank.pbip": "old"})
    (tmp_path / "Bank.Report" / "notes.txt").write_text("mine", encoding="utf-8")
    project.write(tmp_path, {MODEL: "new", "Bank.pbip": "new"})
    assert project.read(tmp_path) == {
        MODEL: "new",
        "Bank.pbip": "new",
        "Bank.Report/notes.txt": "mine",
    }


@pytest.mark.skipif(sys.platform == "win32", reason="Windows users often cannot create links")
def test_link_is_replaced_by_a_folder(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder = tmp_path / "project"
    (folder / "Bank.SemanticModel").mkdir(parents=True)
    (folder / "Bank.SemanticModel" / "definition").symlink_to(elsewhere)
    project.write(folder, {MODEL: "new"})
    assert project.read(folder) == {MODEL: "new"}


def a_folder(path: Path) -> None:
    path.mkdir()
    (path / "mine.txt").write_text("mine", "utf-8")


def a_file(path: Path) -> None:
    path.write_text("mine", "utf-8")


@pytest.mark.parametrize(
    ("name", "make", "complaint"),
    [
        ("Bank.pbip", a_folder, "Bank.pbip is a folder, but a Power BI project needs a file"),
        ("Bank.SemanticModel", a_file, "is a file, but a Power BI project needs a folder there"),
        (".gitignore", a_file, ".gitignore does not belong to a Power BI project"),
    ],
)
def test_foreign_file_or_folder_is_not_replaced(
    name: str, make: Callable[[Path], None], complaint: str, tmp_path: Path
) -> None:
    make(tmp_path / name)
    before = project.read(tmp_path)
    for use in (project.write, project.differences):
        with pytest.raises(PowerBIError, match=complaint) as raised:
            use(tmp_path, {MODEL: "new", "Bank.pbip": "new", ".gitignore": "new"})
        assert "move it, or name another folder with --out" in str(raised.value)
    assert project.read(tmp_path) == before


def test_folder_that_cannot_be_made_or_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_file(tmp_path / "file")
    with pytest.raises(PowerBIError, match=r"file.*cannot be used.*name another folder"):
        project.write(tmp_path / "file" / "project", {MODEL: "new"})

    def refuse(path: str, mode: int = 0o777) -> None:  # noqa: ARG001
        raise PermissionError(13, "permission denied", path)

    monkeypatch.setattr(os, "mkdir", refuse)
    with pytest.raises(PowerBIError) as raised:
        project.write(tmp_path, {MODEL: "new"})
    assert str(raised.value).startswith(
        f"{tmp_path} cannot be used (permission denied): close Power BI"
    )


def test_differences_are_what_a_run_would_change(tmp_path: Path) -> None:
    files = {MODEL: "one\ntwo\n", "Bank.pbip": "{}"}
    assert project.differences(tmp_path, files) == [MODEL, "Bank.pbip"]
    project.write(tmp_path, files)
    assert project.differences(tmp_path, files) == []
    (tmp_path / "Bank.SemanticModel/diagramLayout.json").write_text("{}", "utf-8")
    (tmp_path / "notes.doc").write_bytes(b"\xff\xfe")
    (tmp_path / MODEL).write_bytes(b"one\r\ntwo\r\n")
    assert project.differences(tmp_path, files) == []
    stale = "Bank.Report/definition/pages/old/page.json"
    (tmp_path / stale).parent.mkdir(parents=True)
    (tmp_path / stale).write_bytes(b"\xff")
    (tmp_path / MODEL).write_bytes(b"Z\xfcrich")
    assert project.differences(tmp_path, files) == [stale, MODEL]
    project.write(tmp_path, files)
    assert project.differences(tmp_path, files) == []
    assert (tmp_path / "notes.doc").exists()


def test_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.tmdl").write_bytes(b"one\n\xff")
    with pytest.raises(PowerBIError, match=r"a\.tmdl, line 2, is not UTF-8"):
        project.read(tmp_path)
