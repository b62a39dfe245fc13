{#-
    Stop the build where too many rows are in quarantine, with the counts by reason. Runs before
    stg_bank__clients, so that quality.fct_quarantined_clients is built all the same and shows them.
-#}
{% macro enforce_max_quarantine_rate() -%}
    {%- if execute and flags.WHICH in ('run', 'build') -%}
        {%- set counted = run_query(
            'select count(*), count(*) filter (where not is_accepted) from '
            ~ ref('base_bank__clients')
        ).rows[0] -%}
        {%- set rows, rejected = counted[0], counted[1] -%}
        {%- set repeated = run_query(
            'select coalesce(sum(case when is_identical then occurrences - 1 else occurrences end), 0) from '
            ~ ref('base_bank__client_repeats')
        ).rows[0][0] | int -%}
        {%- set limit = var('max_quarantine_rate') | float -%}
        {%- set quarantined = rejected + repeated -%}
        {%- if rows == 0 -%}
            {{ exceptions.raise_compiler_error('The client file holds no rows.') }}
        {%- elif quarantined > limit * rows -%}
            {%- set reasons = run_query(
                'select reason, count(*) as row_count from (select unnest(string_split('
                ~ "reject_reasons, '; ')) as reason from " ~ ref('base_bank__clients')
                ~ ' where not is_accepted) as reasons group by reason order by row_count desc, reason'
            ).rows -%}
            {%- set lines = [] -%}
            {%- for reason in reasons -%}
                {%- do lines.append('  ' ~ reason[1] ~ ' rows: ' ~ reason[0]) -%}
            {%- endfor -%}
            {%- if repeated > 0 -%}
                {%- do lines.append('  ' ~ repeated ~ ' rows: repeats of another row') -%}
            {%- endif -%}
            {{ exceptions.raise_compiler_error(
                quarantined ~ ' of ' ~ rows ~ ' client rows cannot be accepted, more than the share of '
                ~ limit ~ ' that max_quarantine_rate allows:\n' ~ lines | join('\n')
                ~ '\nThe rows are in quality.fct_quarantined_clients. Correct the file, set '
                ~ 'raw_date_format or as_of_date where the reasons say so, or raise '
                ~ 'max_quarantine_rate if this loss is right.'
            ) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
