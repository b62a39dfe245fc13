{#-
    In a published mart or in the history, no column may be named like personal data, and no text
    may be the name or id of a client. Names of investment advisors are published, so a client with
    the same name as an advisor is not a leak. A mart that is missing from the lists below counts as
    a breach, so that somebody checks each new one.
-#}
{%- set published = [
    'dim_banking_relationships', 'dim_customers', 'dim_dates', 'dim_investment_advisors',
    'dim_products', 'fct_customer_positions', 'fct_product_gaps', 'fct_product_holdings',
    'fct_product_pairs', 'fct_product_penetration', 'fct_balance_concentration',
    'fct_customer_risk', 'fct_expected_losses', 'fct_risk_heatmap', 'fct_stress_results',
    'fct_customer_segments', 'fct_segment_profiles', 'fct_segment_differences',
    'fct_cluster_centroids', 'fct_risk_drivers', 'fct_control_totals', 'fct_source_profile',
    'fct_customer_recommendations', 'fct_fairness_monitor', 'fct_stress_sensitivity',
    'fct_segment_migrations', 'fct_risk_migrations',
] -%}
{#-
    Not published, but must not contain personal data either. Only the date of this build is
    checked: the other dates were checked when they were written.
-#}
{%- set kept = {'fct_customer_history': 'as_of_date = ' ~ as_of_date()} -%}
{%- set never_published = ['fct_quarantined_clients', 'dim_customer_identities'] -%}
{%- set looked_at = published + (kept | list) -%}

{%- set breaches = [] -%}
{%- set texts = [] -%}
{%- for node in graph.nodes.values() if execute and node.resource_type == 'model' -%}
{%- if node.schema in ['marts', 'quality'] and node.name not in looked_at + never_published -%}
{%- do breaches.append([node.name, 'all', 'not in the lists of this test']) -%}
{%- endif -%}
{%- endfor -%}
{%- for mart in looked_at -%}
{%- set relation = ref(mart) -%}
{%- for column in (adapter.get_columns_in_relation(relation) if execute else []) -%}
{%- if column.name | lower in personal_columns() -%}
{%- do breaches.append([mart, column.name, 'named like personal data']) -%}
{%- elif column.is_string() -%}
{%- do texts.append([mart, column.name, relation]) -%}
{%- endif -%}
{%- endfor -%}
{%- endfor -%}

with

identities as (

    select * from {{ ref('dim_customer_identities') }}

),

advisors as (

    select * from {{ ref('dim_investment_advisors') }}

),

-- One scan of each mart collects the strings of all its text columns.
{% for mart in texts | map('first') | unique %}
{{ mart }}_texts as (

    select
        {%- for name, column, relation in texts if name == mart %}
        array_agg(distinct {{ adapter.quote(column) }}) filter (
            where {{ adapter.quote(column) }} is not null
        ) as {{ adapter.quote(column) }},
        {%- endfor %}
        count(*) as row_count

    from {{ ref(mart) }}
    {%- if mart in kept %}
    where {{ kept[mart] }}
    {%- endif %}

),

{% endfor %}
published_texts as (

    {%- for mart, column, relation in texts %}

    select
        '{{ mart }}' as mart,
        '{{ column }}' as column_name,
        {{ unnested(adapter.quote(column)) }} as published_text

    from {{ mart }}_texts

    union all
    {%- endfor %}

    select
        null as mart,
        null as column_name,
        null as published_text

),

personal_texts as (

    select client_name as personal_text
    from identities

    union all

    select client_id as personal_text
    from identities

),

-- The distinct published strings are few and stay in memory; names and ids are streamed.
published_persons as (

    select personal_texts.personal_text
    from personal_texts
    semi join published_texts
        on personal_texts.personal_text = published_texts.published_text

),

leaked as (

    select
        published_texts.mart,
        published_texts.column_name,
        'holds the name or id of a client' as breach

    from published_texts
    semi join published_persons
        on published_texts.published_text = published_persons.personal_text
    anti join advisors
        on published_texts.published_text = advisors.investment_advisor

    {%- for mart, column, breach in breaches %}

    union all

    select
        '{{ mart }}' as mart,
        '{{ column }}' as column_name,
        '{{ breach }}' as breach
    {%- endfor %}

)

select distinct * from leaked
