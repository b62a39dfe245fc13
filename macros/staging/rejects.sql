{#- If a row is malformed or is a header, its cells are not checked. -#}
{% macro reject_reasons(reading) -%}
    case when structural_fault is not null then structural_fault else concat_ws(
        '; ',
        {{ bank_warehouse.cell_fault('client_id', bank_warehouse.spoilt('client_id')) }},
        case when client_name is null then 'name is empty' end,
        case when nationality is null then 'nationality is empty' end,
        case when occupation is null then 'occupation is empty' end,
        case
            when {{ bank_warehouse.clean_text('raw_joined_bank') }} is null
                then 'joined_bank is empty'
            when joined_date is null
                then 'joined_bank is not a date written as ' || {{
                    bank_warehouse.file_value(reading, 'source_file', 'dates', 'formats')
                }}
            when joined_date > {{ bank_warehouse.as_of_date() }}
                then 'joined_bank is after the as-of date {{ var("as_of_date") }}'
            when not ({{ bank_warehouse.is_joining_date('joined_date') }})
                then 'joined_bank is before {{ bank_warehouse.earliest_joining_year() }}'
        end,
        {%- for column, code in {
            'fee_structure': 'fee_structure', 'loyalty_classification': 'loyalty_classification',
            'banking_relationship': 'br_id', 'gender': 'gender_id', 'investment_advisor': 'ia_id',
        }.items() %}
        {{ bank_warehouse.cell_fault(column, "'" ~ code ~ " is not a known code'", code) }},
        {%- endfor %}
        {%- for column in bank_warehouse.whole_number_columns() %}
        {{ bank_warehouse.cell_fault(column, "'" ~ column ~ " is not a whole number'") }},
        {%- endfor %}
        {%- for column in bank_warehouse.money_columns() %}
        {{ bank_warehouse.cell_fault(column, bank_warehouse.money_fault(reading, column)) }},
        {%- endfor %}
        case when {{ bank_warehouse.is_spoilt_location() }} then {{
            bank_warehouse.spoilt('location_id')
        }} end,
        case when age not between 0 and 120 then 'age is not between 0 and 120' end,
        case when risk_weighting not between 1 and 5 then 'risk_weighting is not between 1 and 5' end,
        case when amount_of_credit_cards < 0 then 'amount_of_credit_cards is negative' end,
        case when properties_owned < 0 then 'properties_owned is negative' end
    ) end
{%- endmacro %}

{% macro spoilt(column) -%}
    '{{ column }} is no longer as the bank wrote it: a spreadsheet has changed it'
{%- endmacro %}

{% macro is_spoilt_location() -%}
    case
        when location_id is null
            then {{ bank_warehouse.clean_text('raw_location_id') }} is not null
        else false
    end
{%- endmacro %}

{% macro cell_fault(column, fault, raw_column=none) -%}
    {%- set raw_column = raw_column or column -%}
    case
        when {{ column }} is not null then null
        when {{ bank_warehouse.clean_text('raw_' ~ raw_column) }} is null
            then '{{ raw_column }} is empty'
        else {{ fault }}
    end
{%- endmacro %}

{% macro same_person() -%}
    same client id, name and joining date
    {{- ' (ignoring spaces, case and composed accents)' if var('near_duplicates') == 'quarantine' }}
{%- endmacro %}
