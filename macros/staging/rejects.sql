{#-
    Why a typed client row is quarantined, in words that name the column; every reason, joined by ';
    '. A row that could not be split into cells has only this reason, because its cells are not
    known. Evaluated for quarantined rows only.
-#}
{% macro reject_reasons(reading) -%}
    case when structural_fault is not null then structural_fault else concat_ws(
        '; ',
        {{ bank_warehouse.cell_fault(
            'client_id', 'client_id', bank_warehouse.spoilt('client_id')
        ) }},
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
        {{ bank_warehouse.cell_fault(
            column, raw_column, "'" ~ raw_column ~ " is not a known code'"
        ) }},
        {%- endfor %}
        {%- for column in bank_warehouse.whole_number_columns() %}
        {{ bank_warehouse.cell_fault(column, column, "'" ~ column ~ " is not a whole number'") }},
        {%- endfor %}
        {%- for column in bank_warehouse.money_columns() %}
        {{ bank_warehouse.cell_fault(
            column, column,
            bank_warehouse.money_fault(reading, column, 'raw_' ~ column, 'source_file')
        ) }},
        {%- endfor %}
        case when {{ bank_warehouse.is_spoilt_location() }} then {{
            bank_warehouse.spoilt('location_id')
        }} end,
        case when age not between 0 and 120 then 'age is outside 0 to 120' end,
        case when risk_weighting not between 1 and 5 then 'risk_weighting is outside 1 to 5' end,
        case when amount_of_credit_cards < 0 then 'amount_of_credit_cards is negative' end,
        case when properties_owned < 0 then 'properties_owned is negative' end
    ) end
{%- endmacro %}

{% macro spoilt(column) -%}
    '{{ column }} is not as the bank wrote it: a spreadsheet has changed it'
{%- endmacro %}

{#- Only a location is optional, so that an empty one is no fault. -#}
{% macro is_spoilt_location() -%}
    case
        when location_id is null
            then {{ bank_warehouse.clean_text('raw_location_id') }} is not null
        else false
    end
{%- endmacro %}

{% macro cell_fault(column, raw_column, fault) -%}
    case
        when {{ column }} is not null then null
        when {{ bank_warehouse.clean_text('raw_' ~ raw_column) }} is null
            then '{{ raw_column }} is empty'
        else {{ fault }}
    end
{%- endmacro %}

{% macro raw_text() -%}
    {%- set cells = {} -%}
    {%- for column in bank_warehouse.raw_columns('clients') -%}
        {%- do cells.update({column: 'raw_' ~ column}) -%}
    {%- endfor -%}
    {{ bank_warehouse.json_object(cells) }}
{%- endmacro %}

{% macro typed_text(relation_alias) -%}
    {%- set values = {} -%}
    {%- for column in bank_warehouse.typed_columns() -%}
        {%- do values.update(
            {column: 'cast(' ~ relation_alias ~ '.' ~ column ~ ' as string)'}
        ) -%}
    {%- endfor -%}
    {{ bank_warehouse.json_object(values) }}
{%- endmacro %}

{% macro same_person() -%}
    {{ return(
        'same client id, name and joining date'
        ~ (' (but for blanks, case and composed letters)'
            if var('near_duplicates') == 'quarantine' else '')
    ) }}
{%- endmacro %}
