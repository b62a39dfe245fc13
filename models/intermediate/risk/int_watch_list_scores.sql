with

hits as (

    select * from {{ ref('int_watch_list_hits') }}

),

-- Each rule has its own bit, so the rules that a customer meets add up to one number.
rules as (

    select
        rule_code,
        reason || ' (' || fact || ' ' || comparison || ' ' || limit_value || ')' as reason_text,
        cast(severity as integer) as severity,
        cast(power(2, row_number() over (order by rule_code) - 1) as bigint) as rule_bit

    from {{ ref('watch_list_rules') }}

),

scores as (

    select
        hits.customer_key,
        cast(sum(hits.severity) as bigint) as watch_list_severity,
        cast(count(*) as bigint) as rules_met,
        cast(sum(rules.rule_bit) as bigint) as rule_bits

    from hits
    inner join rules on hits.rule_code = rules.rule_code
    group by hits.customer_key

),

combinations as (

    select distinct rule_bits
    from scores

),

-- Few combinations of rules occur, so the text is built once per combination.
reasons as (

    select
        combinations.rule_bits,
        {{ join_texts('rules.reason_text', 'rules.severity desc, rules.rule_code') }}
            as watch_list_reasons

    from combinations
    inner join rules on {{ whole_quotient('combinations.rule_bits', 'rules.rule_bit') }} % 2 = 1
    group by combinations.rule_bits

),

explained as (

    select
        scores.customer_key,
        scores.watch_list_severity,
        scores.rules_met,
        reasons.watch_list_reasons

    from scores
    inner join reasons on scores.rule_bits = reasons.rule_bits

)

select * from explained
