"""Random raw drops from the shipped seeds, each identified by a number.

A drop has 1 to 500 clients from the seeds. Up to four of the `SHAPES` change the dates, categories
and amounts of the clients, for example to one category, balances of zero or overdrafts. Only the
shape `an amount too large` makes a row invalid, and that row is quarantined. Every data test must
therefore pass for every drop.
"""

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from python_checks.testing.oddities import seed_rows
from python_checks.testing.paths import SEEDS

Row = dict[str, str]
DATES = (date(2000, 2, 29), date(2021, 12, 31), date(2026, 11, 28))
"""The as-of dates of drops; the second is the as-of date of the seeds."""
LARGEST = 500
MOST_SHAPES = 4
LARGEST_AMOUNT = "999999999999.99"
"""The largest accepted amount."""
TOO_LARGE = "9999999999999999.99"

CARDS = "Credit Card Balance"
INCOME = "Estimated Income"
LOANS = (CARDS, "Bank Loans", "Business Lending")
DEPOSITS = ("Bank Deposits", "Checking Accounts", "Saving Accounts", "Foreign Currency Account")
BALANCES = (*LOANS, *DEPOSITS)
MONEY = (INCOME, "Superannuation Savings", *BALANCES)
CATEGORIES = (
    "Nationality",
    "Occupation",
    "Fee Structure",
    "Loyalty Classification",
    "Amount of Credit Cards",
    "Properties Owned",
    "Risk Weighting",
    "BRId",
    "GenderId",
    "IAId",
    "Age",
)
DATE_FORMAT = "%d-%m-%Y"
HEADER, _ROWS = seed_rows()


@dataclass
class Drop:
    """A random drop.

    Attributes:
        name: the name of the drop in test ids.
        clients: the rows of the clients file, as dictionaries of cells by header.
        as_of_date: the as-of date.
        shapes: the names of the shapes that changed the drop.
        quarantined: number of quarantined rows.
        advisors: number of investment advisors; None keeps those of the seeds.
    """

    name: str
    clients: list[Row]
    as_of_date: date = DATES[1]
    shapes: tuple[str, ...] = ()
    quarantined: int = 0
    advisors: int | None = None

    def write(self, folder: Path) -> Mapping[str, Path]:
        """Write the files that differ from the seeds, and return them by seed name."""
        clients = folder / "clients.csv"
        with clients.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, HEADER)
            writer.writeheader()
            writer.writerows(self.clients)
        if self.advisors is None:
            return {"raw_clients": clients}
        advisors = folder / "investment_advisors.csv"
        lines = (SEEDS / "raw_investment_advisors.csv").read_text("utf-8").splitlines(keepends=True)
        advisors.write_text("".join(lines[: 1 + self.advisors]), encoding="utf-8")
        return {"raw_clients": clients, "raw_investment_advisors": advisors}


Shape = Callable[[Drop, Random], None]
SHAPES: dict[str, Shape] = {}
"""Functions that change a drop, by name."""


def shape(make: Shape) -> Shape:
    """Add a function to `SHAPES` under its own name."""
    SHAPES[make.__name__.replace("_", " ")] = make
    return make


def draw(number: int, seed: int) -> Drop:
    """Return the drop with this number, which is always the same for the same seed."""
    random = Random(f"{seed} {number}")  # noqa: S311
    size = round(math.exp(random.uniform(0, math.log(LARGEST))))
    drop = Drop(f"{number}", sampled(random.sample(_ROWS, size)), random.choice(DATES))
    move_dates(drop)
    names = random.sample(sorted(SHAPES), random.randint(0, MOST_SHAPES))
    # The invalid row comes last, so that no other shape makes it valid again.
    names.sort(key=lambda name: name == "an amount too large")
    for name in names:
        SHAPES[name](drop, random)
    drop.shapes = tuple(names)
    return drop


def sampled(rows: Sequence[Sequence[str]]) -> list[Row]:
    """Return rows of the seed as dictionaries of cells by header."""
    return [dict(zip(HEADER, row, strict=True)) for row in rows]


def joined(row: Row) -> date:
    """Return the joining date of a client."""
    return datetime.strptime(row["Joined Bank"], DATE_FORMAT).date()


def move_dates(drop: Drop) -> None:
    """Shift joining dates by the difference between the as-of dates of the drop and the seeds."""
    for row in drop.clients:
        row["Joined Bank"] = written(drop.as_of_date - (DATES[1] - joined(row)))


def written(day: date) -> str:
    """Return a date in the format of the seeds, with four-digit years."""
    return f"{day:%d-%m}-{day.year:04}"


def set_all(drop: Drop, columns: Sequence[str], value: str) -> None:
    """Give all clients one value in these columns."""
    for row in drop.clients:
        row.update(dict.fromkeys(columns, value))


def negative(amount: str) -> str:
    """Return the amount as a negative number; zero becomes minus a cent."""
    return str(-max(abs(Decimal(amount)), Decimal("0.01")))


# ---------------------------------------------------------------- categories


@shape
def one_category(drop: Drop, random: Random) -> None:
    """In some columns, every client has the value of the first client."""
    for column in random.sample(CATEGORIES, random.randint(1, 4)):
        set_all(drop, [column], drop.clients[0][column])


@shape
def all_categories_alike(drop: Drop, random: Random) -> None:  # noqa: ARG001
    """All clients have the categories of the first client."""
    for column in CATEGORIES:
        set_all(drop, [column], drop.clients[0][column])


@shape
def one_advisor(drop: Drop, random: Random) -> None:  # noqa: ARG001
    """The bank has one advisor."""
    drop.advisors = 1
    set_all(drop, ["IAId"], "1")


@shape
def no_cards(drop: Drop, random: Random) -> None:  # noqa: ARG001
    """Nobody has a credit card."""
    set_all(drop, ["Amount of Credit Cards", CARDS], "0")


@shape
def unknown_occupations(drop: Drop, random: Random) -> None:
    """Every client has an occupation that is not in the reference seed."""
    for row in drop.clients:
        row["Occupation"] = random.choice(("Falconer", "Lamplighter O'Toole", "Żeglarz"))


@shape
def extreme_ages(drop: Drop, random: Random) -> None:
    """Clients are newborn, very old or around the age of 18."""
    for row in drop.clients:
        row["Age"] = random.choice(("0", "17", "18", "119", "120"))


# ---------------------------------------------------------------- dates


@shape
def everyone_newly_joined(drop: Drop, random: Random) -> None:
    """Everyone joined within the last month."""
    for row in drop.clients:
        row["Joined Bank"] = written(drop.as_of_date - timedelta(days=random.randint(0, 30)))


@shape
def joined_today(drop: Drop, random: Random) -> None:  # noqa: ARG001
    """Everyone joined on the as-of date."""
    set_all(drop, ["Joined Bank"], written(drop.as_of_date))


@shape
def joined_over_a_century(drop: Drop, random: Random) -> None:
    """Clients joined at any time in the last hundred years."""
    for row in drop.clients:
        row["Joined Bank"] = written(drop.as_of_date - timedelta(days=random.randint(0, 36_500)))


# ---------------------------------------------------------------- money


@shape
def all_balances_zero(drop: Drop, random: Random) -> None:  # noqa: ARG001
    """All balances are zero."""
    set_all(drop, BALANCES, "0")


@shape
def no_money_at_all(drop: Drop, random: Random) -> None:  # noqa: ARG001
    """All balances and incomes are zero."""
    set_all(drop, MONEY, "0.00")


@shape
def all_balances_equal(drop: Drop, random: Random) -> None:
    """Everyone has the same amount in every account."""
    amount = random.choice(("0.01", "0.07", "1", "33.33", "1234567.89", "-12.34", LARGEST_AMOUNT))
    set_all(drop, BALANCES, amount)


@shape
def each_account_alike(drop: Drop, random: Random) -> None:
    """Everyone has the same amounts, which differ by account."""
    for column in MONEY:
        set_all(drop, [column], str(Decimal(random.randint(1, 10**12)) / 100))


@shape
def nearly_alike(drop: Drop, random: Random) -> None:
    """Amounts differ by less than a millionth of their size."""
    base, step = random.choice(((10**8, 1), (10**14 - 10**9, 10**6)))
    for row in drop.clients:
        row.update(
            {column: str(Decimal(base + random.randint(-9, 9) * step) / 100) for column in MONEY}
        )


@shape
def one_product(drop: Drop, random: Random) -> None:
    """Only one kind of account is used."""
    kept = random.choice(BALANCES)
    set_all(drop, [column for column in BALANCES if column != kept], "0")


@shape
def many_zeros(drop: Drop, random: Random) -> None:
    """Most amounts are zero."""
    for row in drop.clients:
        for column in MONEY:
            if random.random() < 0.8:
                row[column] = "0"


@shape
def overdrafts(drop: Drop, random: Random) -> None:
    """Checking accounts are overdrawn, by a few cents or by large amounts."""
    share = random.choice((0.05, 0.5, 1))
    for row in drop.clients:
        if random.random() < share:
            row["Checking Accounts"] = negative(
                random.choice(("0.01", "250.00", row["Checking Accounts"], row["Bank Deposits"]))
            )


@shape
def negative_amounts(drop: Drop, random: Random) -> None:
    """In some columns, some or all amounts are negative: overdrafts, prepaid cards, losses."""
    columns = random.sample(MONEY, random.randint(1, len(MONEY)))
    share = random.choice((0.1, 0.5, 1))
    for row in drop.clients:
        for column in columns:
            if random.random() < share:
                row[column] = negative(row[column])


@shape
def totals_cancel_out(drop: Drop, random: Random) -> None:
    """Each client's loans add up to zero, and so do the client's deposits."""
    for row in drop.clients:
        for columns in (LOANS, DEPOSITS):
            one, other, *rest = random.sample(columns, len(columns))
            row.update(dict.fromkeys(rest, "0"))
            row[other] = str(-Decimal(row[one]))


@shape
def a_cent_remains(drop: Drop, random: Random) -> None:
    """Each client's loans add up to one cent, and so do the client's deposits."""
    for row in drop.clients:
        most = Decimal(LARGEST_AMOUNT) - Decimal("0.01")
        amount = min(random.choice((Decimal(row[CARDS]), most)), most)
        for columns in (LOANS, DEPOSITS):
            one, other, *rest = random.sample(columns, len(columns))
            row.update(dict.fromkeys(rest, "0"))
            row.update({one: str(amount + Decimal("0.01")), other: str(-amount)})


@shape
def bank_cancels_out(drop: Drop, random: Random) -> None:
    """In some columns, the balances of all clients add up to zero."""
    for column in random.sample(BALANCES, random.randint(1, len(BALANCES))):
        total = sum((Decimal(row[column]) for row in drop.clients[1:]), Decimal(0))
        if abs(total) <= Decimal(LARGEST_AMOUNT):
            drop.clients[0][column] = str(-total)


@shape
def loans_equal_deposits(drop: Drop, random: Random) -> None:  # noqa: ARG001
    """Everyone owes exactly what they have."""
    for row in drop.clients:
        row.update(zip(LOANS, (row[column] for column in DEPOSITS), strict=False))
        row[DEPOSITS[-1]] = "0"


@shape
def small_amounts(drop: Drop, random: Random) -> None:
    """All amounts are below 1.00."""
    for row in drop.clients:
        row.update({column: f"0.{random.randint(0, 99):02}" for column in MONEY})


@shape
def two_amounts(drop: Drop, random: Random) -> None:
    """Every account holds one of two amounts."""
    amounts = random.choice((("0.1", "0.3"), ("0", "0.01"), ("-5", "5"), ("1", LARGEST_AMOUNT)))
    for row in drop.clients:
        row.update({column: random.choice(amounts) for column in MONEY})


@shape
def largest_amounts(drop: Drop, random: Random) -> None:
    """The largest accepted amounts or their negatives, in some columns of some or all clients."""
    columns = random.sample(MONEY, random.randint(1, len(MONEY)))
    share = random.choice((0.02, 1))
    for row in drop.clients:
        if random.random() < share:
            row.update(dict.fromkeys(columns, random.choice(("", "-")) + LARGEST_AMOUNT))


@shape
def one_rich_client(drop: Drop, random: Random) -> None:
    """One client has nearly all of the money."""
    set_all(drop, MONEY, "0.01")
    random.choice(drop.clients).update(dict.fromkeys(MONEY, LARGEST_AMOUNT))


@shape
def an_amount_too_large(drop: Drop, random: Random) -> None:
    """If there are several clients, one of them has amounts whose sums would overflow.

    That client's row is quarantined.
    """
    if len(drop.clients) > 1 and not drop.quarantined:
        row = random.choice(drop.clients)
        row.update(dict.fromkeys(random.sample(MONEY, 3), TOO_LARGE))
        drop.quarantined = 1
