{#- The amounts whose mean, interval and median the segment profiles show. -#}
{% macro profile_measures() -%}
    {{ return([
        'estimated_income', 'total_loans', 'total_deposits', 'core_deposits', 'fee_income',
        'net_position',
    ]) }}
{%- endmacro %}
