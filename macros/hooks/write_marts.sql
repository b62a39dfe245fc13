{% macro write_marts(folder) -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        {{ exceptions.raise_compiler_error(
            'write_marts is for Spark. Publish a DuckDB warehouse with `bank publish`.'
        ) }}
    {%- endif -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.access == 'public' -%}
        {%- do run_query(
            "insert overwrite directory '" ~ folder ~ '/' ~ node.name ~ "' using parquet select * from "
            ~ node.schema ~ '.' ~ node.alias
        ) -%}
    {%- endfor -%}
{%- endmacro %}
