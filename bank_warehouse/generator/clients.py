"""One block of clients, as arrays and as an Arrow record batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from bank_warehouse.generator import calibration, domains, months
from bank_warehouse.generator.copula import Copula, build_copula, draw
from bank_warehouse.generator.names import name_pools, staff_names
from bank_warehouse.generator.planted_effects import PLANTS
from bank_warehouse.generator.randomness import (
    Integers,
    Unsigned,
    integers_below,
    permute,
    stream_key,
    uniforms,
)

Columns = dict[str, Integers]

TEXT_DOMAINS: Mapping[str, Mapping[str, int]] = {
    "Nationality": domains.NATIONALITY_COUNTS,
    "Occupation": domains.OCCUPATION_COUNTS,
    "Fee Structure": domains.FEE_STRUCTURE_COUNTS,
    "Loyalty Classification": domains.LOYALTY_CLASSIFICATION_COUNTS,
}
NUMBER_DOMAINS: Mapping[str, Mapping[int, int]] = {
    "Amount of Credit Cards": domains.CREDIT_CARD_COUNTS,
    "Properties Owned": domains.PROPERTY_COUNTS,
    "GenderId": domains.GENDER_COUNTS,
}
INTEGER_COLUMNS = (
    "Age", "Location ID", "Amount of Credit Cards", "Properties Owned", "Risk Weighting",
    "BRId", "GenderId", "IAId",
)  # fmt: skip
SMALLEST_ID_DIGITS = 5


@dataclass(frozen=True)
class Plan:
    """Everything about a pack that is the same for all its rows.

    Attributes:
        customers: The number of customers in the first month.
        seed: The seed.
        copula: The tables for the balances.
        texts: The values that each text column may have, and all first names and surnames.
        plant: The name of an effect in `planted_effects.PLANTS` to plant; None for none.
        months_later: The month of the pack; 0 is the first.
    """

    customers: int
    seed: int
    copula: Copula
    texts: Mapping[str, pa.Array]
    plant: str | None = None
    months_later: int = 0

    @property
    def rows(self) -> int:
        """The rows of a pack before leavers are removed: everyone who joined by its month."""
        return self.customers + months.joined_by(self.customers, self.months_later)


def make_plan(customers: int, seed: int, plant: str | None = None, months_later: int = 0) -> Plan:
    """Return the plan of a pack.

    Args:
        customers: The number of customers in the first month.
        seed: The seed.
        plant: The name of an effect in `planted_effects.PLANTS` to plant; None for none.
        months_later: Months between the first pack and this one.
    """
    first_names, surnames = name_pools()
    copula = build_copula(
        calibration.QUANTILES,
        calibration.PROBABILITIES,
        calibration.SPEARMAN,
        list(domains.RISK_WEIGHTING_COUNTS.values()),
    )
    texts: dict[str, Sequence[str]] = {
        "first name": first_names,
        "surname": surnames,
        "Banking Contact": staff_names("banking contacts", domains.BANKING_CONTACTS),
        **{name: list(counts) for name, counts in TEXT_DOMAINS.items()},
    }
    arrays = {name: pa.array(values, pa.string()) for name, values in texts.items()}
    return Plan(customers, seed, copula, arrays, plant, months_later)


def id_digits(customers: int) -> int:
    """Return the number of digits of a client id: at least 5, enough for twice the customers."""
    digits = SMALLEST_ID_DIGITS
    while 9 * 10 ** (digits - 1) < 2 * customers:
        digits += 1
    return digits


def draw_columns(plan: Plan, start: int, stop: int) -> Columns:
    """Return the rows `start` to `stop` of a pack, each column an integer array.

    Each array has the shape (stop - start,) in the first month. Later, it is shorter, because the
    customers who have left are missing. Text values are positions in `Plan.texts`, money is in
    cents, dates are days since 1970-01-01, and client ids lack their prefix `IND`.
    """
    rows = np.arange(start, stop, dtype=np.uint64)
    columns = _identities(plan, rows)
    columns |= _demographics(plan, rows)
    columns |= _balances(plan, rows)
    columns["BRId"] = np.array(domains.RELATIONSHIP_CYCLE)[rows % len(domains.RELATIONSHIP_CYCLE)]
    columns["IAId"] = np.array(domains.ADVISOR_CYCLE)[rows % len(domains.ADVISOR_CYCLE)]
    if plan.plant is not None:
        PLANTS[plan.plant](columns, plan.seed, rows)
    if plan.months_later:
        columns = _months_later(plan, rows, columns)
    return columns


def _months_later(plan: Plan, rows: Unsigned, columns: Columns) -> Columns:
    """Return the columns in the month of the plan, without leavers and later joiners."""
    months.move(columns, plan.customers, plan.months_later, plan.seed, rows)
    is_there = months.is_with_the_bank(plan.customers, plan.months_later, plan.seed, rows)
    return {name: values[is_there] for name, values in columns.items()}


def record_batch(plan: Plan, columns: Columns) -> pa.RecordBatch:
    """Return `columns` with their Arrow types: text as dictionaries, money as decimal(18,2)."""
    arrays: dict[str, pa.Array] = {}
    for name, values in columns.items():
        if name in plan.texts:
            places = pa.array(values.astype(np.int32))
            arrays[name] = pa.DictionaryArray.from_arrays(places, plan.texts[name])
        elif name in calibration.QUANTILES:
            arrays[name] = _decimals(values)
        elif name == "Joined Bank":
            arrays[name] = pa.array(values.astype(np.int32), pa.date32())
        elif name in INTEGER_COLUMNS:
            arrays[name] = pa.array(values.astype(np.int32))
        else:
            arrays[name] = pa.array(values)
    return pa.RecordBatch.from_pydict(arrays)


def _identities(plan: Plan, rows: Unsigned) -> Columns:
    """Return client id numbers and names.

    The rows of the first month are shuffled. In that order, the first few share ids in twos or
    threes, and the last few share names in pairs. These are different rows, so no two people share
    both. Customers who join later share neither. If more names are needed than there are
    combinations of first names and surnames (about three million), names are reused.
    """
    customers, seed = plan.customers, plan.seed
    later = rows[rows >= customers]
    order = permute(rows[rows < customers], customers, stream_key(seed, "order of sharing"))
    twos = _scaled(calibration.IDS_SHARED_BY_TWO, customers)
    threes = _scaled(calibration.IDS_SHARED_BY_THREE, customers)
    after_threes, after_twos = 3 * threes, 3 * threes + 2 * twos
    id_group = np.where(
        order < after_threes,
        order // np.uint64(3),
        np.where(
            order < after_twos,
            threes + (order - after_threes) // np.uint64(2),
            order - np.uint64(after_twos - threes - twos),
        ),
    )
    backwards = np.uint64(customers - 1) - order
    shared_names = _scaled(calibration.NAMES_SHARED_BY_TWO, customers)
    name_group = np.where(
        backwards < 2 * shared_names,
        backwards // np.uint64(2),
        backwards - np.uint64(shared_names),
    )
    id_group = np.concatenate([id_group, later])
    name_group = np.concatenate([name_group, later])
    first_id = 10 ** (id_digits(customers) - 1)
    surnames = np.uint64(len(plan.texts["surname"]))
    names = len(plan.texts["first name"]) * int(surnames)
    name = permute(name_group % np.uint64(names), names, stream_key(seed, "names"))
    number = permute(id_group, 9 * first_id, stream_key(seed, "client ids"))
    return {
        "client number": number.astype(np.int64) + first_id,
        "first name": (name // surnames).astype(np.int64),
        "surname": (name % surnames).astype(np.int64),
    }


def _demographics(plan: Plan, rows: Unsigned) -> Columns:
    """Return the independent columns, which carry no signal, as in the bank's files."""
    seed = plan.seed
    ages = calibration.OLDEST - calibration.YOUNGEST + 1
    columns = {
        "Age": calibration.YOUNGEST + integers_below(ages, stream_key(seed, "Age"), rows),
        "Location ID": 1
        + integers_below(calibration.LOCATION_IDS, stream_key(seed, "Location ID"), rows),
        "Joined Bank": _joining_days(plan, rows),
        "Banking Contact": integers_below(
            domains.BANKING_CONTACTS, stream_key(seed, "Banking Contact"), rows
        ),
    }
    for name, counts in TEXT_DOMAINS.items():
        columns[name] = _pick(list(range(len(counts))), list(counts.values()), name, seed, rows)
    for name, numbers in NUMBER_DOMAINS.items():
        columns[name] = _pick(list(numbers), list(numbers.values()), name, seed, rows)
    return columns


def _joining_days(plan: Plan, rows: Unsigned) -> Integers:
    """Return joining dates of all customers, as days since 1970-01-01."""
    is_later = rows >= plan.customers
    return np.where(
        is_later,
        months.joining_days(plan.customers, plan.seed, rows),
        _first_joining_days(plan.seed, rows),
    )


def _first_joining_days(seed: int, rows: Unsigned) -> Integers:
    """Return joining dates of the first month: years as in the profile, days equally frequent."""
    years = list(calibration.CLIENTS_BY_YEAR_JOINED)
    counts = list(calibration.CLIENTS_BY_YEAR_JOINED.values())
    epoch = date(1970, 1, 1)
    first_days = np.array([(date(year, 1, 1) - epoch).days for year in years])
    lengths = np.array([(date(year + 1, 1, 1) - date(year, 1, 1)).days for year in years])
    place = _pick(list(range(len(years))), counts, "year joined", seed, rows)
    day = (uniforms(stream_key(seed, "day joined"), rows) * lengths[place]).astype(np.int64)
    result: Integers = first_days[place] + day
    return result


def _balances(plan: Plan, rows: Unsigned) -> Columns:
    """Return the money columns in cents, with zeros, and the risk weighting."""
    balances, risk = draw(plan.copula, plan.seed, rows)
    columns = {name: np.rint(values * 100).astype(np.int64) for name, values in balances.items()}
    for names, clients in calibration.ZERO_GROUPS.items():
        chance = uniforms(stream_key(plan.seed, f"zero {names[0]}"), rows)
        is_zero = chance * calibration.CLIENTS_PROFILED < clients
        for name in names:
            columns[name][is_zero] = 0
    columns["Risk Weighting"] = risk
    return columns


def _pick(
    values: Sequence[int], counts: Sequence[int], purpose: str, seed: int, rows: Unsigned
) -> Integers:
    """Return one of `values` for each row, with frequencies in proportion to `counts`."""
    slots = np.repeat(np.array(values, dtype=np.int64), counts)
    picked: Integers = slots[integers_below(len(slots), stream_key(seed, purpose), rows)]
    return picked


def _scaled(count: int, customers: int) -> int:
    """Return how many of `customers` correspond to `count` of the profiled clients."""
    return (count * customers + calibration.CLIENTS_PROFILED // 2) // calibration.CLIENTS_PROFILED


def _decimals(cents: Integers) -> pa.Array:
    """Return non-negative amounts in cents as Arrow decimal(18,2), without a cast.

    An Arrow decimal128 is a 16-byte little-endian integer: the cents and eight zero bytes.
    """
    words = np.zeros((len(cents), 2), dtype="<i8")
    words[:, 0] = cents
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(cents), [None, pa.py_buffer(words)])
