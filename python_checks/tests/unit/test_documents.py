"""Documents agree with the project and with each other: links, decisions, versions and words."""

import re
import tomllib

import pytest
import yaml

import bank_warehouse
from python_checks.project import wording
from python_checks.testing.pages import pages
from python_checks.testing.paths import PROJECT

DECISIONS = PROJECT / "docs" / "decisions"
AREAS = sorted(path for path in DECISIONS.glob("*.md") if path.name != "README.md")
DATE = r"\d{4}-\d\d-\d\d"
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as on GitHub."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [*pages(), "CHANGELOG.md"])
def test_links_lead_to_files_and_headings(page: str) -> None:
    path = PROJECT / page
    for link in LINK.findall(path.read_text("utf-8")):
        if re.match(r"https?:|mailto:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text("utf-8")), link


def test_index_lists_each_decision_with_its_status() -> None:
    listed = [
        line
        for line in (DECISIONS / "README.md").read_text("utf-8").splitlines()
        if line.startswith("- ")
    ]
    expected = []
    for area in AREAS:
        parts = re.split(r"^## ", area.read_text("utf-8"), flags=re.M)[1:]
        for part in parts:
            title, status, *text = (" ".join(each.split()) for each in part.split("\n\n"))
            in_force = re.match(rf"Status: in force \(({DATE})\)", status)
            superseded = re.search(rf"superseded by .*\]\(.+\).* on ({DATE})", status)
            assert in_force or superseded, title
            if in_force:
                shown = f"{in_force[1]}, in force{', partly superseded' if superseded else ''}"
                assert text[0].startswith("**Chosen.**"), title
            else:
                assert superseded
                shown = f"superseded {superseded[1]}"
            (anchor,) = anchors(f"## {title}")
            expected.append(f"- [{title}]({area.name}#{anchor}): {shown}")
    assert len(expected) > 90
    assert sorted(listed) == sorted(expected)


def test_versions_agree_and_the_changelog_is_well_formed() -> None:
    version = bank_warehouse.__version__
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == version
    assert yaml.safe_load((PROJECT / "dbt_project.yml").read_text("utf-8"))["version"] == version
    changelog = (PROJECT / "CHANGELOG.md").read_text("utf-8")
    headings = re.findall(r"^## (.*)$", changelog, re.M)
    assert all(re.fullmatch(rf"\d+\.\d+\.\d+ - {DATE}", heading) for heading in headings)
    assert headings[0].startswith(f"{version} - ")
    numbers = [tuple(map(int, heading.split(" ")[0].split("."))) for heading in headings]
    assert numbers == sorted(numbers, reverse=True)
    kinds = set(re.findall(r"^### (.*)$", changelog, re.M))
    assert kinds <= {"Breaking", "Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    for entry in re.findall(r"^### Breaking\n\n(.*?)\n\n#", changelog, re.M | re.S):
        for change in re.split(r"^- ", entry, flags=re.M)[1:]:
            assert "*To do:*" in change, change


def test_replaced_words_are_not_used() -> None:
    assert wording.check() == []


def test_glossary_lists_replaced_words() -> None:
    words = wording.replaced((PROJECT / wording.GLOSSARY).read_text("utf-8"))
    assert len(words) > 20
    assert all(len(phrase.split()) > 1 and write for phrase, write in words.items())


def test_replaced_words_are_found_across_lines() -> None:
    table = f"# Glossary\n\n{wording.HEADING}\n| --- | --- |\n| by hap, of yore | once |\n"
    words = wording.replaced(table)
    assert words == {"by hap": "once", "of yore": "once"}
    text = "None.\n-- Rows By\n-- hap. It was\n  of   yore. Baby happy, of yores. a_by_hap_b"
    found = sorted(wording.places("a.sql", text, words))
    assert found == [
        wording.Place("a.sql", 2, "by hap", "once"),
        wording.Place("a.sql", 4, "by hap", "once"),
        wording.Place("a.sql", 4, "of yore", "once"),
    ]


def test_documents_models_and_code_are_searched_for_replaced_words() -> None:
    read = set(wording.texts())
    assert {"docs/raw-drops.md", "models/marts/core/_core__models.yml", "conftest.py"} <= read
