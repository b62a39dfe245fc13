"""The comparison set with Polars' lazy frames and streaming engine.

As little as possible is held in memory. A first streaming pass types and validates the records
and writes them to a Parquet file. A second pass computes the customers' measures and writes them to
another file. Most marts are lazy queries on this second file. Profiles are aggregated one dimension
at a time, because medians keep all values in memory. Money is whole cents in 64-bit integers. Keys
are Polars' own hashes.

    python -m benchmarks.scale.polars_marts --drop DROP --marts FOLDER

The module needs only Polars. Money is written as doubles.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.scale import reference
from benchmarks.scale.reference import FIRST_ROW, MONEY_COLUMNS
from python_checks.expectations.columns import MONEY, PRODUCT_BALANCES

STEPS = "steps"
"""Subfolder of the marts' folder for intermediate files; removed at the end."""

PLACE = "place"
CSV_TYPES: Mapping[str, Any] = {
    **dict.fromkeys(MONEY, pl.Float64),
    **dict.fromkeys(reference.WHOLE, pl.Int32),
}


# ---------------------------------------------------------------------------- reading


def scan(file: Path, *, as_text: bool = False) -> pl.LazyFrame:
    """Return a clients file as a lazy frame with the warehouse's column names.

    Args:
        file: CSV or Parquet.
        as_text: Whether to keep every cell as delivered; otherwise invalid numbers are null.
    """
    if file.suffix == ".parquet":
        frame = pl.scan_parquet(file, row_index_name=PLACE)
        frame = frame.cast(pl.String) if as_text else frame
    else:
        with file.open(encoding="utf-8") as opened:
            headers = opened.readline().rstrip("\r\n").split(",")
        types = {} if as_text else CSV_TYPES
        frame = pl.scan_csv(
            file,
            schema={name: types.get(reference.canonical(name), pl.String) for name in headers},
            ignore_errors=not as_text,
            empty_string_is_null=False,
            row_index_name=PLACE,
        )
    return frame.rename(reference.canonical)


def _clean(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.String).str.strip_chars()


def _code(column: str, meanings: Mapping[str, str]) -> pl.Expr:
    """Return the meaning of a code; null if it is unknown."""
    return (
        _clean(column)
        .str.to_lowercase()
        .replace_strict(meanings, default=None, return_dtype=_labels(meanings.values()))
    )


def _labels(texts: Iterable[str | None]) -> pl.Enum:
    return pl.Enum(sorted({text for text in texts if text is not None}))


def _cents(column: str) -> pl.Expr:
    """Return an amount in cents; null if it is not an amount to the cent."""
    scaled = pl.col(column).cast(pl.Float64) * 100
    rounded = scaled.round()
    return pl.when((scaled - rounded).abs() < 1e-3).then(rounded.cast(pl.Int64))


def typed(raw: pl.LazyFrame, drop: Path) -> pl.LazyFrame:
    """Return the typed records, with flags for accepted records and exchanged dates.

    Args:
        raw: From `scan`.
        drop: The folder with the lookup files.
    """
    lookups = reference.code_lookups(
        {column: _read_lookup(drop, stem) for column, stem in reference.LOOKUP_FILES.items()}
    )
    is_date = raw.collect_schema()["joined_bank"] == pl.Date
    text = _clean("joined_bank")
    joined = pl.col("joined_bank") if is_date else _date(text, reference.DATE_FORMAT)
    exchanged = (
        pl.lit(False)
        if is_date
        else joined.is_null() & _date(text, reference.EXCHANGED_FORMAT).is_not_null()
    )
    read = raw.select(
        pl.col(PLACE).cast(pl.Int64),
        *(
            _clean(column).alias(column)
            for column in ("client_id", "client_name", "banking_contact", "location_id",
                           "nationality", "occupation")
        ),
        *(_code(column, lookups[column]).alias(name) for column, name in reference.CODES.items()),
        joined.alias("joined_date"),
        exchanged.alias("is_exchanged"),
        *(pl.col(column) for column in reference.WHOLE),
        *(_cents(column).alias(column) for column in MONEY),
    )  # fmt: skip
    present = [pl.col(column) != "" for column in reference.REQUIRED_TEXTS]
    known = [
        pl.col(column).is_not_null()
        for column in (*reference.CODES.values(), *reference.WHOLE, *MONEY)
    ]
    in_range = [
        pl.col(column).is_between(least, most) for column, least, most, _ in reference.RANGES
    ]
    client = pl.col("client_id").hash(1)
    mixed = (client * 31 + pl.col("client_name").hash(2)) * 1_000_003
    mixed += pl.col("joined_date").to_physical().cast(pl.UInt64, strict=False)
    return read.with_columns(
        pl.all_horizontal(
            *present, *known, *in_range, pl.col("joined_date") <= reference.as_of_date()
        )
        .fill_null(value=False)
        .alias("is_accepted"),
        # 60 bits, so that the key is a positive 64-bit integer.
        (client // 16).cast(pl.Int64).alias("client_key"),
        (mixed // 16).cast(pl.Int64).alias("customer_key"),
    )


def _date(text: pl.Expr, date_format: str) -> pl.Expr:
    return text.str.to_date(date_format, strict=False)


def _read_lookup(drop: Path, stem: str) -> list[tuple[str, str]]:
    file = next(drop.glob(f"{stem}.*"))
    frame = pl.read_csv(file) if file.suffix == ".csv" else pl.read_parquet(file)
    return [(str(identifier), str(name)) for identifier, name in frame.iter_rows()]


# ---------------------------------------------------------------------------- validation


def validate(frame: pl.LazyFrame, file: Path) -> tuple[pl.LazyFrame, pl.DataFrame]:
    """Return the accepted clients and the quarantined rows.

    Args:
        frame: The typed records, read lazily from disk.
        file: The source file.
    """
    exchanged = frame.filter("is_exchanged").select(pl.col(PLACE).min())
    (first_exchanged,) = exchanged.collect(**STREAMING).row(0)
    days, months = pl.col("joined_date").dt.day(), pl.col("joined_date").dt.month()
    is_ambiguous = pl.lit(first_exchanged is not None) & (days <= 12) & (days != months)
    is_clear = pl.col("is_accepted") & ~is_ambiguous
    copied = (
        frame.filter(is_clear)
        .group_by("customer_key")
        .len()
        .filter(pl.col("len") > 1)
        .select("customer_key")
        .collect(**STREAMING)
    )
    reasons: dict[int, str] = {}
    invalid = frame.filter(~pl.col("is_accepted")).collect(**STREAMING)
    if len(invalid):
        reasons |= _reasons(invalid, file)
    ambiguous = frame.filter(pl.col("is_accepted") & is_ambiguous).collect(**STREAMING)
    for place, joined in ambiguous.select(PLACE, "joined_date").iter_rows():
        reasons[place] = reference.ambiguous_reason(joined, first_exchanged)
    if len(copied):
        copies = frame.filter(is_clear).join(copied.lazy(), on="customer_key", how="semi")
        reasons |= _repeats(copies.collect(**STREAMING), file.name)
    places = pl.Series(PLACE, sorted(reasons), dtype=pl.Int64)
    clients = frame if not reasons else frame.filter(~pl.col(PLACE).is_in(places.implode()))
    quarantined = (
        frame.filter(pl.col(PLACE).is_in(places.implode()))
        .sort(PLACE)
        .select(
            pl.lit(file.name).alias("source_file"),
            (pl.col(PLACE) + FIRST_ROW).alias("source_row"),
            *(_units(column) for column in MONEY),
            pl.col(PLACE).replace_strict(reasons, return_dtype=pl.String).alias("reject_reasons")
            if reasons
            else pl.lit("").alias("reject_reasons"),
            pl.lit(reference.as_of_date()).alias("as_of_date"),
        )
    )
    return clients.select(reference.CLIENT_COLUMNS), quarantined.collect(**STREAMING)


def _reasons(invalid: pl.DataFrame, file: Path) -> dict[int, str]:
    """Read the cells of records again, and return why each is quarantined, by position."""
    places = invalid[PLACE].cast(pl.UInt32)
    cells = (
        scan(file, as_text=True)
        .filter(pl.col(PLACE).cast(pl.UInt32).is_in(places.implode()))
        .collect(**STREAMING)
    )
    found = {}
    for delivered, values in zip(
        cells.sort(pl.col(PLACE).cast(pl.Int64)).iter_rows(named=True),
        invalid.sort(PLACE).iter_rows(named=True),
        strict=True,
    ):
        texts = {name: (cell or "").strip() for name, cell in delivered.items() if name != PLACE}
        found[values[PLACE]] = "; ".join(reference.reject_reasons(texts, values))
    return found


def _repeats(copies: pl.DataFrame, source_file: str) -> dict[int, str]:
    """Return why copies are quarantined, by position; the first of identical copies is kept."""
    reasons = {}
    values = [column for column in copies.columns if column != PLACE]
    for group in copies.sort(PLACE).partition_by("customer_key"):
        places = group[PLACE].to_list()
        is_identical = group.n_unique(values) == 1
        for place in places[int(is_identical) :]:
            reasons[place] = reference.repeat_reason(
                source_file, places[0], len(places), is_identical=is_identical
            )
    return reasons


# ---------------------------------------------------------------------------- customers


def measure(clients: pl.LazyFrame) -> pl.LazyFrame:
    """Return the customers with their attributes, bands, balances and measures.

    Args:
        clients: The accepted clients, money in cents.
    """
    as_of = reference.as_of_date()
    shared = (
        clients.group_by("client_key")
        .len()
        .filter(pl.col("len") > 1)
        .select("client_key", pl.lit(True).alias("has_shared_client_id"))
    )
    age, tenure = pl.col("age"), pl.col("tenure_days")
    loans, deposits = pl.col("total_loans"), pl.col("total_deposits")
    core = (
        pl.col("saving_accounts") + pl.col("checking_accounts")
        + pl.col("foreign_currency_account")
    )  # fmt: skip
    rates = reference.fee_rates()
    ten_thousandths = {name: int(rate * 10_000) for name, rate in rates.items()}
    return (
        clients.drop("client_id", "client_name", "banking_contact", "location_id")
        .join(shared, on="client_key", how="left")
        .with_columns(
            *_occupations(),
            pl.col("has_shared_client_id").fill_null(value=False),
            pl.lit(as_of).alias("as_of_date"),
            pl.col("joined_date").dt.year().alias("joined_year"),
            (pl.lit(as_of) - pl.col("joined_date")).dt.total_days().cast(pl.Int32)
            .alias("tenure_days"),
            _band(age, reference.bands("age_bands", "age_band")).alias("age_band"),
            _band(
                pl.col("estimated_income"),
                reference.bands("income_bands", "income_band", scale=100),
            ).alias("income_band"),
            (pl.col("bank_loans") + pl.col("business_lending") + pl.col("credit_card_balance"))
            .alias("total_loans"),
            core.alias("core_deposits"),
            (core + pl.col("bank_deposits")).alias("total_deposits"),
            pl.col("fee_structure").replace_strict(ten_thousandths, return_dtype=pl.Int64)
            .alias("fee_rate"),
        )
        .with_columns(
            (tenure > age * 365.25).alias("is_joined_before_birth"),
            (tenure > (age - 18) * 365.25).alias("is_joined_as_minor"),
            _band(tenure, reference.bands("tenure_bands", "tenure_band")).alias("tenure_band"),
            # Half a cent is rounded away from zero.
            (loans.sign() * ((loans.abs() * pl.col("fee_rate") + 5_000) // 10_000))
            .alias("fee_income"),
            (pl.col("fee_rate") / 10_000).alias("fee_rate"),
            (deposits - loans).alias("net_position"),
            _ratio(loans, deposits).alias("loan_to_deposit_ratio"),
            _ratio(loans, pl.col("estimated_income")).alias("debt_to_income_ratio"),
            _ratio(deposits, loans).alias("liquidity_cover"),
            (loans > deposits).alias("is_overleveraged"),
        )
    )  # fmt: skip


def _occupations() -> list[pl.Expr]:
    known = reference.occupations()
    delivered = pl.col("occupation")
    families = {name: found.family for name, found in known.items()}
    grades = {name: found.grade for name, found in known.items()}
    return [
        delivered.replace({name: found.occupation for name, found in known.items()}),
        delivered.replace({name: found.title for name, found in known.items()}).alias(
            "occupation_title"
        ),
        delivered.replace_strict(grades, default=None, return_dtype=_labels(grades.values())).alias(
            "occupation_grade"
        ),
        delivered.replace_strict(
            families, default="Other", return_dtype=_labels([*families.values(), "Other"])
        ).alias("occupation_family"),
        delivered.is_in([name for name, found in known.items() if found.is_corrected]).alias(
            "has_corrected_occupation"
        ),
        (~delivered.is_in(list(known))).alias("has_unknown_occupation"),
    ]


def _step(value: pl.Expr, limits: Sequence[int], *, is_upper: bool = False) -> pl.Expr:
    """Return how many limits a value reaches; with `is_upper`, how many it exceeds."""
    return pl.sum_horizontal(
        ((value > limit) if is_upper else (value >= limit)).cast(pl.UInt32) for limit in limits
    )


def _band(value: pl.Expr, found: reference.Bands) -> pl.Expr:
    return _step(value, found.limits).cat.to(pl.Enum(found.labels))


def _ratio(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """Return the ratio of two amounts in cents; null if the denominator is not positive."""
    return pl.when(denominator > 0).then((numerator / 100) / (denominator / 100))


def add_segments(customers: pl.LazyFrame) -> pl.LazyFrame:
    """Return the customers with scores and segment.

    Args:
        customers: The customers, read lazily from disk; the quintiles need all of them.
    """
    tenures = reference.bands("tenure_bands", "tenure_band")
    limits = {
        score: _quintiles(customers, measure_name)
        for measure_name, score in (
            ("total_deposits", "deposit_score"),
            ("total_loans", "lending_score"),
        )
    }
    combinations = reference.segments(limits["deposit_score"], limits["lending_score"], tenures)
    deposit, lending, tenure = (
        pl.col(score).cast(pl.UInt32) - 1
        for score in ("deposit_score", "lending_score", "tenure_score")
    )
    number = deposit * 25 + lending * 5 + tenure
    names = dict(enumerate(segment for segment, _ in combinations))
    return customers.with_columns(
        (_step(pl.col("total_deposits"), limits["deposit_score"], is_upper=True) + 1)
        .cast(pl.Int32)
        .alias("deposit_score"),
        (_step(pl.col("total_loans"), limits["lending_score"], is_upper=True) + 1)
        .cast(pl.Int32)
        .alias("lending_score"),
        (_step(pl.col("tenure_days"), tenures.limits) + 1).cast(pl.Int32).alias("tenure_score"),
    ).with_columns(
        number.replace_strict(names, return_dtype=_labels(names.values())).alias("segment"),
        number.cat.to(pl.Enum([reasons for _, reasons in combinations])).alias("segment_reasons"),
    )


def _quintiles(customers: pl.LazyFrame, measure_name: str) -> list[int]:
    """Return the four discrete quintiles, which are values that occur and are not interpolated."""
    values = customers.select(pl.col(measure_name).sort()).collect(**STREAMING).to_series()
    return [values[-(-share * len(values) // 5) - 1] for share in range(1, 5)]


def risk(customers: pl.LazyFrame) -> pl.LazyFrame:
    """Return fct_customer_risk: ratios, watch-list level and reasons."""
    watch = reference.watch_list()
    hits = []
    for rule in watch.rules:
        fact = pl.col(rule.fact)
        limit = rule.limit * 100 if rule.fact in MONEY_COLUMNS else rule.limit
        hit = {
            "above": fact > limit,
            "at least": fact >= limit,
            "below": fact < limit,
            "at most": fact <= limit,
        }[rule.comparison]
        hits.append(hit.fill_null(value=False).cast(pl.UInt32))
    combination = pl.sum_horizontal(hit * 2**bit for bit, hit in enumerate(hits))
    level = dict(enumerate(watch.level))
    return customers.with_columns(
        pl.col("total_loans").alias("exposure"),
        pl.col("risk_weighting")
        .replace_strict(reference.default_probabilities(), return_dtype=pl.Float64, default=None)
        .alias("probability_of_default"),
        (pl.col("total_deposits") == 0).alias("has_no_deposits"),
        pl.sum_horizontal(hit * rule.severity for hit, rule in zip(hits, watch.rules, strict=True))
        .cast(pl.Int64)
        .alias("watch_list_severity"),
        pl.sum_horizontal(hits).cast(pl.Int64).alias("rules_met"),
        combination.replace_strict(level, return_dtype=_labels(watch.level)).alias(
            "watch_list_level"
        ),
        combination.cat.to(pl.Enum(watch.reasons)).alias("watch_list_reasons"),
    ).with_columns((pl.col("watch_list_level") != "none").alias("is_on_watch_list"))


# ---------------------------------------------------------------------------- aggregates


def aggregate(customers: pl.LazyFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return fct_segment_profiles and fct_product_penetration."""
    measures = reference.PROFILE_MEASURES
    profiles: list[pl.DataFrame] = []
    penetrations: list[pl.DataFrame] = []
    for dimension in (*reference.DIMENSIONS, reference.PAIR):
        names = [dimension] if isinstance(dimension, str) else list(dimension)
        wanted = [
            pl.len().cast(pl.Int64).alias("customers"),
            *(pl.col(name).sum() for name in measures),
            *(pl.col(name).median().alias(f"median_{name}") for name in measures),
            *((pl.col(name) / 100).pow(2).sum().alias(f"squares_{name}") for name in measures),
            pl.col("is_overleveraged").sum().cast(pl.Int64),
            pl.col("risk_weighting").cast(pl.Int64).sum().alias("sum_of_weightings"),
        ]
        if isinstance(dimension, str):
            for product, column in PRODUCT_BALANCES.items():
                held = pl.col(column).filter(pl.col(column) != 0)
                wanted += [
                    held.len().cast(pl.Int64).alias(f"{product}_holders"),
                    pl.col(column).sum().alias(f"{product}_balance"),
                    held.median().alias(f"{product}_median"),
                ]
        made = (
            customers.group_by(*(pl.col(name).alias(f"key_{name}") for name in names))
            .agg(wanted)
            .collect(**STREAMING)
            .with_columns(
                pl.lit("_and_".join(names)).alias("dimension"),
                pl.concat_str(
                    [pl.col(f"key_{name}").cast(pl.String) for name in names], separator=" / "
                ).alias("value"),
            )
        )
        profiles.append(made.drop(f"key_{name}" for name in names))
        if isinstance(dimension, str):
            penetrations.extend(_penetration(made, product) for product in PRODUCT_BALANCES)
    whole = customers.select(pl.len()).collect(**STREAMING).item()
    return _profiles(pl.concat(profiles, how="diagonal"), whole), pl.concat(penetrations)


def _penetration(made: pl.DataFrame, product: str) -> pl.DataFrame:
    holders, balance = pl.col(f"{product}_holders"), pl.col(f"{product}_balance") / 100
    return made.select(
        "dimension",
        "value",
        pl.lit(product).alias("product"),
        pl.lit(reference.as_of_date()).alias("as_of_date"),
        "customers",
        holders.alias("holders"),
        (holders / pl.col("customers")).alias("penetration"),
        balance.alias("balance"),
        pl.when(holders > 0).then(balance / holders).alias("mean_balance_of_holders"),
        (pl.col(f"{product}_median").floor() / 100).alias("median_balance_of_holders"),
    )


def _profiles(made: pl.DataFrame, customers: int) -> pl.DataFrame:
    counts = pl.col("customers")
    quantile = pl.min_horizontal(counts - 1, 1000).replace_strict(
        reference.student_t(), default=None, return_dtype=pl.Float64
    )
    columns = [
        pl.col("dimension"),
        pl.col("value"),
        pl.lit(reference.as_of_date()).alias("as_of_date"),
        counts,
        (counts / customers).alias("share_of_customers"),
    ]
    for name in reference.PROFILE_MEASURES:
        total = pl.col(name) / 100
        mean = total / counts
        spread = (pl.col(f"squares_{name}") - total * total / counts).clip(lower_bound=0)
        error = pl.when(counts > 1).then((spread / (counts - 1) / counts).sqrt())
        columns += [
            total.alias(name),
            mean.alias(f"mean_{name}"),
            (mean - quantile * error).alias(f"mean_{name}_lower"),
            (mean + quantile * error).alias(f"mean_{name}_upper"),
            (pl.col(f"median_{name}").floor() / 100).alias(f"median_{name}"),
        ]
    loans = pl.col("total_loans")
    return made.select(
        *columns,
        _ratio(loans, pl.col("total_deposits")).alias("loan_to_deposit_ratio"),
        _ratio(loans, pl.col("estimated_income")).alias("debt_to_income_ratio"),
        pl.col("is_overleveraged").alias("overleveraged_customers"),
        (pl.col("is_overleveraged") / counts).alias("share_overleveraged"),
        (pl.col("sum_of_weightings") / counts).alias("mean_risk_weighting"),
    )


def heatmap(customers: pl.LazyFrame) -> pl.DataFrame:
    """Return fct_risk_heatmap: the cells of each dimension by risk weighting."""
    queries = [
        customers.group_by(pl.col(dimension).cast(pl.String).alias("row_value"), "risk_weighting")
        .agg(
            pl.len().cast(pl.Int64).alias("customers"),
            pl.col("total_loans").sum().alias("exposure"),
            pl.col("total_deposits").sum().alias("deposits"),
        )
        .with_columns(pl.lit(dimension).alias("row_dimension"))
        for dimension in reference.HEATMAP_DIMENSIONS
    ]
    by_weighting = customers.group_by("risk_weighting").agg(
        *((pl.col(column) != 0).sum().cast(pl.Int64).alias(f"{product}_holders")
          for product, column in PRODUCT_BALANCES.items()),
        *(pl.col(column).sum().alias(product) for product, column in PRODUCT_BALANCES.items()),
    )  # fmt: skip
    *cells, products = pl.collect_all([*queries, by_weighting], **STREAMING)
    cells += [
        products.select(
            pl.lit(product).alias("row_value"),
            "risk_weighting",
            pl.col(f"{product}_holders").alias("customers"),
            pl.col(product).alias("exposure"),
            pl.lit(None, dtype=pl.Int64).alias("deposits"),
            pl.lit("product").alias("row_dimension"),
        )
        for product in PRODUCT_BALANCES
    ]
    return _cells(pl.concat(cells))


def _cells(cells: pl.DataFrame) -> pl.DataFrame:
    count, weighting = pl.col("customers"), pl.col("risk_weighting")
    row = ("row_dimension", "row_value")
    row_customers = count.sum().over(row)
    column_customers = count.sum().over("row_dimension", "risk_weighting")
    whole = count.sum().over("row_dimension")
    exposure = pl.col("exposure") / 100
    return cells.select(
        *row,
        pl.lit("risk_weighting").alias("column_dimension"),
        weighting.cast(pl.String).alias("column_value"),
        pl.lit(reference.as_of_date()).alias("as_of_date"),
        count,
        pl.when(row_customers > 0).then(count / row_customers).alias("share_of_row"),
        pl.when(whole > 0)
        .then(row_customers * column_customers / whole)
        .alias("expected_customers"),
        pl.when(row_customers > 0)
        .then((count * weighting).sum().over(row) / row_customers)
        .alias("mean_risk_weighting"),
        exposure,
        pl.col("deposits") / 100,
        pl.when(count > 0).then(exposure / count).alias("mean_exposure"),
    )


def concentration(customers: pl.LazyFrame) -> pl.DataFrame:
    """Return fct_balance_concentration: the Lorenz curve of each measure at each percentile."""
    return pl.concat(_curve(customers, name) for name in reference.CONCENTRATION_MEASURES)


def _curve(customers: pl.LazyFrame, name: str) -> pl.DataFrame:
    """Return the curve of one measure.

    It is computed from buckets of values with the same number of digits and first four digits.
    """
    value = pl.col(name)
    size = value.abs()
    digits = (
        pl.when(size > 0).then(size.cast(pl.Float64).log10().floor().cast(pl.Int64) + 1)
        .otherwise(0)
    )  # fmt: skip
    scale = pl.lit(10, dtype=pl.Int64).pow((digits - 4).clip(lower_bound=0))
    bucket = value.sign() * (digits * 10_000 + size // scale)
    buckets = (
        customers.group_by(bucket.alias("bucket"))
        .agg(
            pl.len().cast(pl.Int64).alias("customers"),
            value.sum().alias("cents"),
            (value / 100).pow(2).sum().alias("squares"),
        )
        .sort("bucket")
        .collect(**STREAMING)
    )
    counts, sums = buckets["customers"], buckets["cents"] / 100
    count, total = counts.sum(), sums.sum()
    up_to, amount_up_to = counts.cum_sum(), buckets["cents"].cum_sum() / 100
    divisor = total or float("nan")
    gini = 1 - (counts * (2 * amount_up_to - sums)).sum() / (count * divisor)
    percentiles = pl.Series("percentile", range(1, 101))
    # The bucket that contains each percentile.
    ends = (up_to * 100).search_sorted(percentiles * count, side="left")
    part = (count * percentiles / 100 - (up_to - counts)[ends]) / counts[ends]
    shares = ((amount_up_to - sums)[ends] + sums[ends] * part) / divisor
    return pl.DataFrame(
        {
            "measure": [name] * 100,
            "percentile": percentiles,
            "as_of_date": [reference.as_of_date()] * 100,
            "customers": [count] * 100,
            "total_amount": [total] * 100,
            "cumulative_share": shares,
            "gini": [gini] * 100,
            "herfindahl_index": [buckets["squares"].sum() / (divisor * divisor)] * 100,
            "top_decile_share": [1 - shares[89]] * 100,
        }
    )


# ---------------------------------------------------------------------------- all

STREAMING: Mapping[str, Any] = {"engine": "streaming"}


def _units(column: str) -> pl.Expr:
    return (pl.col(column) / 100).alias(column)


def _sink(frame: pl.LazyFrame, folder: Path, name: str, columns: Sequence[str]) -> None:
    """Write a mart of customers, with money in units."""
    frame.select(
        _units(column) if column in MONEY_COLUMNS else pl.col(column) for column in columns
    ).sink_parquet(folder / f"{name}.parquet", compression="snappy", **STREAMING)


def _settle(frame: pl.LazyFrame, path: Path) -> pl.LazyFrame:
    """Write an intermediate file, and return a lazy frame that reads it."""
    frame.sink_parquet(path, compression="lz4", statistics=False, **STREAMING)
    return pl.scan_parquet(path)


def make_marts(drop: Path, folder: Path) -> None:
    """Build all marts of the comparison set.

    Args:
        drop: The folder of the raw files.
        folder: Receives one Parquet file per mart.
    """
    steps = folder / STEPS
    steps.mkdir(parents=True, exist_ok=True)
    file = reference.clients_file(drop)
    read = _settle(typed(scan(file), drop), steps / "typed.parquet")
    clients, quarantined = validate(read, file)
    quarantined.write_parquet(folder / "fct_quarantined_clients.parquet", compression="snappy")
    _sink(clients, folder, "clients", reference.CLIENT_COLUMNS)
    measured = _settle(measure(clients), steps / "measured.parquet")
    customers = add_segments(measured)
    _sink(customers, folder, "dim_customers", reference.DIM_COLUMNS)
    _sink(customers, folder, "fct_customer_positions", reference.POSITION_COLUMNS)
    _sink(customers, folder, "fct_customer_segments", reference.SEGMENT_COLUMNS)
    _sink(risk(customers), folder, "fct_customer_risk", reference.RISK_COLUMNS)
    profiles, penetration = aggregate(customers)
    for name, made in (
        ("fct_segment_profiles", profiles),
        ("fct_product_penetration", penetration),
        ("fct_risk_heatmap", heatmap(customers)),
        ("fct_balance_concentration", concentration(customers)),
    ):
        made.write_parquet(folder / f"{name}.parquet", compression="snappy")
    for path in steps.iterdir():
        path.unlink()
    steps.rmdir()


if __name__ == "__main__":
    reference.run(make_marts)
