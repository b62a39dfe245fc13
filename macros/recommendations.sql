{#-
    The facts that a rule for recommendations can name: columns of int_recommendation_facts.
    Nationality, gender and age are not among them.
-#}
{% macro recommendation_facts() -%}
    {%- set facts = [
        'risk_weighting', 'watch_list_severity', 'deposit_score', 'lending_score',
        'loyalty_order', 'fee_rate', 'tenure_days', 'amount_of_credit_cards',
        'properties_owned', 'loan_to_deposit_ratio', 'debt_to_income_ratio',
        'liquidity_cover', 'largest_loan_share', 'largest_deposit_share', 'estimated_income',
        'superannuation_savings', 'total_loans', 'total_deposits', 'core_deposits',
        'net_position', 'fee_income', 'credit_card_balance',
    ] -%}
    {%- for product in bank_warehouse.product_columns() -%}
    {%- do facts.append(product ~ '_to_peer_median') -%}
    {%- endfor -%}
    {{ return(facts) }}
{%- endmacro %}

{#- The amounts that a recommendation can concern: columns of int_recommendation_facts. -#}
{% macro recommendation_amounts() -%}
    {%- set amounts = [
        'estimated_income', 'superannuation_savings', 'total_loans', 'total_deposits',
        'core_deposits', 'net_position', 'fee_income',
    ] + (bank_warehouse.product_columns().values() | list) -%}
    {%- for product in bank_warehouse.product_columns() -%}
    {%- do amounts.append(product ~ '_peer_median') -%}
    {%- endfor -%}
    {{ return(amounts) }}
{%- endmacro %}

{#- The value of the column whose name an expression gives; null for a name that is not listed. -#}
{% macro column_named(name, columns, relation_alias, data_type) -%}
    case {{ name }}
        {%- for column in columns %}
        when '{{ column }}' then cast({{ relation_alias }}.{{ column }} as {{ data_type }})
        {%- endfor %}
    end
{%- endmacro %}

{#- The number from 0 of a column in a list by the name that an expression gives; null if not listed. -#}
{% macro column_number(name, columns) -%}
    case {{ name }}
        {%- for column in columns %}
        when '{{ column }}' then {{ loop.index0 }}
        {%- endfor %}
    end
{%- endmacro %}

{#-
    The value of the column that has a number of `column_number`, six columns at a time: a number
    passes twelve branches at most where `column_named` has one for each column.
-#}
{% macro column_numbered(number, columns, relation_alias, data_type) -%}
    case
        {%- for group in columns | batch(6) %}
        {%- set first_number = 6 * loop.index0 %}
        when {{ number }} < {{ first_number + group | length }}
            then
                case {{ number }}
                    {%- for column in group %}
                    when {{ first_number + loop.index0 }}
                        then cast({{ relation_alias }}.{{ column }} as {{ data_type }})
                    {%- endfor %}
                end
        {%- endfor %}
    end
{%- endmacro %}

{#- Whether a value compares with a limit as a word of a seed says. -#}
{% macro meets_limit(value, comparison, limit_value) -%}
    case {{ comparison }}
        when 'above' then {{ value }} > {{ limit_value }}
        when 'at least' then {{ value }} >= {{ limit_value }}
        when 'below' then {{ value }} < {{ limit_value }}
        when 'at most' then {{ value }} <= {{ limit_value }}
    end
{%- endmacro %}

{#- 1 for a comparison that higher values meet, -1 for one that lower values meet, else null. -#}
{% macro comparison_direction(comparison) -%}
    case
        when {{ comparison }} in ('above', 'at least') then cast(1 as double)
        when {{ comparison }} in ('below', 'at most') then cast(-1 as double)
    end
{%- endmacro %}

{#- Whether a comparison is met by the limit itself. -#}
{% macro comparison_includes_limit(comparison) -%}
    {{ comparison }} in ('at least', 'at most')
{%- endmacro %}

{#-
    Whether a double is on the side of a limit that a direction and `includes_limit` say: what
    `meets_limit` finds, without a word to read for each value.
-#}
{% macro is_beyond_limit(value, direction, limit_value, includes_limit) -%}
    case
        when {{ includes_limit }} then {{ value }} * {{ direction }} >= {{ limit_value }} * {{ direction }}
        else {{ value }} * {{ direction }} > {{ limit_value }} * {{ direction }}
    end
{%- endmacro %}

{#- A condition of a rule in words: 'fee_rate at least 0.05'; null where the fact is null. -#}
{% macro condition_text(fact, comparison, limit_value) -%}
    {{ fact }} || ' ' || {{ comparison }} || ' '
    || trim(trailing '.' from trim(trailing '0' from cast({{ limit_value }} as string)))
{%- endmacro %}
