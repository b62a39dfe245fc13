{{ config(materialized='table') }}

{%- set key = ['client_id', 'client_name', 'joined_date'] %}

with

-- Computed each time, because the rows are wide and finding repeated ids needs only a few columns.
delivered as {{ computed_each_time() }} (

    select
        *,
        {{ record_position(ref('base_bank__clients')) }} as record_position

    from {{ ref('base_bank__clients') }}
    where is_valid

),

files as (

    select * from {{ ref('base_bank__client_files') }}

),

clients as {{ computed_each_time() }} (

    select delivered.*
    from delivered
    inner join files on delivered.source_file = files.source_file
    where not {{ has_ambiguous_date('delivered', 'files') }}

),

-- Pairs of a client id, in any spelling, and a joining date that several rows share.
ids_of_several_rows as (

    select
        {{ comparable_text('client_id') }} as comparable_id,
        joined_date

    from clients
    group by comparable_id, joined_date
    having count(*) > 1

),

-- The few rows with such a pair include all duplicates and near duplicates.
suspects as (

    select
        clients.*,
        ids_of_several_rows.comparable_id,
        {{ comparable_text('clients.client_name') }} as comparable_name

    from clients
    inner join ids_of_several_rows
        on
            {{ comparable_text('clients.client_id') }} = ids_of_several_rows.comparable_id
            and clients.joined_date = ids_of_several_rows.joined_date

),

-- The key of a person is the key of their first row.
near_duplicates as (

    select distinct
        customer_key,
        first_value(customer_key) over (
            partition by comparable_id, comparable_name, joined_date
            order by record_position
        ) as person_key,
        min(customer_key) over (
            partition by comparable_id, comparable_name, joined_date
        ) <> max(customer_key) over (
            partition by comparable_id, comparable_name, joined_date
        ) as has_several_keys

    from suspects

),

keys as (

    select
        suspects.customer_key,
        near_duplicates.person_key,
        {% if var('near_duplicates') == 'quarantine' %}
        coalesce(near_duplicates.person_key, suspects.customer_key) as compared_key,
        {% else %}
        suspects.customer_key as compared_key,
        {% endif %}
        cast(count(*) as bigint) as rows_of_key

    from suspects
    left join near_duplicates
        on
            suspects.customer_key = near_duplicates.customer_key
            and near_duplicates.has_several_keys
    group by suspects.customer_key, near_duplicates.person_key
    having count(*) > 1 or near_duplicates.person_key is not null

),

-- Equal rows have equal fingerprints.
copies as (

    select
        keys.compared_key,
        suspects.source_file,
        suspects.record_position,
        md5(
            {% for column in typed_columns() if column not in key %}
            coalesce(cast(suspects.{{ column }} as string), '') || '|'{{ ' ||' if not loop.last }}
            {% endfor %}
        ) as row_fingerprint

    from suspects
    inner join keys on suspects.customer_key = keys.customer_key

),

compared as (

    select
        compared_key,
        cast(count(*) as bigint) as occurrences,
        count(distinct row_fingerprint) = 1 as is_identical,
        cast(min(record_position) as bigint) as first_position,
        min_by(source_file, record_position) as first_file

    from copies
    group by compared_key

),

repeats as (

    select
        keys.customer_key,
        keys.person_key,
        keys.rows_of_key,
        compared.occurrences,
        compared.is_identical,
        compared.first_position,
        compared.first_file

    from keys
    inner join compared on keys.compared_key = compared.compared_key

)

select * from repeats
