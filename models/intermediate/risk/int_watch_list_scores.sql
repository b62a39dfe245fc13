{% set facts = [
    'risk_weighting', 'loan_to_deposit_ratio', 'debt_to_income_ratio', 'liquidity_cover',
    'total_loans', 'total_deposits', 'core_deposits', 'credit_card_balance',
    'estimated_income',
] %}

with

customers as (

    select * from {{ ref('int_customers_segmented') }}

),

-- Column names become numbers, which are faster to compare. Each rule has its own bit, so the rules
-- that a customer meets add up to one number.
rules as (

    select
        *,
        {{ column_number('fact', facts) }} as fact_number,
        reason || ' (' || fact || ' ' || comparison || ' ' || limit_value || ')' as reason_text,
        cast(power(2, row_number() over (order by rule_code) - 1) as bigint) as rule_bit

    from {{ ref('watch_list_rules') }}

),

-- Tests every customer against every rule; a null fact meets no rule.
facts as (

    select
        customers.customer_key,
        cast(rules.severity as integer) as severity,
        rules.rule_bit,
        rules.comparison,
        cast(rules.limit_value as double) as limit_value,
        {{ column_numbered('rules.fact_number', facts, 'customers', 'double') }} as fact_value

    from customers
    cross join rules

),

scores as (

    select
        customer_key,
        cast(sum(severity) as bigint) as watch_list_severity,
        cast(count(*) as bigint) as rules_met,
        cast(sum(rule_bit) as bigint) as rule_bits

    from facts
    where {{ meets_limit('fact_value', 'comparison', 'limit_value') }}
    group by customer_key

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
