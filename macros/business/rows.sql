{% macro row_fingerprint(relation_alias) -%}
    md5(
        {%- for column in [
            'banking_contact', 'location_id', 'gender', 'age', 'nationality', 'occupation',
            'banking_relationship', 'investment_advisor', 'loyalty_classification',
            'fee_structure', 'amount_of_credit_cards', 'properties_owned', 'risk_weighting',
        ] + bank_warehouse.money_columns() %}
        coalesce(cast({{ relation_alias }}.{{ column }} as string), '') || '|'
        {{- ' ||' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
