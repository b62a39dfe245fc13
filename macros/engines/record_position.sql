{#-
    The position of a row of a relation in the order of its file: rows that follow each other in a file
    have numbers that do. Unit tests override it: a fixture has no physical order. With --empty a
    relation is a subquery without rows, in which no engine knows places.

    Spark numbers the rows of each file of a table; before them come the rows of the files before.
    The files of a table are named in the order in which its rows were read.
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
                        coalesce(
                            sum(row_count) over (
                                order by file_name
                                rows between unbounded preceding and 1 preceding
                            ),
                            0
                        ) as rows_before
                    from (
                        select
                            _metadata.file_name as file_name,
                            count(*) as row_count
                        from {{ relation }}
                        group by all
                    ) as files
                ) as numbered
            ),
            _metadata.file_name
        )
    {%- endif -%}
{%- endmacro %}
