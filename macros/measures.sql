{#- A ratio as double; null where the divisor is 0 or null. -#}
{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}

{#-
    A ratio to an amount of money as double; null where the amount is not above zero. Who owes the
    divisor has no such ratio: its sign would turn.
-#}
{% macro ratio_to_amount(numerator, amount) -%}
    case when {{ amount }} > 0 then {{ bank_warehouse.ratio(numerator, amount) }} end
{%- endmacro %}

{#-
    An amount times a rate, decimal(18,2), half a cent rounded away from zero. By decimals: from 90
    million million on, doubles have no cents. Of two numbers of 18 digits DuckDB makes one of 18.
-#}
{% macro money_at_rate(amount, rate) -%}
    cast(
        round(
            cast({{ amount }} as decimal(20, 2)) * cast({{ rate }} as decimal(18, 15)), 2
        ) as decimal(18, 2)
    )
{%- endmacro %}

{#- A sum of money, decimal(18,2), whatever type the engine gives sums. -#}
{% macro sum_money(expression) -%}
    cast(coalesce(sum({{ expression }}), 0) as decimal(18, 2))
{%- endmacro %}

{#- What rounding took from a money column of the clients: as written less to the cent. -#}
{% macro sum_rounded_off(column) -%}
    {%- if bank_warehouse.rounds_money() -%}
        cast(
            coalesce(
                sum(cast({{ bank_warehouse.json_value('rounded_off', column) }} as decimal(38, 18))),
                0
            ) as decimal(38, 18)
        )
    {%- else -%}
        cast(0 as decimal(38, 18))
    {%- endif -%}
{%- endmacro %}

{#- A count as bigint. -#}
{% macro count_rows(condition=none) -%}
    cast(count(*){% if condition %} filter (where {{ condition }}){% endif %} as bigint)
{%- endmacro %}

{#- Whether a value falls in a band [lower_limit, upper_limit); an empty limit is open. -#}
{% macro is_in_band(value, band) -%}
    {{ value }} >= coalesce({{ band }}.lower_limit, -10000000000000000)
    and {{ value }} < coalesce({{ band }}.upper_limit, 10000000000000000)
{%- endmacro %}

{#-
    The number of digits of a whole number of up to 18 digits, times 10000, plus the first four of
    them: a number that keeps the order. By comparisons: a text for every value takes three times
    as long.
-#}
{% macro leading_digits(number) -%}
    case
        {%- for digits in range(1, 19) %}
        when {{ number }} < {{ 10 ** digits }}
            then {{ digits * 10000 }} + {{
                bank_warehouse.whole_quotient(number, 10 ** (digits - 4))
                if digits > 4 else number
            }}
        {%- endfor %}
    end
{%- endmacro %}

{#- The whole number of times that a divisor goes into a whole number that is not negative. -#}
{% macro whole_quotient(number, divisor) -%}
    {{ return(adapter.dispatch('whole_quotient', 'bank_warehouse')(number, divisor)) }}
{%- endmacro %}

{% macro duckdb__whole_quotient(number, divisor) -%}
    ({{ number }} // {{ divisor }})
{%- endmacro %}

{% macro spark__whole_quotient(number, divisor) -%}
    ({{ number }} div {{ divisor }})
{%- endmacro %}

{#- An amount of a double expression, decimal(18,2), half a cent rounded away from zero. -#}
{% macro round_money(expression) -%}
    cast(round(({{ expression }}) * 100) / 100 as decimal(18, 2))
{%- endmacro %}

{#- The inverse hyperbolic sine of a double. -#}
{% macro asinh(expression) -%}
    {{ return(adapter.dispatch('asinh', 'bank_warehouse')(expression)) }}
{%- endmacro %}

{% macro duckdb__asinh(expression) -%}
    asinh({{ expression }})
{%- endmacro %}

{#- Spark's own loses all digits of large negative values. -#}
{% macro spark__asinh(expression) -%}
    signum({{ expression }}) * log1p(
        abs({{ expression }})
        + ({{ expression }}) * ({{ expression }})
        / (1 + sqrt(({{ expression }}) * ({{ expression }}) + 1))
    )
{%- endmacro %}

{#-
    The bucket of a value, so many to a natural logarithm: by asinh, which is linear around zero,
    below the unit, and knows negative values. A whole number, so equal on every run, as a double.
-#}
{% macro logarithmic_bucket(expression, unit, buckets) -%}
    floor({{ bank_warehouse.asinh('cast(' ~ expression ~ ' as double) / ' ~ unit) }} * {{ buckets }})
{%- endmacro %}

{#- A table of the whole numbers from the first to the last, in a column named number. -#}
{% macro number_series(first_number, last_number) -%}
    {{ return(adapter.dispatch('number_series', 'bank_warehouse')(first_number, last_number)) }}
{%- endmacro %}

{% macro duckdb__number_series(first_number, last_number) -%}
    (select unnest(generate_series({{ first_number }}, {{ last_number }})) as number)
{%- endmacro %}

{% macro spark__number_series(first_number, last_number) -%}
    (select explode(sequence({{ first_number }}, {{ last_number }})) as number)
{%- endmacro %}

{#- How many values a column holds, estimated by a sketch; other engines, other estimates. -#}
{% macro approximate_distinct(column) -%}
    {{ return(adapter.dispatch('approximate_distinct', 'bank_warehouse')(column)) }}
{%- endmacro %}

{% macro duckdb__approximate_distinct(column) -%}
    cast(approx_count_distinct({{ column }}) as bigint)
{%- endmacro %}

{#- A finer sketch would have thousands of columns in Spark's plan, for each column here. -#}
{% macro spark__approximate_distinct(column) -%}
    approx_count_distinct({{ column }})
{%- endmacro %}

{#-
    Stands behind the `from` of a CTE that aggregates many rows and is read several times: it is
    computed once then. DuckDB does so of itself.
-#}
{% macro computed_once() -%}
    {{ return(adapter.dispatch('computed_once', 'bank_warehouse')()) }}
{%- endmacro %}

{% macro duckdb__computed_once() -%}
{%- endmacro %}

{#- Spark repeats a CTE wherever it is read, unless a random number stands in it. -#}
{% macro spark__computed_once() -%}
    where rand() < 2
{%- endmacro %}

{#-
    A CTE's body that makes several rows of each row of another CTE, as a union of selects from it
    would. Each of `rows` is the expressions of one of them by the name of their column; all have the
    same columns, of the same types. Where it has a `condition`, only rows that meet it give one.
    Dispatched.
-#}
{% macro rows_of_each(relation, rows) -%}
    {{ return(adapter.dispatch('rows_of_each', 'bank_warehouse')(relation, rows)) }}
{%- endmacro %}

{% macro duckdb__rows_of_each(relation, rows) -%}
    {%- for row in rows %}
    {%- if not loop.first %}

    union all
    {%- endif %}

    select
        {%- for name, expression in row.columns.items() %}
        {{ expression }} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}

    from {{ relation }}
    {%- if row.condition %}
    where {{ row.condition }}
    {%- endif %}
    {%- endfor %}
{%- endmacro %}

{#- Spark plans, compiles and schedules each select of a union by itself: a second or so for each. -#}
{% macro spark__rows_of_each(relation, rows) -%}
    select
        {%- for name in rows[0].columns %}
        made.{{ name }}{{ ',' if not loop.last }}
        {%- endfor %}

    from {{ relation }}
    lateral view explode(array(
        {%- for row in rows %}
        {%- if row.condition %}
        case when {{ row.condition }} then
        {%- endif %}
        named_struct(
            {%- for name, expression in row.columns.items() %}
            '{{ name }}', {{ expression }}{{ ',' if not loop.last }}
            {%- endfor %}
        ){{ ' end' if row.condition }}{{ ',' if not loop.last }}
        {%- endfor %}
    )) listed as made
    where made is not null
{%- endmacro %}

{#-
    Stands behind the `as` of a CTE that is read several times and costs less than to be kept: it
    is computed wherever it is read. DuckDB would keep all its rows in memory; Spark does so of
    itself.
-#}
{% macro computed_each_time() -%}
    {{ return(adapter.dispatch('computed_each_time', 'bank_warehouse')()) }}
{%- endmacro %}

{% macro duckdb__computed_each_time() -%}
    not materialized
{%- endmacro %}

{% macro spark__computed_each_time() -%}
{%- endmacro %}

{#-
    The product of two amounts of money, exact. Of two decimal(18,2) DuckDB makes a number of 18
    digits, which overflows from 30 million times 30 million on.
-#}
{% macro money_product(amount, other_amount) -%}
    cast({{ amount }} as decimal(38, 2)) * cast({{ other_amount }} as decimal(38, 2))
{%- endmacro %}

{#-
    The product of two amounts that are smaller than this fits in the 18 digits that DuckDB gives the
    product of two decimal(18,2), which it multiplies many times as fast as those of 38 digits.
-#}
{% macro short_product_limit() -%}
    {{ return(10000000) }}
{%- endmacro %}

{#- The sum of the squares of a column of money or of whole numbers, exact; 0 where it has no value. -#}
{% macro sum_of_squares(column) -%}
    {{ return(adapter.dispatch('sum_of_squares', 'bank_warehouse')(column)) }}
{%- endmacro %}

{#-
    Amounts whose squares have 18 digits at most are summed by themselves: numbers of 38 digits take
    six times as long.
-#}
{% macro duckdb__sum_of_squares(column) -%}
    {%- set limit = bank_warehouse.short_product_limit() -%}
    {%- set is_small = column ~ ' > -' ~ limit ~ ' and ' ~ column ~ ' < ' ~ limit -%}
    {%- set amount = 'cast(' ~ column ~ ' as decimal(18, 2))' -%}
    coalesce(sum(case when {{ is_small }} then {{ amount }} * {{ amount }} end), 0)
    + coalesce(
        sum(
            case
                when not ({{ is_small }}) then {{ bank_warehouse.money_product(column, column) }}
            end
        ),
        0
    )
{%- endmacro %}

{% macro spark__sum_of_squares(column) -%}
    coalesce(sum({{ bank_warehouse.money_product(column, column) }}), 0)
{%- endmacro %}

{#- The balances of a customer added up to one of the totals. -#}
{% macro total_of(total) -%}
    {%- set balances = {
        'total_loans': ['bank_loans', 'business_lending', 'credit_card_balance'],
        'total_deposits': [
            'bank_deposits', 'saving_accounts', 'checking_accounts', 'foreign_currency_account',
        ],
        'core_deposits': ['saving_accounts', 'checking_accounts', 'foreign_currency_account'],
    } -%}
    cast({{ balances[total] | join(' + ') }} as decimal(18, 2))
{%- endmacro %}

{#- The measures that customers are scored by, by the name of the score. -#}
{% macro scored_measures() -%}
    {{ return({'deposit': 'total_deposits', 'lending': 'total_loans'}) }}
{%- endmacro %}

{#-
    The limits above which the scores from 2 to 5 begin, side by side in one row of
    int_score_thresholds: customers are compared with them, not joined to them.
-#}
{% macro score_limit_columns() -%}
    {%- for name, measure in bank_warehouse.scored_measures().items() -%}
        {%- for score in range(2, 6) %}
        max(
            case
                when measure = '{{ measure }}' and score = {{ score }}
                    then exclusive_lower_limit
            end
        ) as {{ name }}_limit_{{ score }},
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}

{#- The score of a customer, 1 to 5, by the limits in the CTE score_limits. -#}
{% macro score_by_limits(name, relation_alias) -%}
    {%- set measure = relation_alias ~ '.' ~ bank_warehouse.scored_measures()[name] -%}
    1
    {%- for score in range(2, 6) %}
        + case
            when {{ measure }} > score_limits.{{ name }}_limit_{{ score }} then 1 else 0
        end
    {%- endfor -%}
{%- endmacro %}
