"""The comparison set with pandas: whole columns in memory, as in a careful notebook.

pyarrow reads the file on all cores, directly into numbers and dictionaries. Categories stay
categories. Money is whole cents in 64-bit integers, so that sums are exact. Keys are pandas' own
hashes. Only quarantined rows are handled one by one in Python. If a column does not have its
expected type, the file is read again as text to find the invalid rows.

    python -m benchmarks.scale.pandas_marts --drop DROP --marts FOLDER

The module needs only pandas and pyarrow. Money is written as doubles.
"""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from benchmarks.scale import reference
from benchmarks.scale.reference import FIRST_ROW, MONEY_COLUMNS
from python_checks.expectations.columns import MONEY, PRODUCT_BALANCES

Array = np.ndarray[Any, Any]

CATEGORIES = ("nationality", "occupation", *reference.CODES)
DATE = "joined_bank"

# ---------------------------------------------------------------------------- reading


def read_clients(file: Path) -> pd.DataFrame:
    """Read a clients file: money as doubles, counts as integers, categories as categories.

    Returns:
        One row per record, in the order of the file, with the warehouse's column names. The joining
        date is categorical text, or a datetime if the file is Parquet. If a number in a CSV file
        cannot be read, every column is text.
    """
    if file.suffix == ".parquet":
        table = pq.read_table(file)
    else:
        with file.open(encoding="utf-8", newline="") as opened:
            header = next(csv.reader(opened))
        try:
            table = _read_csv(file, {name: _type_of(reference.canonical(name)) for name in header})
        except pa.ArrowInvalid:
            table = _read_csv(file, dict.fromkeys(header, pa.string()))
    table = table.rename_columns([reference.canonical(name) for name in table.column_names])
    schema = pa.schema(
        pa.field(field.name, pa.float64()) if pa.types.is_decimal(field.type) else field
        for field in table.schema
    )
    table = table.cast(schema)
    # Free the memory of each column as soon as it is converted.
    frame: pd.DataFrame = table.to_pandas(
        date_as_object=False, self_destruct=True, split_blocks=True
    )
    return frame


def _read_csv(file: Path, types: dict[str, pa.DataType]) -> pa.Table:
    return pa_csv.read_csv(
        file, convert_options=pa_csv.ConvertOptions(column_types=types, strings_can_be_null=False)
    )


def _type_of(column: str) -> pa.DataType:
    if column in MONEY:
        return pa.float64()
    if column in reference.WHOLE:
        return pa.int32()
    if column in (*CATEGORIES, DATE):
        return pa.dictionary(pa.int32(), pa.string())
    return pa.string()


# ---------------------------------------------------------------------------- categories


def recode(column: "pd.Series[Any]", meaning: Callable[[Any], Any]) -> "pd.Series[Any]":
    """Return a categorical column with other values; `meaning` is called once per category."""
    meanings = [meaning(category) for category in column.cat.categories]
    labels = sorted({each for each in meanings if each is not None}, key=str)
    places = {label: place for place, label in enumerate(labels)}
    # Code -1 means null and selects the last element.
    moved = np.array([*(places.get(each, -1) for each in meanings), -1], dtype=np.int32)
    codes = moved[column.cat.codes.to_numpy()]
    return pd.Series(categorical(codes, labels), index=column.index)


def categorical(codes: Array, labels: Iterable[Any]) -> Any:
    """Return a categorical from the positions of its labels; -1 is null."""
    from_codes: Any = pd.Categorical.from_codes
    return from_codes(codes, labels)


def grouped(frame: Any, keys: Any) -> Any:
    """Return a frame grouped by the existing combinations of keys, unsorted."""
    return frame.groupby(keys, observed=True, sort=False)


def as_category(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return a column as a category."""
    return column if column.dtype == "category" else column.astype("category")


def in_bands(values: Array, found: reference.Bands) -> Any:
    """Return the band of each value."""
    codes = np.searchsorted(np.array(found.limits), values, side="right")
    return categorical(codes, found.labels)


def _clean(text: Any) -> str | None:
    return str(text).strip() or None


# ---------------------------------------------------------------------------- validation


def validate(raw: pd.DataFrame, drop: Path, source_file: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Type and validate each record.

    Args:
        raw: From `read_clients`.
        drop: The folder with the lookup files.
        source_file: Name of the file, for the rows that are quarantined.

    Returns:
        The accepted clients, with money in cents, and the quarantined rows.
    """
    typed, first_exchanged = _typed(raw, drop)
    accepted = np.ones(len(typed), dtype=bool)
    for column in (*reference.WHOLE, *MONEY):
        if typed[column].dtype.kind == "f":
            accepted &= typed[column].notna().to_numpy()
    for column in (*reference.REQUIRED_TEXTS, *reference.CODES.values()):
        values = typed[column]
        if values.dtype == "category":
            accepted &= values.cat.codes.to_numpy() >= 0
        else:
            accepted &= (values != "").to_numpy()
    accepted &= (typed["joined_date"] <= pd.Timestamp(reference.as_of_date())).to_numpy()
    accepted &= typed["age"].between(0, 120).to_numpy()
    accepted &= typed["risk_weighting"].between(1, 5).to_numpy()
    accepted &= (typed["amount_of_credit_cards"] >= 0).to_numpy()
    accepted &= (typed["properties_owned"] >= 0).to_numpy()
    # In a file with dates of both orders, an ambiguous date cannot be trusted.
    ambiguous = np.zeros_like(accepted)
    if first_exchanged is not None:
        ambiguous = accepted & _ambiguous(typed["joined_date"])
    clear = accepted & ~ambiguous
    copies = typed["customer_key"].where(clear).duplicated(keep=False).to_numpy() & clear
    kept, repeated = _repeats(typed, copies, source_file)
    quarantined = _quarantined(
        typed,
        source_file,
        {
            **_reasons(raw, typed, np.flatnonzero(~accepted)),
            **{
                int(place): reference.ambiguous_reason(
                    typed["joined_date"].iloc[place], first_exchanged
                )
                for place in np.flatnonzero(ambiguous)
            },
            **repeated,
        },
    )
    clear &= ~copies | kept
    clients = typed if clear.all() else typed[clear].reset_index(drop=True)
    for column in MONEY:
        clients[column] = clients[column].astype("int64")
    for column in reference.WHOLE:
        clients[column] = clients[column].astype("int32")
    return clients[list(reference.CLIENT_COLUMNS)], quarantined


def _typed(raw: pd.DataFrame, drop: Path) -> tuple[pd.DataFrame, int | None]:
    """Return the typed records, and the position of the first date in the other order, if any."""
    typed = pd.DataFrame(index=raw.index)
    for column in ("client_id", "client_name", "banking_contact"):
        typed[column] = raw[column].str.strip()
    typed["location_id"] = raw["location_id"].astype("str").str.strip()
    for column in ("nationality", "occupation"):
        typed[column] = recode(as_category(raw[column]), _clean)
    lookups = reference.code_lookups(
        {column: _read_lookup(drop, stem) for column, stem in reference.LOOKUP_FILES.items()}
    )
    for column, resolved in reference.CODES.items():
        typed[resolved] = recode(as_category(raw[column]), partial(_decode, lookups[column]))
    typed["joined_date"], first_exchanged = _dates(raw[DATE])
    for column in reference.WHOLE:
        typed[column] = _whole(raw[column])
    for column in MONEY:
        typed[column] = _cents(raw[column])
    client = pd.util.hash_pandas_object(typed["client_id"], index=False, categorize=False)
    name = pd.util.hash_pandas_object(typed["client_name"], index=False, categorize=False)
    day = typed["joined_date"].to_numpy().astype("datetime64[D]").astype("uint64")
    typed["client_key"] = (client.to_numpy() >> 4).astype("int64")
    mixed = (client.to_numpy() * np.uint64(31) + name.to_numpy()) * np.uint64(1_000_003) + day
    typed["customer_key"] = (mixed >> np.uint64(4)).astype("int64")
    return typed, first_exchanged


def _decode(known: Mapping[str, str], code: Any) -> str | None:
    return known.get(str(code).strip().lower())


def _read_lookup(drop: Path, stem: str) -> list[tuple[str, str]]:
    file = next(drop.glob(f"{stem}.*"))
    frame = pd.read_csv(file, dtype=str) if file.suffix == ".csv" else pd.read_parquet(file)
    return [(str(identifier), str(name)) for identifier, name in frame.itertuples(index=False)]


def _dates(column: "pd.Series[Any]") -> "tuple[pd.Series[Any], int | None]":
    """Return the joining dates (null if invalid) and the position of the first exchanged one.

    A date is exchanged if it is valid only with day and month in the other order.
    """
    if column.dtype.kind == "M":
        return column, None
    column = as_category(column)
    texts = pd.Series(column.cat.categories).str.strip()
    days = pd.to_datetime(texts, format=reference.DATE_FORMAT, errors="coerce")
    exchanged = pd.to_datetime(
        texts[days.isna()], format=reference.EXCHANGED_FORMAT, errors="coerce"
    )
    found = np.append(days.to_numpy(), np.datetime64("NaT"))
    dates = pd.Series(found[column.cat.codes.to_numpy()], index=column.index)
    places = np.flatnonzero(np.isin(column.cat.codes.to_numpy(), exchanged.dropna().index))
    return dates, int(places[0]) if len(places) else None


def _whole(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return whole numbers: integers, or doubles with nulls if some are invalid."""
    if column.dtype.kind == "i":
        return column
    numbers = pd.to_numeric(column, errors="coerce").astype("float64")
    return numbers.where(numbers == np.floor(numbers))


def _cents(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return amounts in cents: integers, or doubles with nulls if some are not amounts."""
    scaled = pd.to_numeric(column, errors="coerce").to_numpy(dtype="float64") * 100
    rounded = np.rint(scaled)
    is_amount = np.abs(scaled - rounded) < 1e-3
    if is_amount.all():
        return pd.Series(rounded.astype("int64"), index=column.index)
    return pd.Series(np.where(is_amount, rounded, np.nan), index=column.index)


def _ambiguous(dates: "pd.Series[Any]") -> Array:
    """Return which dates stay valid but change if day and month are exchanged."""
    days, months = dates.dt.day, dates.dt.month
    found: Array = ((days <= 12) & (days != months)).to_numpy()
    return found


def _repeats(typed: pd.DataFrame, copies: Array, source_file: str) -> tuple[Array, dict[int, str]]:
    """Return which copies are kept, and why the others are quarantined, by position."""
    kept = np.zeros(len(typed), dtype=bool)
    reasons: dict[int, str] = {}
    for _, rows in typed[copies].groupby("customer_key", sort=False):
        first = int(rows.index[0])
        is_identical = len(rows.drop_duplicates()) == 1
        kept[first] = is_identical
        for place in rows.index[int(is_identical) :]:
            reasons[int(place)] = reference.repeat_reason(
                source_file, first, len(rows), is_identical=is_identical
            )
    return kept, reasons


def _reasons(raw: pd.DataFrame, typed: pd.DataFrame, places: Iterable[int]) -> dict[int, str]:
    """Return why rows are quarantined because of their cells, by position."""
    found = {}
    for place in places:
        cells = {column: _text(raw[column].iloc[place]) for column in raw.columns}
        values = {column: typed[column].iloc[place] for column in typed.columns}
        joined = values["joined_date"]
        values["joined_date"] = None if pd.isna(joined) else joined.date()
        found[int(place)] = "; ".join(reference.reject_reasons(cells, values))
    return found


def _text(cell: Any) -> str:
    return "" if pd.isna(cell) else str(cell).strip()


def _quarantined(typed: pd.DataFrame, source_file: str, reasons: dict[int, str]) -> pd.DataFrame:
    places = sorted(reasons)
    rows = typed.loc[places, list(MONEY)].astype("float64") / 100
    rows.insert(0, "source_file", source_file)
    rows.insert(1, "source_row", np.array(places, dtype="int64") + FIRST_ROW)
    rows["reject_reasons"] = [reasons[place] for place in places]
    rows["as_of_date"] = pd.Timestamp(reference.as_of_date())
    return rows


# ---------------------------------------------------------------------------- customers


def measure(clients: pd.DataFrame) -> pd.DataFrame:
    """Return the customers with their attributes, bands, balances and measures.

    Args:
        clients: The accepted clients, money in cents.

    Returns:
        One row per customer; money in cents, ratios as doubles.
    """
    as_of = pd.Timestamp(reference.as_of_date())
    known = reference.occupations()
    # Money and counts are shared with the clients, not copied.
    customers = clients.drop(columns=["client_id", "client_name", "banking_contact", "location_id"])
    delivered = customers["occupation"]
    customers["occupation"] = recode(
        delivered, lambda name: known[name].occupation if name in known else name
    )
    customers["occupation_title"] = recode(
        delivered, lambda name: known[name].title if name in known else name
    )
    customers["occupation_grade"] = recode(
        delivered, lambda name: known[name].grade if name in known else None
    )
    customers["occupation_family"] = recode(
        delivered, lambda name: known[name].family if name in known else "Other"
    )
    flags = np.array(
        [(name in known and known[name].is_corrected, name not in known)
         for name in delivered.cat.categories]
    ).reshape(-1, 2)[delivered.cat.codes.to_numpy()]  # fmt: skip
    customers["has_corrected_occupation"], customers["has_unknown_occupation"] = flags.T
    customers["has_shared_client_id"] = customers["client_key"].duplicated(keep=False)
    customers["as_of_date"] = as_of
    customers["joined_year"] = customers["joined_date"].dt.year
    customers["tenure_days"] = (as_of - customers["joined_date"]).dt.days.astype("int32")
    age, tenure = customers["age"], customers["tenure_days"]
    customers["is_joined_before_birth"] = tenure > age * 365.25
    customers["is_joined_as_minor"] = tenure > (age - 18) * 365.25
    for column, values, found in (
        ("age_band", age, reference.bands("age_bands", "age_band")),
        ("tenure_band", tenure, reference.bands("tenure_bands", "tenure_band")),
        (
            "income_band",
            customers["estimated_income"],
            reference.bands("income_bands", "income_band", scale=100),
        ),
    ):
        customers[column] = in_bands(values.to_numpy(), found)
    _add_measures(customers)
    return customers


def _add_measures(customers: pd.DataFrame) -> None:
    loans = customers["bank_loans"] + customers["business_lending"]
    loans += customers["credit_card_balance"]
    core = customers["saving_accounts"] + customers["checking_accounts"]
    core += customers["foreign_currency_account"]
    deposits = core + customers["bank_deposits"]
    customers["total_loans"] = loans
    customers["total_deposits"] = deposits
    customers["core_deposits"] = core
    rates = reference.fee_rates()
    structures = customers["fee_structure"].cat
    rate = np.array([int(rates[each] * 10_000) for each in structures.categories])
    rate = rate[structures.codes.to_numpy()]
    customers["fee_rate"] = rate / 10_000
    # Half a cent is rounded away from zero.
    customers["fee_income"] = np.sign(loans) * ((loans.abs() * rate + 5_000) // 10_000)
    customers["net_position"] = deposits - loans
    customers["loan_to_deposit_ratio"] = _ratio(loans, deposits)
    customers["debt_to_income_ratio"] = _ratio(loans, customers["estimated_income"])
    customers["liquidity_cover"] = _ratio(deposits, loans)
    customers["is_overleveraged"] = loans > deposits


def _ratio(numerator: "pd.Series[Any]", denominator: "pd.Series[Any]") -> Array:
    """Return the ratio of two amounts in cents; NaN if the denominator is not positive."""
    above, below = numerator.to_numpy() / 100, denominator.to_numpy() / 100
    found: Array = np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
    return found


def add_segments(customers: pd.DataFrame) -> None:
    """Add scores and segment to the customers."""
    tenures = reference.bands("tenure_bands", "tenure_band")
    limits = {}
    for measure_name, score in (
        ("total_deposits", "deposit_score"),
        ("total_loans", "lending_score"),
    ):
        values = customers[measure_name].to_numpy()
        limits[score] = _quintiles(values)
        customers[score] = np.searchsorted(limits[score], values, side="left").astype("int32") + 1
    customers["tenure_score"] = customers["tenure_band"].cat.codes.astype("int32") + 1
    combinations = reference.segments(
        limits["deposit_score"].tolist(), limits["lending_score"].tolist(), tenures
    )
    number = (customers["deposit_score"] - 1) * 25 + (customers["lending_score"] - 1) * 5
    number += customers["tenure_score"] - 1
    numbers = pd.Series(categorical(number.to_numpy(), range(len(combinations))))
    customers["segment"] = recode(numbers, lambda each: combinations[each][0])
    customers["segment_reasons"] = recode(numbers, lambda each: combinations[each][1])


def _quintiles(values: Array) -> Array:
    """Return the four discrete quintiles, which are values that occur and are not interpolated."""
    places = [-(-share * len(values) // 5) - 1 for share in range(1, 5)]
    return np.partition(values, places)[places]


# ---------------------------------------------------------------------------- marts of customers


def risk(customers: pd.DataFrame) -> pd.DataFrame:
    """Return fct_customer_risk: ratios, watch-list level and reasons."""
    watch = reference.watch_list()
    met = np.zeros(len(customers), dtype=np.int32)
    compare: dict[str, Callable[[Array, float], Array]] = {
        "above": np.greater,
        "at least": np.greater_equal,
        "below": np.less,
        "at most": np.less_equal,
    }
    for bit, rule in enumerate(watch.rules):
        fact = customers[rule.fact].to_numpy()
        # Ratios and the risk weighting are not money; a null fact meets no rule.
        is_money = fact.dtype == np.int64
        hit = compare[rule.comparison](fact, rule.limit * 100 if is_money else rule.limit)
        met |= hit.astype(np.int32) << bit
    probabilities = reference.default_probabilities()
    by_weighting = np.array([probabilities.get(weighting, np.nan) for weighting in range(6)])
    combinations = pd.Series(categorical(met, range(len(watch.met))))
    made = customers[
        ["customer_key", "as_of_date", "risk_weighting", "loan_to_deposit_ratio",
         "debt_to_income_ratio", "liquidity_cover", "is_overleveraged"]
    ].copy()  # fmt: skip
    made["exposure"] = customers["total_loans"]
    made["probability_of_default"] = by_weighting[customers["risk_weighting"].to_numpy()]
    made["has_no_deposits"] = customers["total_deposits"] == 0
    made["watch_list_severity"] = np.array(watch.severity)[met]
    made["rules_met"] = np.array(watch.met)[met]
    made["watch_list_level"] = recode(combinations, lambda each: watch.level[each])
    made["is_on_watch_list"] = made["watch_list_level"] != "none"
    made["watch_list_reasons"] = recode(combinations, lambda each: watch.reasons[each])
    return made[list(reference.RISK_COLUMNS)]


# ---------------------------------------------------------------------------- aggregates


def aggregate(customers: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return fct_segment_profiles and fct_product_penetration."""
    measures, products = list(reference.PROFILE_MEASURES), PRODUCT_BALANCES
    balances = customers[list(products.values())]
    held = balances.where(balances != 0).set_axis(list(products), axis=1)
    amounts = customers[measures]
    squares = (amounts / 100) ** 2
    others = customers[["is_overleveraged", "risk_weighting"]].astype("int64")
    profiles, penetrations = [], []
    for dimension in (*reference.DIMENSIONS, reference.PAIR):
        names = [dimension] if isinstance(dimension, str) else list(dimension)
        keys = [customers[name] for name in names]
        groups = grouped(amounts, keys)
        made = groups.sum()
        made["customers"] = groups.size()
        made = made.join(groups.median().add_prefix("median_"))
        made = made.join(grouped(squares, keys).sum().add_prefix("squares_"))
        made = made.join(grouped(others, keys).sum())
        _name_values(made, names)
        profiles.append(made)
        if isinstance(dimension, str):
            by_product = grouped(held, keys)
            penetrations.append(_by_product(by_product, made[["dimension", "value", "customers"]]))
    return (
        _profiles(pd.concat(profiles, ignore_index=True), len(customers)),
        pd.concat(penetrations, ignore_index=True),
    )


def _name_values(made: pd.DataFrame, names: Sequence[str]) -> None:
    """Add the columns `dimension` and `value` to aggregated groups."""
    made["dimension"] = "_and_".join(names)
    made["value"] = [
        " / ".join(str(part) for part in (value if isinstance(value, tuple) else (value,)))
        for value in made.index
    ]


def _by_product(groups: Any, named: pd.DataFrame) -> pd.DataFrame:
    parts = []
    holders, sums, medians = groups.count(), groups.sum(), groups.median()
    for product in PRODUCT_BALANCES:
        part = named.copy()
        part["product"] = product
        part["as_of_date"] = pd.Timestamp(reference.as_of_date())
        part["holders"] = holders[product]
        part["penetration"] = part["holders"] / part["customers"]
        part["balance"] = sums[product] / 100
        part["mean_balance_of_holders"] = part["balance"] / part["holders"].where(
            part["holders"] > 0
        )
        part["median_balance_of_holders"] = np.floor(medians[product]) / 100
        parts.append(part)
    return pd.concat(parts)


def _profiles(made: pd.DataFrame, customers: int) -> pd.DataFrame:
    counts = made["customers"]
    quantile = (counts - 1).clip(upper=1000).map(reference.student_t())
    profiles = made[["dimension", "value"]].copy()
    profiles["as_of_date"] = pd.Timestamp(reference.as_of_date())
    profiles["customers"] = counts
    profiles["share_of_customers"] = counts / customers
    for measure_name in reference.PROFILE_MEASURES:
        total = made[measure_name] / 100
        mean = total / counts
        spread = (made[f"squares_{measure_name}"] - total * total / counts).clip(lower=0)
        error = np.sqrt(spread / (counts - 1).where(counts > 1) / counts)
        profiles[measure_name] = total
        profiles[f"mean_{measure_name}"] = mean
        profiles[f"mean_{measure_name}_lower"] = mean - quantile * error
        profiles[f"mean_{measure_name}_upper"] = mean + quantile * error
        profiles[f"median_{measure_name}"] = np.floor(made[f"median_{measure_name}"]) / 100
    for ratio, measure_name in (
        ("loan_to_deposit_ratio", "total_deposits"),
        ("debt_to_income_ratio", "estimated_income"),
    ):
        profiles[ratio] = _ratio(made["total_loans"], made[measure_name])
    profiles["overleveraged_customers"] = made["is_overleveraged"]
    profiles["share_overleveraged"] = made["is_overleveraged"] / counts
    profiles["mean_risk_weighting"] = made["risk_weighting"] / counts
    return profiles


def heatmap(customers: pd.DataFrame) -> pd.DataFrame:
    """Return fct_risk_heatmap: the cells of each dimension by risk weighting."""
    weighting = customers["risk_weighting"]
    amounts = customers[["total_loans", "total_deposits"]]
    cells = []
    for dimension in reference.HEATMAP_DIMENSIONS:
        groups = grouped(amounts, [customers[dimension], weighting])
        made = groups.sum().set_axis(["exposure", "deposits"], axis=1).astype("float64")
        made["customers"] = groups.size()
        made = made.rename_axis(["row_value", "risk_weighting"]).reset_index()
        made["row_dimension"] = dimension
        cells.append(made.astype({"row_value": "str"}))
    columns = list(PRODUCT_BALANCES.values())
    groups = grouped(customers[columns], weighting)
    holders = grouped(customers[columns] != 0, weighting).sum()
    balances = groups.sum()
    for product, column in PRODUCT_BALANCES.items():
        made = pd.DataFrame({"exposure": balances[column], "customers": holders[column]})
        made = made.reset_index()
        made["row_dimension"], made["row_value"] = "product", product
        made["deposits"] = np.nan
        cells.append(made)
    return _cells(pd.concat(cells, ignore_index=True))


def _cells(cells: pd.DataFrame) -> pd.DataFrame:
    cells["weighted"] = cells["customers"] * cells["risk_weighting"]
    row = cells.groupby(["row_dimension", "row_value"])
    row_customers = row["customers"].transform("sum")
    column_customers = cells.groupby(["row_dimension", "risk_weighting"])["customers"].transform(
        "sum"
    )
    whole = cells.groupby("row_dimension")["customers"].transform("sum")
    made = cells[["row_dimension", "row_value"]].copy()
    made["column_dimension"] = "risk_weighting"
    made["column_value"] = cells["risk_weighting"].astype("str")
    made["as_of_date"] = pd.Timestamp(reference.as_of_date())
    made["customers"] = cells["customers"]
    made["share_of_row"] = cells["customers"] / row_customers.where(row_customers > 0)
    made["expected_customers"] = row_customers * column_customers / whole.where(whole > 0)
    made["mean_risk_weighting"] = row["weighted"].transform("sum") / row_customers.where(
        row_customers > 0
    )
    made["exposure"] = cells["exposure"] / 100
    made["deposits"] = cells["deposits"] / 100
    made["mean_exposure"] = made["exposure"] / cells["customers"].where(cells["customers"] > 0)
    return made


def concentration(customers: pd.DataFrame) -> pd.DataFrame:
    """Return fct_balance_concentration: the Lorenz curve of each measure at each percentile."""
    return pd.concat(
        [_curve(name, customers[name].to_numpy()) for name in reference.CONCENTRATION_MEASURES],
        ignore_index=True,
    )


def _curve(name: str, values: Array) -> pd.DataFrame:
    """Return the curve of one measure.

    It is computed from buckets of values with the same number of digits and first four digits.
    """
    size = np.abs(values)
    digits = np.searchsorted(10 ** np.arange(19, dtype=np.int64), size, side="right")
    first = size // 10 ** np.maximum(digits - 4, 0)
    buckets = np.sign(values) * (digits * 10_000 + first)
    lowest = int(buckets.min())
    places = buckets - lowest
    amounts = values / 100
    counts = np.bincount(places)
    used = counts > 0
    counts = counts[used]
    # Sums of whole cents in doubles are exact below 2 ** 53.
    sums = np.bincount(places, weights=values)[used] / 100
    squares = np.bincount(places, weights=amounts * amounts).sum()
    customers, total = counts.sum(), sums.sum()
    up_to, amount_up_to = counts.cumsum(), sums.cumsum()
    below, amount_below = up_to - counts, amount_up_to - sums
    gini = 1 - (counts * (2 * amount_up_to - sums)).sum() / (customers * total or np.nan)
    percentiles = np.arange(1, 101)
    # The bucket that contains each percentile.
    ends = np.searchsorted(up_to * 100, customers * percentiles, side="left")
    lowest_amount = amount_below[ends] + sums[ends] * (
        customers * percentiles / 100 - below[ends]
    ) / counts[ends]  # fmt: skip
    shares = lowest_amount / (total or np.nan)
    return pd.DataFrame(
        {
            "measure": name,
            "percentile": percentiles,
            "as_of_date": pd.Timestamp(reference.as_of_date()),
            "customers": customers,
            "total_amount": total,
            "cumulative_share": shares,
            "gini": gini,
            "herfindahl_index": squares / (total * total or np.nan),
            "top_decile_share": 1 - shares[89],
        }
    )


# ---------------------------------------------------------------------------- all


def write(frame: pd.DataFrame, folder: Path, name: str) -> None:
    """Write a mart, and convert columns of cents to units."""
    money = [column for column in frame.columns if column in MONEY_COLUMNS]
    in_units = {column: frame[column] / 100 for column in money if frame[column].dtype == np.int64}
    frame.assign(**in_units).to_parquet(folder / f"{name}.parquet", index=False)


def make_marts(drop: Path, folder: Path) -> None:
    """Build all marts of the comparison set.

    Args:
        drop: The folder of the raw files.
        folder: Receives one Parquet file per mart.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = reference.clients_file(drop)
    clients, quarantined = validate(read_clients(file), drop, file.name)
    write(clients, folder, "clients")
    write(quarantined, folder, "fct_quarantined_clients")
    customers = measure(clients)
    del clients
    add_segments(customers)
    write(customers[list(reference.DIM_COLUMNS)], folder, "dim_customers")
    write(customers[list(reference.POSITION_COLUMNS)], folder, "fct_customer_positions")
    write(customers[list(reference.SEGMENT_COLUMNS)], folder, "fct_customer_segments")
    write(risk(customers), folder, "fct_customer_risk")
    profiles, penetration = aggregate(customers)
    write(profiles, folder, "fct_segment_profiles")
    write(penetration, folder, "fct_product_penetration")
    write(heatmap(customers), folder, "fct_risk_heatmap")
    write(concentration(customers), folder, "fct_balance_concentration")


if __name__ == "__main__":
    reference.run(make_marts)
