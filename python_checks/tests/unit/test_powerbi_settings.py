"""The source settings of a Power BI project are kept until the user changes them."""

import re
from pathlib import Path

import pytest

from bank_warehouse.powerbi import power_query, source, tmdl
from bank_warehouse.powerbi.definitions import Model
from bank_warehouse.powerbi.errors import PowerBIError
from bank_warehouse.powerbi.settings import chosen
from bank_warehouse.powerbi.source import Source

DEFINITION = "Bank.SemanticModel/definition"
EXPRESSIONS = f"{DEFINITION}/expressions.tmdl"
META = 'meta [IsParameterQuery = true, Type = "Text", IsParameterQueryRequired = true]'
FOLDER = "\\\\files\\bank\\published"
PARQUET = Source(folder=FOLDER, release="7")
POSTGRES = Source(kind="postgres", host="db.bank.example:5433", database="marts")


def keep(folder: Path, kept: Source) -> Path:
    """Write the source settings of a project, and return the path of their file."""
    for path, text in tmdl.write(Model({}, (), (), source.expressions(kept))).items():
        (folder / DEFINITION / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / DEFINITION / path).write_text(text, "utf-8", newline="\n")
    (folder / DEFINITION / "tables").mkdir()
    return folder / EXPRESSIONS


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8", newline="\n")


def refusal(folder: Path, /, **given: str) -> str:
    with pytest.raises(PowerBIError) as refused:
        chosen(folder, given)
    return str(refused.value)


# ---------- M text literals


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("C:\\published", '"C:\\published"'),
        ("C:\\a#(b", '"C:\\a#(#)(b"'),
        ("#(lf) #(#) #", '"#(#)(lf) #(#)(#) #"'),
        ('say "yes"', '"say ""yes"""'),
        ("Z\u00fcrich \u6771\u4eac \U0001f600", '"Z\u00fcrich \u6771\u4eac \U0001f600"'),
    ],
)
def test_m_text_survives_escaping(text: str, code: str) -> None:
    assert power_query.quote(text) == code
    assert power_query.unquote(code) == text


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (f'"a"  {META}', "a"),
        (f'  "a"{META.replace(" = ", "=")} ', "a"),
        ('"a"\n\tmeta\n\t[\n\tList = {"a", "[b]"}, DefaultValue = "a"]', "a"),
        ('"a#(cr,lf)b#(tab)#(00E9)#(0001F600)#(D83D,DE00)"', "a\r\nb\t\u00e9\U0001f600\U0001f600"),
        ("null meta [IsParameterQuery = true]", None),
        ("7", None),
        ('"a" & "b"', None),
        ('"a" meta [x = 1] & [y = 2]', None),
        ('"a" "b"', None),
        ('#"a"', None),
        ('"a', None),
        ('"#(no)"', None),
        ('"#(D83D)"', None),
        ('"#(lf"', None),
    ],
)
def test_m_text_is_read_as_power_query_reads_it(code: str, text: str | None) -> None:
    assert power_query.unquote(code) == text


# ---------- what a project keeps


@pytest.mark.parametrize(
    "kept",
    [
        PARQUET,
        POSTGRES,
        Source(folder="C:\\Z\u00fcrich #(lf)", access="\\\\files\\bank\\who sees.csv"),
        Source(kind="postgres", host="[2001:db8::1]:5432", database='the "#(x" \u6771\u4eac'),
    ],
    ids=["parquet", "postgres", "escapes in a path", "escapes in a database"],
)
def test_written_settings_are_read_back(kept: Source, tmp_path: Path) -> None:
    keep(tmp_path, kept)
    assert chosen(tmp_path, {}) == kept


def test_folder_without_a_project_has_the_default_settings(tmp_path: Path) -> None:
    assert chosen(tmp_path, {}) == chosen(tmp_path / "absent", {}) == Source()
    assert chosen(tmp_path, {"kind": "postgres"}) == Source(kind="postgres")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f'" {META}', f'"  {META}'),
        (f"PublishFolder = {power_query.quote(FOLDER)} {META}", f'PublishFolder="{FOLDER}"'),
        (META, 'meta [IsParameterQuery=true, Type="Any", IsParameterQueryRequired=true]'),
        ("expression PublishFolder = ", "expression 'PublishFolder' =\n\t\t"),
        ("expression PublishFolder", "Expression PublishFolder"),
        ("expression PublishFolder", "\ufeffexpression PublishFolder"),
        (
            f"PublishFolder = {power_query.quote(FOLDER)} {META}",
            f'PublishFolder = ```\n\t\t"{FOLDER}"\n\t\tmeta [Type = "Text"]\n\t\t```',
        ),
    ],
    ids=["blank", "no meta", "Desktop", "next line", "capital", "mark", "backticks"],
)
def test_parameter_is_read_however_it_is_written(old: str, new: str, tmp_path: Path) -> None:
    path = keep(tmp_path, PARQUET)
    if new.startswith("\ufeff"):  # a byte-order mark must be at the start of the file
        edit(path, path.read_text("utf-8").split("\n")[0] + "\n", "")
    edit(path, old, new)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert chosen(tmp_path, {}) == PARQUET


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('\\published"', '\npublished"', "line 2: PublishFolder is not a single quoted string"),
        (f'= "{FOLDER}"', '=\n\t\t"C:\\bank\n\t\tx"', "line 2: PublishFolder is not the full"),
        (f'"{FOLDER}"', "null", "line 2: PublishFolder is not a single quoted string"),
        (f'"{FOLDER}"', '""', "line 2: PublishFolder is not the full path"),
        ("expression PublishFolder", "expression Folder", "has no PublishFolder"),
        ("expression ReleaseNumber", "expression Release", "has no ReleaseNumber"),
        ('"7"', '"newest"', "line 9: ReleaseNumber is not `current`"),
        (
            "/// Number",
            f"=======\nexpression PublishFolder = \"C:\\x\" {META}\n>>>>>>> theirs\n/// Number",
            "line 9: PublishFolder occurs a second time",
        ),
    ],
    ids=["break", "break in a block", "null", "empty", "renamed", "other", "release", "merge"],
)  # fmt: skip
def test_unusable_parameter_is_refused_by_name(
    old: str, new: str, complaint: str, tmp_path: Path
) -> None:
    path = keep(tmp_path, PARQUET)
    edit(path, old, new)
    message = refusal(tmp_path)
    assert str(path) in message
    assert complaint in message
    option = "release" if "Release" in complaint else "folder"
    assert f"give --{option}" in message
    given = {"folder": "D:\\x", "release": "8"}[option]
    assert getattr(chosen(tmp_path, {option: given}), option) == given


def test_ambiguous_or_missing_source_is_refused(tmp_path: Path) -> None:
    path = keep(tmp_path, PARQUET)
    text = path.read_text("utf-8")
    edit(path, "/// Number", f'expression PostgresServer = "db" {META}\n\n/// Number')
    assert "has parameters of both sources (PublishFolder" in refusal(tmp_path)
    assert chosen(tmp_path, {"kind": "parquet"}) == PARQUET
    for other in (text.replace("expression P", "expression X").replace("n R", "n X"), None):
        path.unlink() if other is None else path.write_text(other, "utf-8")
        assert "Name it again, such as --source parquet --folder" in refusal(tmp_path)
        assert "give --folder, such as --folder C:" in refusal(tmp_path, kind="parquet")
        assert chosen(tmp_path, {"kind": "parquet", "folder": FOLDER}) == Source(folder=FOLDER)


def test_new_source_kind_needs_all_its_options(tmp_path: Path) -> None:
    keep(tmp_path, PARQUET)
    message = refusal(tmp_path, kind="postgres")
    assert "has no PostgresServer and no PostgresDatabase" in message
    assert "give --host and --database, such as --host localhost:5432 --database bank" in message
    assert "give --database, such" in refusal(tmp_path, kind="postgres", host="db")
    given = {"kind": "postgres", "host": "db", "database": "marts"}
    assert chosen(tmp_path, given) == Source(kind="postgres", host="db", database="marts")
    assert "--host is for --source postgres" in refusal(tmp_path, host="db")


def test_access_file_is_kept(tmp_path: Path) -> None:
    kept = Source(folder=FOLDER, access="C:\\who.csv")
    path = keep(tmp_path, kept)
    table = path.parent / "tables" / "Access.tmdl"
    table.write_text(source.access_query(kept), "utf-8")
    assert chosen(tmp_path, {}) == kept
    edit(path, "AccessFile", "Who")
    assert "Access.tmdl reads a file, and" in refusal(tmp_path)
    assert "give --access-file" in refusal(tmp_path)
    assert chosen(tmp_path, {"access": ""}) == Source(folder=FOLDER)


@pytest.mark.parametrize("line", ["mode: directQuery", "mode:directQuery ", "mode : DirectQuery"])
def test_direct_query_is_kept(line: str, tmp_path: Path) -> None:
    path = keep(tmp_path, POSTGRES)
    table = path.parent / "tables" / "Customers.tmdl"
    table.write_text(f"table Customers\n\tpartition Customers = m\n\t\t{line}\n", "utf-8")
    assert chosen(tmp_path, {}).mode == "directQuery"
    assert chosen(tmp_path, {"mode": "import"}) == POSTGRES
    assert chosen(tmp_path, {"kind": "parquet", "folder": FOLDER}) == Source(folder=FOLDER)
    keep_parquet = tmp_path / "parquet"
    keep(keep_parquet, PARQUET).parent.joinpath("tables/T.tmdl").write_text(line, "utf-8")
    assert "T.tmdl, line 1: mode is directQuery" in refusal(keep_parquet)
    assert chosen(keep_parquet, {"mode": "import"}) == PARQUET


@pytest.mark.parametrize("name", ["expressions.tmdl", "tables/Customers.tmdl"])
def test_file_that_is_not_utf8_is_named_with_its_line(name: str, tmp_path: Path) -> None:
    path = keep(tmp_path, PARQUET).parent / name
    path.write_bytes(b"/// one\n/// two\n/// Z\xfcrich\n")
    assert f"{path}, line 3, is not UTF-8: save it as UTF-8" in refusal(tmp_path)


# ---------- valid and invalid options

BAD = {
    "folder": (
        "", " ", "published", "C:", "C:published", "\\\\server", "\\\\server\\", "\\published",
        "C:\\a\nb", "C:\\a ", " C:\\a", 'C:\\a"', "C:\\a*", "C:\\a:b", "https://share/published",
        "C:\\\ud800",
    ),
    "access": (" ", "who.csv", "C:\\", "C:\\folder\\", "\\\\server\\share", "C:\\who\r.csv"),
    "release": ("", " ", "newest", "0", "-1", "7 ", "\u0667"),
    "host": (
        "", " ", "db:99999999", "db:0", "db:", ":5432", "db:x", "db :5432", "-db", "a..b", "::1",
        "[::1", "[db]:5432", "[::1]:70000", "300.1.1.1", "5432", "db/bank", "db:\u0665",
    ),
    "database": ("", " ", "bank ", "ba\nnk", "b" * 64),
}  # fmt: skip
GOOD = {
    "folder": ("C:\\", "C:/bank", "\\\\server\\share", "\\\\server\\share$\\b #1", "/srv/bank"),
    "access": ("", "C:\\who.csv", "\\\\server\\share\\who sees.csv"),
    "release": ("current", "7", "120"),
    "host": (
        "localhost", "db.bank.example:5432", "db.bank.example.", "10.0.0.7:5433", "[::1]:5432",
        "[2001:db8::1]", "db_1:65535", "z\u00fcrich.example",
    ),
    "database": ("bank", "bank 2026", 'the "bank"', "b" * 63),
}  # fmt: skip
EXPECTED = {
    "folder": "--folder is not the full path of a folder",
    "access": "--access-file is not the full path of a CSV file",
    "release": "--release is not `current` or the number of a release",
    "host": "--host is not a server, or a server, a colon and a port",
    "database": "--database is not the name of a database",
}


def given(name: str, value: str) -> dict[str, str]:
    return {name: value, "kind": "postgres" if name in ("host", "database") else "parquet"}


@pytest.mark.parametrize(("name", "value"), [(name, each) for name in BAD for each in BAD[name]])
def test_value_that_power_bi_cannot_read_is_refused(name: str, value: str, tmp_path: Path) -> None:
    assert EXPECTED[name] in refusal(tmp_path, **given(name, value))


@pytest.mark.parametrize(("name", "value"), [(name, each) for name in GOOD for each in GOOD[name]])
def test_value_that_power_bi_can_read_is_kept(name: str, value: str, tmp_path: Path) -> None:
    read = chosen(tmp_path, given(name, value))
    assert getattr(read, name) == value
    keep(tmp_path, read)
    assert chosen(tmp_path, {}) == read


@pytest.mark.parametrize("end", ["\\", "/", "\\\\"])
def test_trailing_separator_of_a_folder_is_removed(end: str, tmp_path: Path) -> None:
    assert chosen(tmp_path, {"folder": FOLDER + end}).folder == FOLDER


@pytest.mark.parametrize(
    "value",
    [
        "postgresql://user:hunter2@db/bank",
        "user:hunter2@db",
        "user:hunter2",
        "password=hunter2",
        "host=db user=me password=hunter2",
        "Server=db;Password=hunter2",
    ],
)
@pytest.mark.parametrize("name", ["host", "database", "folder", "access", "release"])
def test_misplaced_secret_is_never_printed(name: str, value: str, tmp_path: Path) -> None:
    message = refusal(tmp_path, **given(name, value))
    assert EXPECTED[name] in message
    assert not re.search("hunter2|user:|me pass", message)
    kept = POSTGRES if name in ("host", "database") else PARQUET
    path = keep(tmp_path, kept)
    parameter = source.PARAMETERS[name].name
    text = path.read_text("utf-8")
    path.write_text(
        f"expression {parameter} = {power_query.quote(value)} {META}\n\n"
        + text.replace(f"expression {parameter}", "expression Other"),
        "utf-8",
    )
    message = refusal(tmp_path)
    assert f"line 1: {parameter} is not" in message
    assert not re.search("hunter2|user:|me pass", message)
