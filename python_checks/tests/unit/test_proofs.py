"""How dates and amounts are read, and what the cells of a file prove about their notation."""

import json
import random
from collections import Counter
from datetime import date
from decimal import Decimal

import duckdb
import pytest

from bank_warehouse.raw_drop import DropError, Settings, proofs
from bank_warehouse.raw_drop.proofs import (
    DateProof,
    FileProof,
    amount_readings,
    currency_of,
    date_readings,
    interpret_amounts,
    interpret_dates,
)
from bank_warehouse.raw_drop.schema import CLIENTS

AUTO = Settings()
IDS = "'N1' as client_id, '2' as location_id, '1' as br_id, '1' as gender_id, '1' as ia_id"


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("25-07-2015", {"%d-%m-%Y": date(2015, 7, 25), "%m-%d-%Y": None}),
        ("4/7/2015", {"%d/%m/%Y": date(2015, 7, 4), "%m/%d/%Y": date(2015, 4, 7)}),
        ("25.07.2015 00:00:00", {"%d.%m.%Y": date(2015, 7, 25), "%m.%d.%Y": None}),
        ("2015-07-25", {"%Y-%m-%d": date(2015, 7, 25), "%Y-%d-%m": None}),
        ("20150725", {"%Y%m%d": date(2015, 7, 25), "%Y%d%m": None, "%d%m%Y": None, "%m%d%Y": None}),
        ("25-JUL-2015", {"%d-%b-%Y": date(2015, 7, 25)}),
        ("25 July 2015", {"%d %B %Y": date(2015, 7, 25)}),
        ("Jul 25, 2015", {"%b %d, %Y": date(2015, 7, 25)}),
        (
            "25/07/68",
            {"%d/%m/%y": date(2068, 7, 25), "%m/%d/%y": None, "%y/%m/%d": None},
        ),
        (
            "06-05-69",
            {"%d-%m-%y": date(1969, 5, 6), "%m-%d-%y": date(1969, 6, 5), "%y-%m-%d": None},
        ),
        ("31-02-2015", {"%d-%m-%Y": None, "%m-%d-%Y": None}),
        ("04-07-0201", {"%d-%m-%Y": None, "%m-%d-%Y": None}),
        ("04-07-15x", {}),
        ("4-7-5", {}),
        ("04-07/2015", {}),
    ],
)
def test_date_readings(text: str, readings: dict[str, date | None]) -> None:
    assert date_readings(text)[1] == readings


def test_date_readings_match_the_engine() -> None:
    days = [
        f"{a:02}{s}{b:02}{s}{y}"
        for s in "-/."
        for a in (1, 12, 13, 31)
        for b in (2, 12, 30)
        for y in ("2016", "69", "68")
    ]
    with duckdb.connect() as connection:
        for text in days:
            for date_format, day in date_readings(text)[1].items():
                [(found,)] = connection.execute(
                    f"select cast(try_strptime(?, '{date_format}') as date)", [text]
                ).fetchall()
                assert found == day, (text, date_format)


@pytest.mark.parametrize(
    ("text", "point", "comma", "is_either"),
    [
        ("75384.77", "75384.77", None, False),
        ("1.234,56", None, "1234.56", False),
        ("1'234.50", "1234.50", None, False),
        ("1 234,50", None, "1234.50", False),
        ("1\u202f234,50", None, "1234.50", False),
        ("1,234.50", "1234.50", None, False),
        ("1,234,567", "1234567", None, False),
        ("258.000", "258", "258000", True),
        ("0,500", None, "0.5", True),
        ("012,345", None, "12.345", True),
        ("1234", "1234", "1234", False),
        ("(1,200.00)", "-1200", None, False),
        ("$-12.50", "-12.50", None, False),
        ("-12,50 \u20ac", None, "-12.50", False),
        ("USD 100", "100", "100", False),
        ("776242.9184", "776242.9184", None, False),
        (" $-   ", "0", "0", False),
        (" -   ", "0", "0", False),
    ],
)
def test_amount_readings(text: str, point: str | None, comma: str | None, is_either: bool) -> None:
    amount = amount_readings(text)
    assert amount is not None
    wanted = {".": point, ",": comma}
    assert amount.readings == {mark: Decimal(x) for mark, x in wanted.items() if x is not None}
    assert amount.is_either is is_either


@pytest.mark.parametrize(
    "text", ["1.2E+06", "1,20.00", "1.2.34", "about 5", "(12.34", "$5 USD", "--5"]
)
def test_text_that_is_not_an_amount_has_no_reading(text: str) -> None:
    assert amount_readings(text) is None


def test_lone_dash_is_not_an_amount() -> None:
    amount = amount_readings("-")
    assert amount is not None
    assert not amount.readings
    assert not amount.is_accounting


def test_unambiguous_dates_prove_an_order() -> None:
    proof = interpret_dates([("04/07/2015", 90), ("25/07/2015", 10)], AUTO)
    assert (proof.formats, proof.proving, proof.undecided) == (("%d/%m/%Y",), 10, 0)
    assert proof.refusal is None


def test_refusal_of_ambiguous_dates_lists_each_setting() -> None:
    proof = interpret_dates([("04/07/2015", 90), ("05/05/2015", 10)], AUTO)
    assert proof.undecided == 90
    assert proof.readings == (("%d/%m/%Y", 100), ("%m/%d/%Y", 100))
    assert 'raw_date_format: "%d/%m/%Y" reads 100' in str(proof.refusal)
    assert 'raw_date_format: "%m/%d/%Y" reads 100' in str(proof.refusal)


def test_settings_of_each_notation_are_listed_once() -> None:
    proved = ("25 Jul 2015", 7)
    two = interpret_dates([proved, ("04/07/2015", 90), ("04-07-2015", 10)], AUTO)
    assert str(two.refusal).endswith(
        '--vars: raw_date_format: a list of "%d %b %Y" and one format for each notation: '
        'for 04/07/2015 "%d/%m/%Y" (reads 90) or "%m/%d/%Y" (reads 90); '
        'for 04-07-2015 "%d-%m-%Y" (reads 10) or "%m-%d-%Y" (reads 10).'
    )
    many = [
        (f"04{mark}07{mark}{year}", 100) for mark in ("/", "-", ".", " ") for year in ("2015", "15")
    ]
    proof = interpret_dates([proved, *many], AUTO)
    assert len(proof.readings) == 20
    for form, _ in proof.readings:
        assert str(proof.refusal).count(f'"{form}"') == 1
    for text, _ in many:
        assert f"for {text} " in str(proof.refusal)


def test_dates_decided_by_a_declared_format_are_counted() -> None:
    dates = [("04/07/2015", 90), ("05/05/2015", 10)]
    proof = interpret_dates(dates, Settings(("%m/%d/%Y",)))
    assert (proof.refusal, proof.undecided, proof.basis) == (None, 90, "declared")
    assert interpret_dates([*dates, ("07/25/2015", 1)], Settings(("%m/%d/%Y",))).undecided == 0


@pytest.mark.parametrize(
    ("texts", "formats", "message"),
    [
        # cells, declared formats, (dates that these can read, one that they cannot, right format)
        (("04-07-2015", "07-25-2015"), ("%d-%m-%Y",), ("1 can", "07-25-2015", '"%m-%d-%Y"')),
        (("2015-07-04", " 2015-07-25"), ("%d-%m-%Y",), ("0 can", "2015-07-04", '"%Y-%m-%d"')),
        (("2015-25-07", "NULL"), ("%Y-%m-%d",), ("0 can", "2015-25-07", '"%Y-%d-%m"')),
        (("25-7-15", "4-7-15"), ("%m-%d-%y",), ("1 can", "25-7-15", '"%d-%m-%y"')),
        (
            ("04/07/2015", "05/06/2015"),
            ("%d-%m-%Y", "%d.%m.%Y"),
            ("0 can", "04/07/2015", '"%d/%m/%Y" or "%m/%d/%Y"'),
        ),
    ],
)
def test_declared_format_is_refused_if_only_a_different_one_fits_all_dates(
    texts: tuple[str, ...], formats: tuple[str, ...], message: tuple[str, str, str]
) -> None:
    proof = interpret_dates([(text, 1) for text in texts], Settings(formats))
    dates = sum(text != "NULL" for text in texts)
    read, example, meant = message
    assert str(proof.refusal).startswith(
        f"of {dates} joining dates {read} be read as {' or '.join(formats)}, which "
        f"raw_date_format declares. The others, such as {example}, cannot, and all {dates} can "
        f"be read as {meant.replace(chr(34), '')}. Set raw_date_format to {meant}: "
    )
    assert proof.cell in texts


@pytest.mark.parametrize(
    ("texts", "formats"),
    [
        (("04-07-2015", "31-02-2015"), ("%d-%m-%Y",)),  # no format can read the second
        (("04-07-2015", "07-25-2015", "nobody knows"), ("%d-%m-%Y",)),
        (("25-07-2015", "07-25-2015"), ("%d-%m-%Y",)),  # no format reads both
        (("2015-25-07",), ("%d-%m-%Y",)),  # %Y-%d-%m is proposed only for %Y-%m-%d
        (("4-7-2015", "25-7-2015"), ("%-d-%-m-%Y",)),
        (("25-May-2015", "26-May-2015"), ("%d-%B-%Y",)),
        (("2015-07-25",), ("%x",)),  # not a format that the project knows
        (("NULL", ""), ("%d-%m-%Y",)),
    ],
)
def test_declared_format_is_kept_if_no_other_fits_all_dates(
    texts: tuple[str, ...], formats: tuple[str, ...]
) -> None:
    assert interpret_dates([(text, 9) for text in texts], Settings(formats)).refusal is None


def test_a_few_cells_that_are_not_dates_do_not_hide_a_wrong_declaration() -> None:
    dates = [("04-07-2015", 150), ("07-25-2015", 148), ("unknown", 2)]
    refusal = interpret_dates(dates, Settings(("%d-%m-%Y",))).refusal
    assert str(refusal).startswith("of 298 joining dates 150 can be read as %d-%m-%Y")
    assert interpret_dates(dates, Settings(("%d-%m-%Y",), tolerated=0.005)).refusal is None


def test_a_few_dates_in_a_different_notation_are_quarantined() -> None:
    dates = [("25-07-2015", 198), ("04/07/2015", 2)]
    assert interpret_dates(dates, AUTO).formats == ("%d-%m-%Y",)
    assert interpret_dates(dates, AUTO).refusal is None
    assert interpret_dates(dates, Settings(tolerated=0.005)).refusal is not None


def test_two_orders_of_equal_weight_are_refused() -> None:
    assert interpret_dates([("25-07-2015", 5), ("07-25-2015", 5)], AUTO).refusal is not None
    assert interpret_dates([("25-07-2015", 5), ("07-25-2015", 1)], AUTO).formats == ("%d-%m-%Y",)


DAYS = [date(1980 + at % 20, at // 28 % 12 + 1, at % 28 + 1) for at in range(420)]
random.Random(1).shuffle(DAYS)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def converted(day: date, early: str) -> tuple[str, int]:
    """Return a date as a spreadsheet in another locale writes it, with the count 1.

    If the day is at most 12, day and month are exchanged.
    """
    if day.day > 12:
        return f"{day:%d/%m/%Y}", 1
    wrong = date(day.year, day.day, day.month)
    return wrong.strftime(early.replace("%b", MONTHS[wrong.month - 1])), 1


@pytest.mark.parametrize(
    ("early", "readings"),
    [
        ("%Y-%m-%d", ("%Y-%m-%d", "%Y-%d-%m")),
        ("%Y/%m/%d 00:00:00", ("%Y/%m/%d", "%Y/%d/%m")),
        ("%Y%m%d", ("%Y%m%d", "%Y%d%m")),
        ("%d.%m.%Y", ("%d.%m.%Y", "%m.%d.%Y")),
        ("%d-%b-%Y", ("%d-%b-%Y",)),
    ],
)
def test_refusal_of_converted_dates_lists_each_order(early: str, readings: tuple[str, ...]) -> None:
    proof = interpret_dates([converted(day, early) for day in DAYS], AUTO)
    in_doubt = sum(day.day <= 12 and day.day != day.month for day in DAYS)
    assert proof.refusal is not None
    assert proof.undecided == in_doubt == 165
    early_days = sum(day.day <= 12 for day in DAYS)
    assert proof.readings == tuple((form, early_days) for form in readings)
    for form in readings:
        assert f'["%d/%m/%Y", "{form}"] reads 420 of them' in proof.refusal
    for form in readings:
        declared = interpret_dates(
            [converted(day, early) for day in DAYS], Settings(("%d/%m/%Y", form))
        )
        assert (declared.refusal, declared.undecided) == (None, in_doubt)


@pytest.mark.parametrize("right", [40, 200, 330])
def test_correct_dates_do_not_decide_the_order_of_converted_ones(right: int) -> None:
    texts = [(day.isoformat(), 1) for day in DAYS[:right]]
    texts += [converted(day, "%Y-%m-%d") for day in DAYS[right:]]
    proof = interpret_dates(texts, AUTO)
    late_days = sum(day.day > 12 for day in DAYS[:right])
    assert '["%d/%m/%Y", "%Y-%m-%d"] reads 420 of them' in str(proof.refusal)
    assert f'["%d/%m/%Y", "%Y-%d-%m"] reads {420 - late_days} of them' in str(proof.refusal)


def test_a_few_converted_dates_are_quarantined() -> None:
    texts = [(f"{day:%d-%m-%Y}", 5) for day in DAYS]
    texts += [converted(day, "%Y-%m-%d") for day in DAYS[:40]]
    proof = interpret_dates(texts, AUTO)
    assert (proof.refusal, proof.quarantined) == (None, sum(day.day <= 12 for day in DAYS[:40]))
    assert proof.formats == ("%d-%m-%Y", "%d/%m/%Y")
    assert interpret_dates(texts, Settings(tolerated=0.005)).refusal is not None


@pytest.mark.parametrize(
    "days",
    [
        [day for day in DAYS if day.day == 1],  # the first day of each month
        [day for day in DAYS if day.day >= 25],  # the last days of each month
        [day for day in DAYS if day.month == 6 and day.day <= 12],  # the first days of one month
        DAYS[:40],
        DAYS[:210],
    ],
)
def test_dates_in_two_notations_are_read(days: list[date]) -> None:
    texts = [(day.isoformat() if day in days else f"{day:%d/%m/%Y}", 1) for day in DAYS]
    assert {*interpret_dates(texts, AUTO).formats} == {"%Y-%m-%d", "%d/%m/%Y"}


@pytest.mark.parametrize(("early", "late", "is_refused"), [(6, 6, 0), (6, 9, 0), (7, 11, 1)])
def test_conversion_is_proved_only_by_enough_dates(early: int, late: int, is_refused: bool) -> None:
    days = [*range(1, 1 + early), *range(13, 13 + late)]
    texts = [converted(date(2001, day % 7 + 1, day), "%Y-%m-%d") for day in days]
    assert (interpret_dates(texts, AUTO).refusal is not None) == is_refused


def test_a_few_dates_in_an_undecided_order_are_quarantined() -> None:
    dates = [("25-07-2015", 98), ("25/07/2015", 1), ("07/25/2015", 1)]
    proof = interpret_dates(dates, Settings(tolerated=0.02))
    message = FileProof("a.csv", proof, {}).warnings[0]
    assert message.endswith(
        " Quarantined, because they could be in another order: 2, such as 25/07/2015."
    )


def test_column_decides_ambiguous_cells() -> None:
    point = interpret_amounts("bank_loans", [("258.000", 5), ("0.00", 1)], AUTO)
    comma = interpret_amounts("bank_loans", [("258.000", 5), ("75384,77", 1)], AUTO)
    assert (point.mark, point.basis, point.refusal) == (".", "proved", None)
    assert (comma.mark, comma.basis, comma.refusal) == (",", "proved", None)


def test_refusal_of_ambiguous_amounts_gives_both_readings() -> None:
    proof = interpret_amounts("bank_loans", [("258.000", 3000)], AUTO)
    assert "'.' 258.000 is 258.000, and with ',' it is 258000" in str(proof.refusal)
    declared = interpret_amounts("bank_loans", [("258.000", 3000)], Settings(decimal_mark=","))
    assert (declared.refusal, declared.mark, declared.undecided) == (None, ",", 3000)


def test_unusual_amounts_that_the_column_decides_are_counted() -> None:
    def warned(*texts: tuple[str, int]) -> str:
        proof = interpret_amounts("bank_loans", texts, AUTO)
        return " ".join(FileProof("a.csv", DateProof((), "typed"), {"bank_loans": proof}).warnings)

    message = (
        "19 of 119 amounts such as 258.000 have three digits after a mark, and are read as 258.00"
    )
    assert message in warned(("258.000", 19), ("75384.77", 100))
    assert "read as 258000.00" in warned(("258,000", 19), ("75384.77", 100))
    assert warned(("258,000", 19), ("75,384.77", 100)) == ""
    assert warned(("0,500", 19), ("75384.77", 100)) == ""  # quarantined


def test_mixed_column_does_not_decide_ambiguous_cells() -> None:
    mixed = [("0.00", 500), ("12,34", 1)]
    assert interpret_amounts("bank_loans", mixed, AUTO).refusal is None
    assert interpret_amounts("bank_loans", [*mixed, ("1,200", 1)], AUTO).refusal is not None


def test_amounts_with_more_than_two_decimals_need_a_setting() -> None:
    texts = [("776242.9184", 3000)]
    refused = interpret_amounts("bank_loans", texts, AUTO)
    assert "such as 776242.9184" in str(refused.refusal)
    assert "raw_money_rounding" in str(refused.refusal)
    assert interpret_amounts("bank_loans", texts, Settings(rounding="half_up")).refusal is None
    assert interpret_amounts("bank_loans", [("0.00", 200), ("1.234", 1)], AUTO).refusal is None


def test_one_currency_is_kept_and_two_are_refused() -> None:
    dates = interpret_dates([("25-07-2015", 1)], AUTO)

    def proof(*texts: str) -> FileProof:
        money = interpret_amounts("bank_loans", Counter(texts).items(), AUTO)
        return FileProof("clients.csv", dates, {"bank_loans": money})

    assert currency_of([proof("5.00")]) is None
    assert currency_of([proof("\u20ac 5.00", "5.00 EUR"), proof("7.00")]) == "EUR"
    with pytest.raises(DropError, match="2 amounts in USD in bank_loans"):
        currency_of([proof("$5.00", "US$ 6.00"), proof("\u00a37.00")])


def test_columns_with_a_decimal_comma_are_named_in_one_line() -> None:
    dates = DateProof(("%d-%m-%Y",), "declared")
    commas = interpret_amounts("bank_loans", [("1.234,50", 3), ("2", 1)], AUTO)
    points = interpret_amounts("bank_deposits", [("1,234.50", 3)], AUTO)
    money = {"bank_loans": commas, "business_lending": commas, "bank_deposits": points}
    assert FileProof("clients.csv", dates, money).warnings == (
        "clients.csv: read with a decimal comma: bank_loans, business_lending. 6 of the 8 amounts "
        "examined fit no other notation.",
    )


def test_whole_file_is_read_if_its_head_proves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(proofs, "HEAD_ROWS", 2)
    money = [column.name for column in CLIENTS.columns if column.kind == "money"]
    cells = ", ".join(f"amount as {name}" for name in money)
    select = (
        f"select {IDS}, day as joined_bank, {cells}, null as structural_fault "
        "from (values "
        "('04-07-2015', '1.000'), ('05-07-2015', '2'), ('25-07-2015', '3,50')) as t(day, amount)"
    )
    with duckdb.connect() as connection:
        proof = proofs.prove_file(connection, "clients.csv", select, CLIENTS, AUTO)
    assert proof.refusals == ()
    assert proof.dates.formats == ("%d-%m-%Y",)
    assert {proof.money[name].mark for name in money} == {","}


def test_all_rows_are_examined_if_the_first_rows_have_two_notations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(proofs, "HEAD_ROWS", 20)
    texts = [text for day in DAYS for text, _ in [converted(day, "%Y-%m-%d")]]
    rows = ", ".join(f"('{text}')" for text in [*sorted(texts, key=len), *texts])
    money = [column.name for column in CLIENTS.columns if column.kind == "money"]
    cells = ", ".join(f"'1.00' as {name}" for name in money)
    select = (
        f"select {IDS}, day as joined_bank, {cells}, null as structural_fault "
        f"from (values {rows}) as t(day)"
    )
    with duckdb.connect() as connection:
        proof = proofs.prove_file(connection, "clients.csv", select, CLIENTS, AUTO)
    assert "of 840 joining dates" in proof.refusals[0]


def test_typed_numbers_do_not_prove_the_notation_of_text_cells() -> None:
    money = [column.name for column in CLIENTS.columns if column.kind == "money"]
    cells = ", ".join(f"amount as {name}" for name in money)
    select = (
        f"select {IDS}, '25-07-2015' as joined_bank, {cells}, "
        "null as structural_fault from (values ('258.50'), ('258.000'), ('3')) as t(amount)"
    )

    def prove(texts: dict[str, int], settings: Settings = AUTO) -> FileProof:
        with duckdb.connect() as connection:
            return proofs.prove_file(
                connection, "a.xlsx", select, CLIENTS, settings, texts={money[0]: texts}
            )

    (refusal,) = prove({"258.000": 1}).refusals
    assert "a.xlsx, row 3: estimated_income: 1 of 1 amounts, such as 258.000, fit two" in refusal
    assert (
        "'.' 258.000 is 258.000, and with ',' it is 258000. Write these cells as numbers" in refusal
    )
    assert prove({"258.000": 1, "unknown": 5}).refusals == (refusal,)
    assert prove({"258.000": 1, "1,234.50": 1}).refusals == ()
    declared = prove({"258.000": 1}, Settings(decimal_mark="."))
    assert (declared.refusals, declared.money[money[0]].undecided) == ((), 1)


def test_settings_match_the_variables() -> None:
    assert Settings.from_variables({}) == AUTO
    given = {
        "raw_date_format": ["%d-%m-%Y"],
        "raw_decimal_mark": ",",
        "raw_money_rounding": "half_up",
        "max_quarantine_rate": "0.5",
    }
    assert Settings.from_json(json.dumps(given)) == Settings(("%d-%m-%Y",), ",", "half_up", 0.5)
