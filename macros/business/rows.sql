{% macro row_fingerprint(relation_alias) -%}
    {%- set key = ['client_id', 'client_name', 'joined_date'] -%}
    md5(
        {%- for column in bank_warehouse.typed_columns() if column not in key %}
        coalesce(cast({{ relation_alias }}.{{ column }} as string), '') || '|'
        {{- ' ||' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
