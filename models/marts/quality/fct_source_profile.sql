{% set quantile_names = ['percentile_1', 'quartile_1', 'median', 'quartile_3', 'percentile_99'] %}

with

profile as (

    select * from {{ ref('int_source_profile') }}

),

accepted as (

    select * from {{ accepted_profile() }}

),

drift_limits as (

    select * from {{ ref('drift_limits') }}

),

limits as (

    select
        max(case when drift_measure = 'null_share' then maximum_change end) as null_share_limit,
        max(case when drift_measure = 'mean' then maximum_change end) as mean_limit,
        max(case when drift_measure = 'quantiles' then maximum_change end) as quantile_limit

    from drift_limits

),

compared as (

    select
        profile.*,
        accepted.column_name is not null as has_accepted_profile,
        accepted.as_of_date as accepted_as_of_date,
        accepted.row_count as accepted_row_count,
        accepted.mean as accepted_mean,
        {{ ratio('profile.null_count', 'profile.row_count') }} as null_share,
        {{ ratio('accepted.null_count', 'accepted.row_count') }} as accepted_null_share,
        {{ ratio('profile.mean - accepted.mean', 'abs(accepted.mean)') }} as change_in_mean,
        greatest(
            {% for quantile_name in quantile_names[:-1] %}
            abs(profile.{{ quantile_name }} - accepted.{{ quantile_name }}),
            {% endfor %}
            abs(profile.{{ quantile_names[-1] }} - accepted.{{ quantile_names[-1] }})
        ) / nullif(accepted.standard_deviation, 0) as largest_quantile_shift

    from profile
    left join accepted on profile.column_name = accepted.column_name

),

with_drift as (

    select
        compared.*,
        compared.null_share - compared.accepted_null_share as change_in_null_share,
        concat_ws(
            '; ',
            case
                when
                    abs(compared.null_share - compared.accepted_null_share)
                    > limits.null_share_limit
                    then
                        'empty or unread in ' || {{ per_cent('compared.null_share') }}
                        || ' of the rows, accepted '
                        || {{ per_cent('compared.accepted_null_share') }}
            end,
            case
                when abs(compared.change_in_mean) > limits.mean_limit
                    then 'mean changed by ' || {{ per_cent('compared.change_in_mean') }}
                -- A change relative to a mean of 0 is not defined.
                when compared.accepted_mean = 0 and compared.mean <> 0
                    then 'mean is no longer 0'
            end,
            case
                when compared.largest_quantile_shift > limits.quantile_limit
                    then
                        'a quantile moved by '
                        || cast(cast(compared.largest_quantile_shift as decimal(18, 2)) as string)
                        || ' standard deviations'
            end
        ) as drifts

    from compared
    cross join limits

),

listed as (

    select
        column_name,
        row_count,
        null_count,
        approximate_distinct_values,
        lowest_value,
        highest_value,
        zero_count,
        mean,
        standard_deviation,
        {% for quantile_name in quantile_names %}
        {{ quantile_name }},
        {% endfor %}
        as_of_date,

        ---------- against the last accepted drop
        accepted_as_of_date,
        accepted_row_count,
        change_in_null_share,
        change_in_mean,
        largest_quantile_shift,
        case
            when not has_accepted_profile then 'no accepted drop yet'
            when drifts = '' then 'steady'
            else 'drifted: ' || drifts
        end as drift_verdict

    from with_drift

)

select * from listed
