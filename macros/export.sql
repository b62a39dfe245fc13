{#-
    Write every mart as Parquet files into a folder of its own: `dbt run-operation write_marts
    --target spark --args '{folder: /data/marts}'`. For readers that have no Spark.
-#}
{% macro write_marts(folder) -%}
    {{ return(adapter.dispatch('write_marts', 'bank_warehouse')(folder)) }}
{%- endmacro %}

{% macro default__write_marts(folder) -%}
    {{ exceptions.raise_compiler_error(
        'write_marts is for Spark. Publish a warehouse of DuckDB with bank publish.'
    ) }}
{%- endmacro %}

{% macro spark__write_marts(folder) -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.access == 'public' -%}
        {%- do run_query(
            "insert overwrite directory '" ~ folder ~ '/' ~ node.name ~ "' using parquet select * from "
            ~ node.schema ~ '.' ~ node.alias
        ) -%}
    {%- endfor -%}
{%- endmacro %}
