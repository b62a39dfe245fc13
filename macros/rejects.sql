{#-
    Why a typed client row is quarantined, in words that name the column; every reason, joined by
    '; '. A row that could not be split into its cells has that one reason: what is in which
    cell is not known. Evaluated for rejected rows only.
-#}
{% macro reject_reasons(reading) -%}
    case when structural_fault is not null then structural_fault else concat_ws(
        '; ',
        case when client_id is null then 'client_id is empty' end,
        case when client_name is null then 'name is empty' end,
        case when nationality is null then 'nationality is empty' end,
        case when occupation is null then 'occupation is empty' end,
        case
            when {{ bank_warehouse.clean_text('raw_joined_bank') }} is null
                then 'joined_bank is empty'
            when joined_date is null
                then 'joined_bank is not a date written as ' || {{
                    bank_warehouse.joining_formats(reading, 'source_file')
                }}
            when joined_date > {{ bank_warehouse.as_of_date() }}
                then 'joined_bank is after the as-of date {{ var("as_of_date") }}'
            when not ({{ bank_warehouse.is_joining_date('joined_date') }})
                then 'joined_bank is before {{ bank_warehouse.earliest_joining_year() }}'
        end,
        {%- for column, raw_column in {
            'fee_structure': 'fee_structure',
            'loyalty_classification': 'loyalty_classification',
            'banking_relationship': 'br_id',
            'gender': 'gender_id',
            'investment_advisor': 'ia_id',
        }.items() %}
        case
            when {{ column }} is not null then null
            when {{ bank_warehouse.clean_text('raw_' ~ raw_column) }} is null
                then '{{ raw_column }} is empty'
            else '{{ raw_column }} is not a known code'
        end,
        {%- endfor %}
        {%- for column in bank_warehouse.whole_number_columns() %}
        case
            when {{ column }} is not null then null
            when {{ bank_warehouse.clean_text('raw_' ~ column) }} is null
                then '{{ column }} is empty'
            else '{{ column }} is not a whole number'
        end,
        {%- endfor %}
        {%- for column in bank_warehouse.money_columns() %}
        case
            when {{ column }} is not null then null
            when {{ bank_warehouse.clean_text('raw_' ~ column) }} is null
                then '{{ column }} is empty'
            else {{ bank_warehouse.money_fault(reading, column, 'raw_' ~ column, 'source_file') }}
        end,
        {%- endfor %}
        case when age not between 0 and 120 then 'age is outside 0 to 120' end,
        case when risk_weighting not between 1 and 5 then 'risk_weighting is outside 1 to 5' end,
        case when amount_of_credit_cards < 0 then 'amount_of_credit_cards is negative' end,
        case when properties_owned < 0 then 'properties_owned is negative' end
    ) end
{%- endmacro %}

{#- The cells of a client row as delivered, as one JSON object. -#}
{% macro raw_text() -%}
    {{ return(adapter.dispatch('raw_text', 'bank_warehouse')()) }}
{%- endmacro %}

{% macro duckdb__raw_text() -%}
    cast(
        json_object(
            {%- for column in bank_warehouse.raw_columns('clients') %}
            '{{ column }}', raw_{{ column }}{{ ',' if not loop.last }}
            {%- endfor %}
        ) as string
    )
{%- endmacro %}

{% macro spark__raw_text() -%}
    to_json(
        named_struct(
            {%- for column in bank_warehouse.raw_columns('clients') %}
            '{{ column }}', raw_{{ column }}{{ ',' if not loop.last }}
            {%- endfor %}
        ),
        map('ignoreNullFields', 'false')
    )
{%- endmacro %}

{#- The values of a client row as read, as one JSON object: for rows found to be repeats later. -#}
{% macro typed_text(relation_alias) -%}
    {{ return(adapter.dispatch('typed_text', 'bank_warehouse')(relation_alias)) }}
{%- endmacro %}

{#- The columns of a client row as read. -#}
{% macro typed_columns() -%}
    {{ return([
        'client_id', 'client_name', 'age', 'location_id', 'joined_date',
        'banking_contact', 'nationality', 'occupation', 'fee_structure',
        'loyalty_classification', 'estimated_income', 'superannuation_savings',
        'amount_of_credit_cards', 'credit_card_balance', 'bank_loans',
        'bank_deposits', 'checking_accounts', 'saving_accounts',
        'foreign_currency_account', 'business_lending', 'properties_owned',
        'risk_weighting', 'banking_relationship', 'gender', 'investment_advisor',
    ]) }}
{%- endmacro %}

{% macro duckdb__typed_text(relation_alias) -%}
    cast(
        json_object(
            {%- for column in bank_warehouse.typed_columns() %}
            '{{ column }}', cast({{ relation_alias }}.{{ column }} as string)
            {{- ',' if not loop.last }}
            {%- endfor %}
        ) as string
    )
{%- endmacro %}

{% macro spark__typed_text(relation_alias) -%}
    to_json(
        named_struct(
            {%- for column in bank_warehouse.typed_columns() %}
            '{{ column }}', cast({{ relation_alias }}.{{ column }} as string)
            {{- ',' if not loop.last }}
            {%- endfor %}
        ),
        map('ignoreNullFields', 'false')
    )
{%- endmacro %}
