{#-
    With --empty a relation is a subquery, which has no positions. Spark numbers the rows within
    each file of a table. Sorted by name, these files hold the rows in the order of the drop.
-#}
{% macro record_position(relation) -%}
    {%- if relation.limit is defined and relation.limit is not none -%}
        cast(null as bigint)
    {%- elif bank_warehouse.engine() == 'duckdb' -%}
        rowid
    {%- else -%}
        _metadata.row_index + element_at(
            (
                select map_from_entries(collect_list(struct(file_name, rows_before)))
                from (
                    select
                        file_name,
                        coalesce(sum(row_count) over (
                            order by file_name rows between unbounded preceding and 1 preceding
                        ), 0) as rows_before
                    from (
                        select _metadata.file_name as file_name, count(*) as row_count
                        from {{ relation }}
                        group by all
                    ) as files
                ) as numbered
            ),
            _metadata.file_name
        )
    {%- endif -%}
{%- endmacro %}
