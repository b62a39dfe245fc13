with

hits as (

    select * from {{ ref('int_watch_list_hits') }}

),

rules as (

    select
        rule_code,
        reason || ' (' || fact || ' ' || comparison || ' ' || limit_value || ')' as reason_text

    from {{ ref('watch_list_rules') }}

),

scores as (

    select
        hits.customer_key,
        cast(sum(hits.severity) as bigint) as watch_list_severity,
        {{ count_rows() }} as rules_met,
        {{ join_texts('rules.reason_text', 'hits.severity desc, hits.rule_code') }}
            as watch_list_reasons

    from hits
    inner join rules on hits.rule_code = rules.rule_code
    group by hits.customer_key

)

select * from scores
