{#-
    Sums and medians by each of many dimensions in few passes. The dimensions are taken in groups of
    three (dimension_groups); the combinations of values that occur in a group are few, and each
    customer has one number for each group. What is added up by these numbers is small, and is then
    added up by single dimensions.
-#}

{#- The number, from 1, of the group of dimensions that a row of `grouped_dimensions` is about. -#}
{% macro dimension_group_number(dimensions) -%}
    case
        {%- for group in bank_warehouse.dimension_groups(dimensions) %}
        when grouping({{ group[0] }}) = 0 then {{ loop.index }}
        {%- endfor %}
    end
{%- endmacro %}

{#- One grouping set for each group of dimensions. -#}
{% macro grouped_dimensions(dimensions) -%}
    grouping sets (
        {%- for group in bank_warehouse.dimension_groups(dimensions) %}
        ({{ group | join(', ') }}){{ ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{#-
    Two CTEs: `combinations`, the rows of a CTE that was grouped by `grouped_dimensions`, numbered;
    and `combination_values`, a row for each combination and each value that it holds. The two
    columns of a pair are in one group.
-#}
{% macro dimension_combinations(sums, dimensions, pairs=[]) -%}
    {%- set rows = [] -%}
    {%- for members in (dimensions | batch(1) | list) + pairs -%}
    {%- do rows.append({
        'condition':
            'dimension_group = ' ~ bank_warehouse.dimension_group_of(members[0], dimensions),
        'columns': dict(bank_warehouse.dimension_value(members), combination='combination'),
    }) -%}
    {%- endfor -%}
combinations as (

    select
        *,
        cast(
            row_number() over (order by dimension_group, {{ dimensions | join(', ') }}) as integer
        ) as combination

    from {{ sums }}

),

combination_values as (

    {{ bank_warehouse.rows_of_each('combinations', rows) }}

)
{%- endmacro %}

{#-
    The name of a dimension, or of a pair of them, and its value as text, as `rows_of_each` takes
    them.
-#}
{% macro dimension_value(members) -%}
    {{ return({
        'dimension': "'" ~ members | join('_and_') ~ "'",
        'value': 'cast(' ~ members | join(" as string) || ' / ' || cast(") ~ ' as string)',
    }) }}
{%- endmacro %}

{#- The number, from 1, of the group that a dimension is in. -#}
{% macro dimension_group_of(dimension, dimensions) -%}
    {%- for group in bank_warehouse.dimension_groups(dimensions) -%}
    {%- if dimension in group -%}
    {{ return(loop.index) }}
    {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{#-
    Joins that find the combinations of a customer: the number of the first group's is in
    `combinations_1.combination`, and so on. Dimensions may be null.
-#}
{% macro joined_combinations(relation, dimensions) -%}
    {%- for group in bank_warehouse.dimension_groups(dimensions) %}
    left join combinations as combinations_{{ loop.index }}
        on
            combinations_{{ loop.index }}.dimension_group = {{ loop.index }}
            {%- set group_loop = loop %}
            {%- for dimension in group %}
            and {{ relation }}.{{ dimension }}
            is not distinct from combinations_{{ group_loop.index }}.{{ dimension }}
            {%- endfor %}
    {%- endfor %}
{%- endmacro %}

{#-
    CTEs that end in one named medians: the medians of amounts by dimension and value. Null is left
    out. Dispatched.
-#}
{% macro medians_by_dimension(customers, dimensions, pairs, amounts) -%}
    {{ return(
        bank_warehouse.duckdb__medians_by_dimension(customers, dimensions, pairs, amounts) if bank_warehouse.engine() == 'duckdb'
        else bank_warehouse.spark__medians_by_dimension(customers, dimensions, pairs, amounts)
    ) }}
{%- endmacro %}

{#- Spark reads a row once for each dimension, whatever it is asked. -#}
{% macro spark__medians_by_dimension(customers, dimensions, pairs, amounts) -%}
medians as (

    select
        {{ bank_warehouse.grouped_dimension(dimensions, pairs) }} as dimension,
        {{ bank_warehouse.grouped_value(dimensions, pairs) }} as value,
        {%- for name, expression in amounts.items() %}
        {{ bank_warehouse.median_money(expression) }} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}

    from {{ customers }}
    group by {{ bank_warehouse.grouping_sets(dimensions, pairs) }}

)
{%- endmacro %}

{#-
    `median` keeps all values of all groups in memory, once for each dimension. Counts by bucket tell
    in which bucket a median lies and how many values are below it; only the values of these few
    buckets are then read again and put in order. The result is the same to the cent. The two values
    in the middle of an even number can lie in two buckets. What is kept of each customer for the
    counts is as narrow as can be, because it is read once for each of them. Customers without the
    amount have no bucket and count as none.
-#}
{% macro duckdb__medians_by_dimension(customers, dimensions, pairs, amounts) -%}
    {%- set groups = bank_warehouse.dimension_groups(dimensions) -%}
coded as (

    select
        {%- for _ in groups %}
        combinations_{{ loop.index }}.combination as combination_{{ loop.index }},
        {%- endfor %}
        {%- for name, expression in amounts.items() %}
        {{ bank_warehouse.amount_bucket(expression) }} as {{ name }}_bucket{{ ',' if not loop.last }}
        {%- endfor %}

    from {{ customers }}
    {{- bank_warehouse.joined_combinations(customers, dimensions) }}

),

bucket_counts as (

    {%- for name in amounts %}
    {%- set amount_loop = loop %}
    {%- for _ in groups %}
    {%- if not (loop.first and amount_loop.first) %}

    union all
    {%- endif %}

    select
        {{ amount_loop.index }} as amount_number,
        combination_{{ loop.index }} as combination,
        {{ name }}_bucket as bucket,
        count({{ name }}_bucket) as customers

    from coded
    group by combination_{{ loop.index }}, {{ name }}_bucket
    {%- endfor %}
    {%- endfor %}

),

bucket_sums as (

    select
        combination_values.dimension,
        combination_values.value,
        bucket_counts.amount_number,
        bucket_counts.bucket,
        cast(sum(bucket_counts.customers) as bigint) as customers

    from bucket_counts
    inner join combination_values on bucket_counts.combination = combination_values.combination
    group by all

),

bucket_places as (

    select
        *,
        cast(
            sum(customers) over (
                partition by dimension, value, amount_number order by bucket
                rows between unbounded preceding and current row
            ) as bigint
        ) as customers_up_to,
        cast(
            sum(customers) over (partition by dimension, value, amount_number) as bigint
        ) as customers_in_all

    from bucket_sums

),

-- Of n values the median is the mean of those at the places (n + 1) // 2 and n // 2 + 1.
median_buckets as (

    select
        dimension,
        value,
        amount_number,
        customers_in_all,
        min(bucket) filter (where customers_up_to >= (customers_in_all + 1) // 2) as lower_bucket,
        min(bucket) filter (where customers_up_to >= customers_in_all // 2 + 1) as upper_bucket,
        coalesce(
            max(customers_up_to) filter (where customers_up_to < (customers_in_all + 1) // 2), 0
        ) as customers_below

    from bucket_places
    group by dimension, value, amount_number, customers_in_all

),

{%- for name, expression in amounts.items() %}
candidates_{{ loop.index }} as (

    select
        {{ expression }} as amount,
        {{ bank_warehouse.amount_bucket(expression) }} as bucket,
        {{ dimensions | join(',\n        ') }}

    from {{ customers }}
    where
        {{ bank_warehouse.amount_bucket(expression) }} in (
            select unnest([lower_bucket, upper_bucket])
            from median_buckets
            where amount_number = {{ loop.index }}
        )

),

{% endfor -%}
median_candidates as (

    {%- for name in amounts %}
    {%- set candidates = 'candidates_' ~ loop.index %}
    {%- if not loop.first %}

    union all
    {%- endif %}

    select
        {{ loop.index }} as amount_number,
        {{ candidates }}.amount,
        {{ candidates }}.bucket,
        {%- for _ in groups %}
        combinations_{{ loop.index }}.combination as combination_{{ loop.index }}{{ ',' if not loop.last }}
        {%- endfor %}

    from {{ candidates }}
    {{- bank_warehouse.joined_combinations(candidates, dimensions) }}
    {%- endfor %}

),

combination_buckets as (

    select
        median_buckets.*,
        combination_values.combination

    from median_buckets
    inner join combination_values
        on
            median_buckets.dimension = combination_values.dimension
            and median_buckets.value is not distinct from combination_values.value

),

median_neighbours as (

    {%- for _ in groups %}
    {%- if not loop.first %}

    union all
    {%- endif %}

    select
        combination_buckets.dimension,
        combination_buckets.value,
        median_candidates.amount_number,
        median_candidates.amount

    from median_candidates
    inner join combination_buckets
        on
            median_candidates.amount_number = combination_buckets.amount_number
            and median_candidates.combination_{{ loop.index }} = combination_buckets.combination
            and (
                median_candidates.bucket = combination_buckets.lower_bucket
                or median_candidates.bucket = combination_buckets.upper_bucket
            )
    {%- endfor %}

),

ordered_neighbours as (

    select
        dimension,
        value,
        amount_number,
        list_sort(list(amount)) as amounts

    from median_neighbours
    group by all

),

middle_amounts as (

    select
        median_buckets.dimension,
        median_buckets.value,
        median_buckets.amount_number,
        amounts[(customers_in_all + 1) // 2 - customers_below] as lower_amount,
        amounts[customers_in_all // 2 + 1 - customers_below] as upper_amount

    from median_buckets
    inner join ordered_neighbours
        on
            median_buckets.dimension = ordered_neighbours.dimension
            and median_buckets.value is not distinct from ordered_neighbours.value
            and median_buckets.amount_number = ordered_neighbours.amount_number

),

medians as (

    select
        dimension,
        value,
        {%- for name in amounts %}
        max(
            lower_amount
            + cast(floor((upper_amount - lower_amount) * 50) / 100 as decimal(18, 2))
        ) filter (where amount_number = {{ loop.index }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}

    from middle_amounts
    group by dimension, value

)
{%- endmacro %}
