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

{% macro score_limit_columns() -%}
    {%- for name, measure in {'deposit': 'total_deposits', 'lending': 'total_loans'}.items() -%}
        {%- for score in range(2, 6) %}
        max(case
            when measure = '{{ measure }}' and score = {{ score }} then exclusive_lower_limit
        end) as {{ name }}_limit_{{ score }},
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}

{% macro score_by_limits(name, measure) -%}
    1
    {%- for score in range(2, 6) %}
        + case when {{ measure }} > score_limits.{{ name }}_limit_{{ score }} then 1 else 0 end
    {%- endfor -%}
{%- endmacro %}

{% macro tier_text(noun, lower_limit, upper_limit) -%}
    case
        when {{ lower_limit }} is null and {{ upper_limit }} is null then '{{ noun }} of any size'
        when {{ lower_limit }} is null then '{{ noun }} up to ' || cast({{ upper_limit }} as string)
        when {{ upper_limit }} is null then '{{ noun }} above ' || cast({{ lower_limit }} as string)
        else
            '{{ noun }} above ' || cast({{ lower_limit }} as string)
            || ' and up to ' || cast({{ upper_limit }} as string)
    end
{%- endmacro %}
