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

{% macro scored_measures() -%}
    {{ return({'deposit': 'total_deposits', 'lending': 'total_loans'}) }}
{%- endmacro %}

{#-
    The limits above which the scores from 2 to 5 begin, in one row made from int_score_thresholds,
    so that customers are compared with them and not joined.
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

{% macro score_by_limits(name, relation_alias) -%}
    {%- set measure = relation_alias ~ '.' ~ bank_warehouse.scored_measures()[name] -%}
    1
    {%- for score in range(2, 6) %}
        + case
            when {{ measure }} > score_limits.{{ name }}_limit_{{ score }} then 1 else 0
        end
    {%- endfor -%}
{%- endmacro %}

{#- The limits of a tier in words: 'deposits above 10.00 and up to 20.00'. -#}
{% macro tier_text(noun, exclusive_lower_limit, inclusive_upper_limit) -%}
    case
        when {{ exclusive_lower_limit }} is null and {{ inclusive_upper_limit }} is null
            then '{{ noun }} of any size'
        when {{ exclusive_lower_limit }} is null
            then '{{ noun }} up to ' || cast({{ inclusive_upper_limit }} as string)
        when {{ inclusive_upper_limit }} is null
            then '{{ noun }} above ' || cast({{ exclusive_lower_limit }} as string)
        else
            '{{ noun }} above ' || cast({{ exclusive_lower_limit }} as string)
            || ' and up to ' || cast({{ inclusive_upper_limit }} as string)
    end
{%- endmacro %}
