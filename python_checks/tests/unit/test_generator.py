"""The generator is deterministic, and its files have the bank's headers, domains and quirks."""

import csv
import hashlib
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from bank_warehouse.cli import main
from bank_warehouse.generator import calibration, domains
from bank_warehouse.generator.clients import draw_columns, id_digits, make_plan
from bank_warehouse.generator.copula import cholesky, latent_correlations
from bank_warehouse.generator.files import BLOCK_ROWS, SEGMENT_BLOCKS, file_names, write_pack
from bank_warehouse.generator.names import staff_names
from bank_warehouse.generator.randomness import Floats, permute, random_bits, stream_key, uniforms
from python_checks.testing.paths import PROJECT

SEEDS = PROJECT / "seeds" / "raw"
REFERENCE = PROJECT / "seeds" / "reference"
ORIGINAL = PROJECT / ".." / "shared" / "data" / "original"
TYPOS = {"Data Coordiator", "Nurse Practicioner", "Analog Circuit Design manager"}
CALIBRATED_ROWS = 50_000
AS_OF = pd.Timestamp("2021-12-31")
MONEY = list(calibration.QUANTILES)
TEXT_COLUMNS = ("Nationality", "Occupation", "Fee Structure", "Loyalty Classification")
LOOKUP_COLUMNS = {
    "banking_relationships": ["BRId", "Banking Relationship"],
    "genders": ["GenderId", "Gender"],
    "investment_advisors": ["IAId", "Investment Advisor"],
}

# Mean and standard deviation of each numeric column for 3,000 clients of the bank, zeros included.
MOMENTS = {
    "Estimated Income": (171_305, 111_936),
    "Superannuation Savings": (25_532, 16_260),
    "Credit Card Balance": (3_176, 2_497),
    "Bank Loans": (591_386, 457_557),
    "Bank Deposits": (671_560, 645_717),
    "Checking Accounts": (321_093, 282_080),
    "Saving Accounts": (232_908, 230_008),
    "Foreign Currency Account": (29_884, 23_110),
    "Business Lending": (866_760, 641_230),
    "Age": (51.04, 19.85),
    "Amount of Credit Cards": (1.46, 0.68),
    "Properties Owned": (1.52, 1.10),
    "Risk Weighting": (2.25, 1.13),
}
# The 5%, 25%, 50%, 75% and 95% quantiles of each money column for the same clients.
KNOWN_QUANTILES = {
    "Estimated Income": (37_279, 82_907, 142_313, 242_290, 393_275),
    "Superannuation Savings": (4_521, 12_514, 22_357, 35_465, 57_268),
    "Credit Card Balance": (268, 1_237, 2_561, 4_523, 8_141),
    "Bank Loans": (69_372, 239_628, 479_793, 825_813, 1_500_404),
    "Bank Deposits": (52_970, 204_400, 463_316, 942_755, 2_037_318),
    "Checking Accounts": (32_410, 119_948, 242_816, 434_875, 886_280),
    "Saving Accounts": (19_667, 74_794, 164_087, 315_575, 692_565),
    "Foreign Currency Account": (2_606, 11_917, 24_341, 41_966, 76_689),
    "Business Lending": (124_812, 374_825, 711_315, 1_185_110, 2_156_444),
}
# Spearman correlations for the same clients, zeros included.
KNOWN_SPEARMAN = {
    ("Estimated Income", "Risk Weighting"): 0.68,
    ("Superannuation Savings", "Risk Weighting"): 0.49,
    ("Credit Card Balance", "Risk Weighting"): 0.37,
    ("Bank Loans", "Risk Weighting"): 0.40,
    ("Bank Deposits", "Risk Weighting"): 0.34,
    ("Checking Accounts", "Risk Weighting"): 0.38,
    ("Saving Accounts", "Risk Weighting"): 0.35,
    ("Foreign Currency Account", "Risk Weighting"): 0.39,
    ("Business Lending", "Risk Weighting"): 0.42,
    ("Estimated Income", "Superannuation Savings"): 0.37,
    ("Estimated Income", "Business Lending"): 0.33,
    ("Superannuation Savings", "Bank Deposits"): 0.15,
    ("Credit Card Balance", "Bank Deposits"): 0.35,
    ("Bank Loans", "Business Lending"): 0.36,
    ("Bank Deposits", "Checking Accounts"): 0.88,
    ("Bank Deposits", "Saving Accounts"): 0.82,
    ("Checking Accounts", "Saving Accounts"): 0.64,
    ("Foreign Currency Account", "Business Lending"): 0.34,
    ("Age", "Estimated Income"): 0.0,
    ("Age", "Risk Weighting"): 0.0,
    ("Amount of Credit Cards", "Estimated Income"): -0.03,
    ("Properties Owned", "Superannuation Savings"): 0.03,
}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digests(folder: Path) -> dict[str, str]:
    return {path.name: digest(path) for path in sorted(folder.iterdir())}


def generate(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["generate", *arguments])


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_clients(path: Path) -> pd.DataFrame:
    frame = pd.read_csv(path)
    frame["Joined Bank"] = pd.to_datetime(frame["Joined Bank"], format="%d-%m-%Y")
    return frame


def years_old_when_joined(clients: pd.DataFrame) -> Floats:
    years: Floats = (AS_OF - clients["Joined Bank"]).dt.days.to_numpy() / 365.25
    ages: Floats = clients["Age"].to_numpy(dtype=np.float64)
    return ages - years


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pack")
    write_pack(CALIBRATED_ROWS, 7, folder)
    return folder


@pytest.fixture(scope="module")
def clients(pack: Path) -> pd.DataFrame:
    return read_clients(pack / "banking-clients.csv")


@pytest.fixture(scope="module")
def seed_clients() -> pd.DataFrame:
    return read_clients(SEEDS / "raw_clients.csv")


# ---------- the same input gives the same bytes


def test_documented_command_makes_the_shipped_seeds(tmp_path: Path) -> None:
    arguments = ["--customers", "3000", "--seed", "1", "--as-seeds"]
    result = generate(*arguments, "--out", str(tmp_path))
    assert result.exit_code == 0, result.output
    made = digests(tmp_path)
    assert set(made) == set(file_names("csv", as_seeds=True).values())
    assert made == {name: digest(SEEDS / name) for name in made}


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_threads_do_not_change_a_byte(tmp_path: Path, file_format: str) -> None:
    rows = (SEGMENT_BLOCKS + 1) * BLOCK_ROWS + 17  # several blocks and segments
    for threads in (1, 4):
        folder = tmp_path / str(threads)
        folder.mkdir()
        write_pack(rows, 3, folder, file_format, threads=threads)
    assert digests(tmp_path / "1") == digests(tmp_path / "4")


def test_seed_changes_the_clients_but_not_the_lookups(tmp_path: Path) -> None:
    for seed in (1, 2):
        (tmp_path / str(seed)).mkdir()
        write_pack(500, seed, tmp_path / str(seed))
    one, two = digests(tmp_path / "1"), digests(tmp_path / "2")
    changed = {name for name in one if one[name] != two[name]}
    assert changed == {"banking-clients.csv"}


def test_rows_do_not_depend_on_blocks() -> None:
    plan = make_plan(1_000, 5)
    whole = draw_columns(plan, 0, 1_000)
    parts = [draw_columns(plan, start, min(start + 333, 1_000)) for start in range(0, 1_000, 333)]
    for name, values in whole.items():
        assert np.array_equal(values, np.concatenate([part[name] for part in parts])), name


# ---------- random numbers


def test_splitmix64_gives_its_published_numbers() -> None:
    # The first numbers that the reference implementation in C returns for the state 1234567.
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert random_bits(1234567, np.arange(3, dtype=np.uint64)).tolist() == expected


def test_uniforms_fill_the_interval_evenly() -> None:
    numbers = uniforms(stream_key(1, "test"), np.arange(100_000, dtype=np.uint64))
    assert numbers.min() >= 0
    assert numbers.max() < 1
    counts, _ = np.histogram(numbers, bins=20, range=(0, 1))
    chi_squared = ((counts - 5_000) ** 2 / 5_000).sum()
    assert chi_squared < 43.8  # the 99.9% quantile with 19 degrees of freedom


@settings(max_examples=60, deadline=None)
@given(size=st.integers(1, 3_000), key=st.integers(0, 2**64 - 1))
def test_permute_is_a_permutation(size: int, key: int) -> None:
    places = permute(np.arange(size, dtype=np.uint64), size, key)
    assert np.array_equal(np.sort(places), np.arange(size))


def test_cholesky_factor_is_correct_and_a_bad_matrix_is_refused() -> None:
    shares = [count / 3_000 for count in domains.RISK_WEIGHTING_COUNTS.values()]
    matrix = latent_correlations(calibration.SPEARMAN, shares)
    size = len(matrix)
    factor = np.zeros((size, size))
    for row, values in enumerate(cholesky(matrix)):
        factor[row, : row + 1] = values
    assert np.allclose(factor @ factor.T, matrix, atol=1e-10)
    with pytest.raises(ValueError, match="not positive definite"):
        cholesky([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])


# ---------- files, headers, types


def test_headers_match_the_bank(pack: Path) -> None:
    first_line = (pack / "banking-clients.csv").read_text(encoding="utf-8").splitlines()[0]
    assert first_line == (
        "Client ID,Name,Age,Location ID,Joined Bank,Banking Contact,Nationality,Occupation,"
        "Fee Structure,Loyalty Classification,Estimated Income,Superannuation Savings,"
        "Amount of Credit Cards,Credit Card Balance,Bank Loans,Bank Deposits,"
        "Checking Accounts,Saving Accounts,Foreign Currency Account,Business Lending,"
        "Properties Owned,Risk Weighting,BRId,GenderId,IAId"
    )
    for table, columns in LOOKUP_COLUMNS.items():
        rows = read_rows(pack / file_names("csv")[table])
        assert list(rows[0]) == columns


@pytest.mark.skipif(not ORIGINAL.exists(), reason="the original data pack is not available")
def test_headers_and_domains_equal_the_original() -> None:
    original = pd.read_csv(ORIGINAL / "banking-clients.csv", encoding="utf-8-sig")
    assert tuple(original.columns) == domains.CLIENT_COLUMNS
    assert set(original["Occupation"]) == set(domains.OCCUPATION_COUNTS)
    advisors = pd.read_csv(ORIGINAL / "investment-advisiors.csv", encoding="utf-8-sig")
    invented = staff_names("investment advisors", domains.INVESTMENT_ADVISORS)
    assert not set(advisors["Investment Advisor"]) & set(invented)
    contacts = staff_names("banking contacts", domains.BANKING_CONTACTS)
    assert not set(original["Banking Contact"]) & set(contacts)


def test_csv_has_the_encoding_and_notation_of_the_bank(pack: Path) -> None:
    data = (pack / "banking-clients.csv").read_bytes()
    assert not data.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in data
    assert b'"' not in data
    assert data.endswith(b"\n")
    assert data.decode("ascii").count("\n") == CALIBRATED_ROWS + 1
    rows = pd.read_csv(pack / "banking-clients.csv", dtype=str)
    assert not rows.isna().any().any()
    for column in MONEY:
        assert rows[column].str.fullmatch(r"\d+\.\d\d").all(), column
    assert rows["Joined Bank"].str.fullmatch(r"\d\d-\d\d-\d{4}").all()
    assert rows["Client ID"].str.fullmatch(r"IND[1-9]\d{5}").all()


def test_parquet_has_natural_types_and_the_values_of_the_csv(tmp_path: Path, pack: Path) -> None:
    write_pack(CALIBRATED_ROWS, 7, tmp_path, "parquet")
    table = pq.read_table(tmp_path / "banking-clients.parquet")
    assert tuple(table.column_names) == domains.CLIENT_COLUMNS
    for name in table.column_names:
        kind = table.schema.field(name).type
        if name in MONEY:
            assert kind == pa.decimal128(18, 2), name
        elif name == "Joined Bank":
            assert kind == pa.date32()
        elif name in ("Client ID", "Name", "Banking Contact", *TEXT_COLUMNS):
            assert kind == pa.string(), name
        else:
            assert kind == pa.int32(), name
    rows = pd.read_csv(pack / "banking-clients.csv", dtype=str)
    frame = table.to_pandas()
    for name in table.column_names:
        texts = frame[name].map((lambda day: f"{day:%d-%m-%Y}") if name == "Joined Bank" else str)
        assert (texts == rows[name]).all(), name
    lookup = pq.read_schema(tmp_path / "gender.parquet")
    assert lookup.types == [pa.int32(), pa.string()]


def test_lookups_have_the_values_of_the_bank(pack: Path) -> None:
    relationships = read_rows(pack / "banking-relationships.csv")
    assert [tuple(row.values()) for row in relationships] == [
        ("1", "Retail"),
        ("2", "Institutional"),
        ("3", "Private Bank"),
        ("4", "Commercial"),
    ]
    genders = read_rows(pack / "gender.csv")
    assert [tuple(row.values()) for row in genders] == [("1", "Male"), ("2", "Female")]
    advisors = read_rows(pack / "investment-advisors.csv")
    assert [row["IAId"] for row in advisors] == [str(number) for number in range(1, 23)]
    assert len({row["Investment Advisor"] for row in advisors}) == 22


# ---------- quirks


def test_client_ids_are_shared_by_different_people(clients: pd.DataFrame) -> None:
    holders = clients.groupby("Client ID").size().value_counts().to_dict()
    assert set(holders) == {1, 2, 3}
    assert holders[2] == pytest.approx(58 / 3_000 * CALIBRATED_ROWS, abs=1)
    assert holders[3] == pytest.approx(1 / 3_000 * CALIBRATED_ROWS, abs=1)
    assert not clients.duplicated(["Client ID", "Name"]).any()


def test_some_names_are_used_twice_and_none_more_often(clients: pd.DataFrame) -> None:
    holders = clients.groupby("Name").size().value_counts().to_dict()
    assert set(holders) == {1, 2}
    assert holders[2] == pytest.approx(87 / 3_000 * CALIBRATED_ROWS, abs=1)
    assert (clients["Name"].str.count(" ") == 1).all()


@pytest.mark.parametrize("customers", [1, 2, 3, 20, 1_000, 45_001])
def test_people_are_unique_in_packs_of_any_size(tmp_path: Path, customers: int) -> None:
    write_pack(customers, 1, tmp_path)
    made = pd.read_csv(tmp_path / "banking-clients.csv")
    assert len(made) == customers
    assert not made.duplicated(["Client ID", "Name"]).any()


def test_ids_get_longer_if_five_digits_are_too_few() -> None:
    assert id_digits(1) == id_digits(45_000) == 5
    assert id_digits(45_001) == id_digits(450_000) == 6
    assert id_digits(10_000_000) == 8
    assert id_digits(100_000_000) == 9


def test_names_repeat_when_they_run_out() -> None:
    """With six names for 9,000 people, people who share an id still have different names."""
    plan = make_plan(9_000, 1)
    few = {"first name": pa.array(["Ada", "Ben"]), "surname": pa.array(["Ash", "Birch", "Cole"])}
    columns = draw_columns(replace(plan, texts={**plan.texts, **few}), 0, 9_000)
    frame = pd.DataFrame(
        {name: columns[name] for name in ("client number", "first name", "surname")}
    )
    assert frame["client number"].nunique() == 9_000 - 3 * 60
    assert len(frame[["first name", "surname"]].drop_duplicates()) == 6
    assert not frame.duplicated().any()


def test_zero_balances_occur_together(clients: pd.DataFrame) -> None:
    for columns, count in calibration.ZERO_GROUPS.items():
        is_zero = clients[list(columns)] == 0
        assert (is_zero.all(axis=1) == is_zero.any(axis=1)).all()
        assert is_zero.all(axis=1).mean() == pytest.approx(count / 3_000, rel=0.2)
    never_zero = [
        name for name in MONEY if not any(name in group for group in calibration.ZERO_GROUPS)
    ]
    assert (clients[never_zero] > 0).all().all()


def test_joining_dates_have_the_known_gap_and_shares_by_year(clients: pd.DataFrame) -> None:
    joined = clients["Joined Bank"]
    assert joined.min() >= pd.Timestamp(date(1995, 1, 1))
    assert joined.max() <= AS_OF
    years = joined.dt.year.value_counts(normalize=True)
    assert 1997 not in years.index
    assert 1998 not in years.index
    for year, count in calibration.CLIENTS_BY_YEAR_JOINED.items():
        assert years[year] == pytest.approx(count / 3_000, abs=0.004), year


def test_some_joined_before_birth_and_some_before_eighteen(clients: pd.DataFrame) -> None:
    old = years_old_when_joined(clients)
    assert (old < 0).mean() == pytest.approx(49 / 3_000, abs=0.005)
    assert (old < 18).mean() == pytest.approx(545 / 3_000, abs=0.01)


def test_relationships_and_advisors_rotate_by_position(clients: pd.DataFrame) -> None:
    for column, period in (("BRId", 18), ("IAId", 34)):
        ids = clients[column].to_numpy()
        assert (ids[period:] == ids[:-period]).all(), column
    relationships = clients["BRId"].value_counts(normalize=True)
    for number, count in {1: 660, 2: 495, 3: 1_352, 4: 493}.items():
        assert relationships[number] == pytest.approx(count / 3_000, abs=0.01)
    advisors = clients["IAId"].value_counts(normalize=True)
    assert advisors[1] == pytest.approx(177 / 3_000, abs=0.002)
    assert advisors[22] == pytest.approx(88 / 3_000, abs=0.002)


def test_contacts_are_few_and_locations_many(clients: pd.DataFrame) -> None:
    assert clients["Banking Contact"].nunique() == 49
    assert clients["Location ID"].between(1, 43_369).all()
    assert clients["Location ID"].nunique() > 25_000


def test_every_occupation_generated_is_in_the_reference_seeds(clients: pd.DataFrame) -> None:
    corrections = read_rows(REFERENCE / "occupation_corrections.csv")
    corrected = {row["raw_occupation"]: row["occupation"] for row in corrections}
    occupations = read_rows(REFERENCE / "occupations.csv")
    known = [row["occupation"] for row in occupations]
    assert set(corrected) == TYPOS
    assert all(row["reason"] for row in corrections)
    assert len(known) == len(set(known))
    generated = set(clients["Occupation"])
    assert len(generated) == 195
    assert {corrected.get(occupation, occupation) for occupation in generated} == set(known)


def test_occupation_is_title_and_grade_and_each_title_has_one_family() -> None:
    occupations = read_rows(REFERENCE / "occupations.csv")
    family_of: dict[str, str] = {}
    for row in occupations:
        grade = row["occupation_grade"]
        assert grade in ("", "I", "II", "III", "IV")
        assert row["occupation"] == f"{row['occupation_title']} {grade}".strip()
        assert row["occupation_title"].split()[-1] not in ("I", "II", "III", "IV")
        assert family_of.setdefault(row["occupation_title"], row["occupation_family"])
        assert family_of[row["occupation_title"]] == row["occupation_family"]
    assert 10 <= len(set(family_of.values())) <= 15


def test_the_shipped_seeds_show_every_quirk(seed_clients: pd.DataFrame) -> None:
    assert len(seed_clients) == 3_000
    assert (years_old_when_joined(seed_clients) < 0).sum() >= 5
    assert seed_clients["Client ID"].duplicated().sum() == 60
    assert seed_clients["Name"].duplicated().sum() == 87
    assert not seed_clients.duplicated(["Client ID", "Name"]).any()
    for columns in calibration.ZERO_GROUPS:
        assert (seed_clients[list(columns)] == 0).all(axis=1).sum() >= 5
    assert set(seed_clients["Occupation"]) == set(domains.OCCUPATION_COUNTS)
    assert set(seed_clients["Occupation"]) >= TYPOS
    assert set(seed_clients["Risk Weighting"]) == {1, 2, 3, 4, 5}
    assert not set(seed_clients["Joined Bank"].dt.year) & {1997, 1998}


# ---------- calibration, at 50,000 rows


@pytest.mark.parametrize("column", MOMENTS)
def test_means_and_deviations_match_the_bank(clients: pd.DataFrame, column: str) -> None:
    mean, deviation = MOMENTS[column]
    assert clients[column].mean() == pytest.approx(mean, rel=0.02)
    assert clients[column].std() == pytest.approx(deviation, rel=0.03)


@pytest.mark.parametrize("column", KNOWN_QUANTILES)
def test_quantiles_match_the_bank(clients: pd.DataFrame, column: str) -> None:
    found = clients[column].quantile([0.05, 0.25, 0.5, 0.75, 0.95]).tolist()
    assert found == pytest.approx(KNOWN_QUANTILES[column], rel=0.05)


@pytest.mark.parametrize("pair", KNOWN_SPEARMAN)
def test_rank_correlations_match_the_bank(clients: pd.DataFrame, pair: tuple[str, str]) -> None:
    found = clients[list(pair)].corr("spearman").iloc[0, 1]
    assert found == pytest.approx(KNOWN_SPEARMAN[pair], abs=0.05)


def test_risk_rises_with_income_and_every_balance(clients: pd.DataFrame) -> None:
    medians = clients.groupby("Risk Weighting")[MONEY].median()
    assert medians.index.tolist() == [1, 2, 3, 4, 5]
    assert (medians.diff().dropna() > 0).all().all()


@pytest.mark.parametrize(
    ("column", "counts"),
    [
        ("Nationality", domains.NATIONALITY_COUNTS),
        ("Fee Structure", domains.FEE_STRUCTURE_COUNTS),
        ("Loyalty Classification", domains.LOYALTY_CLASSIFICATION_COUNTS),
        ("Occupation", domains.OCCUPATION_COUNTS),
        ("Amount of Credit Cards", domains.CREDIT_CARD_COUNTS),
        ("Properties Owned", domains.PROPERTY_COUNTS),
        ("Risk Weighting", domains.RISK_WEIGHTING_COUNTS),
        ("GenderId", domains.GENDER_COUNTS),
    ],
)
def test_shares_of_categories_match_the_bank(
    clients: pd.DataFrame, column: str, counts: dict[str, int] | dict[int, int]
) -> None:
    assert sum(counts.values()) == 3_000
    shares = clients[column].value_counts(normalize=True).to_dict()
    assert set(shares) == set(counts)
    for value, count in counts.items():
        assert shares[value] == pytest.approx(count / 3_000, abs=0.01, rel=0.0), value
    if column == "Occupation":
        assert np.corrcoef([shares[name] for name in counts], list(counts.values()))[0, 1] > 0.95


def test_categories_carry_no_signal(clients: pd.DataFrame) -> None:
    """The share of variation in log income that a category explains is at chance level."""
    income = np.log(clients["Estimated Income"])
    for column in ("Nationality", "Fee Structure", "Loyalty Classification", "GenderId", "IAId"):
        explained = income.groupby(clients[column]).transform("mean").var() / income.var()
        groups = clients[column].nunique()
        # By chance, n * explained is about chi-squared with groups - 1 degrees of freedom.
        limit = (groups - 1) + 4 * np.sqrt(2 * (groups - 1)) + 4
        assert explained * len(clients) < limit, column


# ---------- the command line


@pytest.mark.parametrize("number", ["0", "-5", "many", "2000000000"])
def test_a_bad_number_of_customers_is_refused(tmp_path: Path, number: str) -> None:
    result = generate("--customers", number, "--out", str(tmp_path / "out"))
    assert result.exit_code == 2
    assert "--customers" in result.output
    assert not (tmp_path / "out").exists()


def test_existing_files_are_named_and_kept(tmp_path: Path) -> None:
    occupied = tmp_path / "gender.csv"
    occupied.write_text("mine\n")
    result = generate("--customers", "5", "--out", str(tmp_path))
    assert result.exit_code == 1
    assert "already holds gender.csv" in result.output
    assert "--force" in result.output
    assert occupied.read_text() == "mine\n"
    assert [path.name for path in tmp_path.iterdir()] == ["gender.csv"]
    forced = generate("--customers", "5", "--out", str(tmp_path), "--force")
    assert forced.exit_code == 0, forced.output
    assert occupied.read_text().startswith("GenderId,Gender\n")


def test_a_pack_in_the_other_format_is_refused_even_with_force(tmp_path: Path) -> None:
    assert generate("--customers", "5", "--out", str(tmp_path)).exit_code == 0
    before = digests(tmp_path)
    arguments = ["--customers", "5", "--out", str(tmp_path), "--format", "parquet", "--force"]
    result = generate(*arguments)
    assert result.exit_code == 1
    assert "another format" in result.output
    assert "banking-clients.csv" in result.output
    assert digests(tmp_path) == before


def test_seeds_in_parquet_are_refused(tmp_path: Path) -> None:
    arguments = ["--customers", "5", "--out", str(tmp_path), "--format", "parquet", "--as-seeds"]
    result = generate(*arguments)
    assert result.exit_code == 2
    assert "dbt seeds are CSV files" in result.output


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("")
    result = generate("--customers", "5", "--out", str(path))
    assert result.exit_code == 2
    assert "is a file" in result.output


def test_failed_run_leaves_no_files(tmp_path: Path) -> None:
    def stop(made: int) -> None:
        message = f"stopped after {made}"
        raise RuntimeError(message)

    with pytest.raises(Exception, match="stopped after"):
        write_pack(1_000, 1, tmp_path, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_run_reports_its_files_and_its_progress(tmp_path: Path) -> None:
    made: list[int] = []
    segment = SEGMENT_BLOCKS * BLOCK_ROWS
    write_pack(segment + 5, 1, tmp_path, progress=made.append)
    assert made == [segment, 5]
    result = generate("--customers", "5", "--out", str(tmp_path / "new" / "folder"))
    assert result.exit_code == 0
    for name in file_names("csv").values():
        assert name in result.output


# ---------- later months


def people(clients: pd.DataFrame) -> pd.DataFrame:
    return clients.set_index(["Client ID", "Name", "Joined Bank"]).sort_index()


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> list[pd.DataFrame]:
    """The clients of four successive months, indexed by client id, name and joining date."""
    packs = []
    for month in range(4):
        folder = tmp_path_factory.mktemp("month")
        write_pack(20_000, 7, folder, months_later=month)
        packs.append(people(read_clients(folder / "banking-clients.csv")))
    return packs


def test_the_first_month_is_the_pack_itself(tmp_path: Path) -> None:
    for name, months_later in (("pack", []), ("month", ["--months-later", "0"])):
        out = ["--out", str(tmp_path / name)]
        assert generate("--customers", "500", *out, *months_later).exit_code == 0
    assert digests(tmp_path / "pack") == digests(tmp_path / "month")


def test_customers_join_and_leave_and_the_others_stay(months: list[pd.DataFrame]) -> None:
    for month, (before, after) in enumerate(pairwise(months), start=1):
        joined = after.index.difference(before.index)
        left = before.index.difference(after.index)
        assert len(joined) == 240
        assert 0.008 < len(left) / len(before) < 0.012
        days = joined.get_level_values("Joined Bank")
        assert {(day.year, day.month) for day in days} == {(2022, month)}
    # Nobody comes back.
    gone = months[0].index.difference(months[1].index)
    assert not any(gone.isin(pack.index).any() for pack in months[2:])
    # Clients who join later do not reuse the client ids of the first month.
    first, joined_ids = months[0].reset_index(), months[3].index.difference(months[0].index)
    assert not set(joined_ids.get_level_values("Client ID")) & set(first["Client ID"])


def test_later_months_change_only_money_and_some_risk_weightings(
    months: list[pd.DataFrame],
) -> None:
    before, after = months[0], months[1]
    stayed = before.index.intersection(after.index)
    before, after = before.loc[stayed], after.loc[stayed]
    for column in MONEY:
        assert ((before[column] == 0) == (after[column] == 0)).all(), column
        held = before[column] > 1
        factors = after[column][held] / before[column][held]
        assert factors.between(0.89, 1.11).all(), column
        assert (factors != 1).mean() > 0.95, column
    steps = after["Risk Weighting"] - before["Risk Weighting"]
    assert set(steps) == {-1, 0, 1}
    assert 0.01 < (steps != 0).mean() < 0.03
    moved = [*MONEY, "Risk Weighting"]
    pd.testing.assert_frame_equal(before.drop(columns=moved), after.drop(columns=moved))


def test_rows_of_a_later_month_do_not_depend_on_blocks() -> None:
    plan = make_plan(1_000, 5, months_later=3)
    assert plan.rows == 1_036
    whole = draw_columns(plan, 0, plan.rows)
    parts = [draw_columns(plan, start, min(start + 333, 1_036)) for start in range(0, 1_036, 333)]
    for name, values in whole.items():
        assert np.array_equal(values, np.concatenate([part[name] for part in parts])), name


@pytest.mark.parametrize("customers", [1, 2, 3, 20, 1_000, 45_001])
def test_people_are_still_unique_after_five_years(tmp_path: Path, customers: int) -> None:
    write_pack(customers, 1, tmp_path, months_later=60)
    clients = read_clients(tmp_path / "banking-clients.csv")
    assert len(clients) > 0
    assert not clients.duplicated(["Client ID", "Name"]).any()
    assert clients["Client ID"].str.len().nunique() == 1


@pytest.mark.parametrize(("months_later", "day"), [(1, "2022-01-31"), (14, "2023-02-28")])
def test_as_of_date_of_later_month_is_printed(tmp_path: Path, months_later: int, day: str) -> None:
    run = generate("--customers", "20", "--out", str(tmp_path), "--months-later", str(months_later))
    assert run.exit_code == 0, run.output
    assert f"As of {day}: `bank build {tmp_path} --as-of {day}`" in run.output
    latest = read_clients(tmp_path / "banking-clients.csv")["Joined Bank"].max()
    assert latest <= pd.Timestamp(day)
