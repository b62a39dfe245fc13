{#-
    Stop the build if the drop as a whole cannot be trusted: no rows, dates in another order than
    declared, too many quarantined rows, or totals that do not fit. Runs before stg_bank__clients,
    so that quality.fct_quarantined_clients is still built and shows the rows. With --empty there is
    no drop to check.
-#}
{% macro validate_drop() -%}
    {%- if execute and flags.WHICH in ('run', 'build') and not flags.EMPTY -%}
        {%- do bank_warehouse.refuse_empty_drop() -%}
        {%- do bank_warehouse.refuse_other_header() -%}
        {%- do bank_warehouse.refuse_other_date_order() -%}
        {%- do bank_warehouse.refuse_contradicted_proofs() -%}
        {%- do bank_warehouse.enforce_max_quarantine_rate() -%}
        {%- do bank_warehouse.refuse_large_totals() -%}
        {%- do bank_warehouse.warn_of_near_duplicates() -%}
    {%- endif -%}
{%- endmacro %}

{% macro refuse_empty_drop() -%}
    {%- set files = run_query('select count(*) from ' ~ ref('base_bank__client_files')) -%}
    {%- if files.rows[0][0] == 0 -%}
        {{ exceptions.raise_compiler_error(
            'The client file holds no rows. Deliver it again, or name another folder in BANK_RAW_DIR.'
        ) }}
    {%- endif -%}
{%- endmacro %}

{#-
    Stop the build if a header among the rows has its columns in another order than the file's
    header, because the rows below it would be read into the wrong columns.
-#}
{% macro refuse_other_header() -%}
    {%- set headers = run_query(
        "select source_file from " ~ ref('base_bank__clients')
        ~ " where reject_reasons = 'header of other columns' limit 1"
    ).rows -%}
    {%- if headers | length > 0 -%}
        {%- set found = run_query(
            "select source_file, min(source_row) from " ~ ref('base_bank__clients_validated')
            ~ " where reject_reasons = 'header of other columns'"
            ~ " group by source_file order by source_file limit 1"
        ).rows[0] -%}
        {{ exceptions.raise_compiler_error(
            found[0] ~ ', row ' ~ found[1] ~ ': a header that has the columns in another order than '
            ~ 'the header in row 1: two files were joined, and every row from there on would be read '
            ~ 'into the wrong columns. Split the file there into two, named banking-clients-1 and '
            ~ 'banking-clients-2.'
        ) }}
    {%- endif -%}
{%- endmacro %}

{#-
    Stop the build if the dates of a file cannot all be read in its formats but all can be read in
    another way: then the declaration is wrong, or the first rows differ from the others, and dates
    that fit both were misread.
-#}
{% macro refuse_other_date_order() -%}
    {%- set unread = {} -%}
    {%- for row in run_query(
        'select source_file, dates_as_declared, dates_unread from '
        ~ ref('base_bank__client_files') ~ ' where dates_unread > 0'
    ).rows -%}
        {%- do unread.update({row[0]: row}) -%}
    {%- endfor -%}
    {%- for file in bank_warehouse.raw_reading()['files'] if file['file'] in unread -%}
        {%- set as_declared = unread[file['file']][1] -%}
        {%- set dates = as_declared + unread[file['file']][2] -%}
        {%- set declared = file['dates']['formats'] -%}
        {%- set candidates = [] -%}
        {%- for date_format in declared -%}
            {%- do candidates.append(bank_warehouse.exchanged_day_and_month(date_format)) -%}
        {%- endfor -%}
        {%- do candidates.extend([
            '%d-%m-%Y', '%m-%d-%Y', '%Y-%m-%d', '%d/%m/%Y', '%m/%d/%Y', '%Y/%m/%d', '%d.%m.%Y',
            '%m.%d.%Y', '%Y%m%d', '%d %b %Y', '%d-%b-%Y', '%b %d, %Y', '%d-%m-%y', '%m-%d-%y',
            '%d/%m/%y', '%m/%d/%y',
        ]) -%}
        {%- for candidate in candidates | unique(case_sensitive=true) if candidate not in declared -%}
            {%- set query -%}
                select count(*) from {{ ref('base_bank__clients') }}
                where
                    source_file = '{{ file['file'] | replace("'", "''") }}'
                    and (
                        {{ bank_warehouse.parse_date(
                            bank_warehouse.clean_joining_text('unread_joined_text'), [candidate]
                        ) }} is not null
                        {%- if bank_warehouse.exchanged_day_and_month(candidate) in declared %}
                        or extract(day from joined_date) <= 12
                        {%- endif %}
                    )
            {%- endset -%}
            {%- if run_query(query).rows[0][0] == dates -%}
                {{ exceptions.raise_compiler_error(
                    file['file'] ~ ': of ' ~ dates ~ ' joining dates ' ~ as_declared
                    ~ ' can be read as ' ~ declared | join(' or ')
                    ~ ', which '
                    ~ ('raw_date_format declares' if file['dates']['basis'] == 'declared'
                        else 'most of them prove')
                    ~ ', and all ' ~ dates ~ ' as ' ~ candidate
                    ~ '. Set raw_date_format to "' ~ candidate ~ '": in dbt_project.yml, or for one '
                    ~ "build with --vars '{raw_date_format: \"" ~ candidate ~ "\"}'."
                ) }}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}

{#- A query for the files with a cell that contradicts what the first rows of the file prove. -#}
{% macro contradicting_files() -%}
    select distinct source_file from {{ ref('base_bank__clients') }}
    where
        unread_joined_text is not null
        or reject_reasons like '%has another decimal mark than its column%'
{%- endmacro %}

{#-
    Stop the build if a date or an amount contradicts what the first rows of its file prove, and all
    rows together prove something else: cells that fit both readings were then misread.
-#}
{% macro refuse_contradicted_proofs() -%}
    {%- set files = run_query(bank_warehouse.contradicting_files())
        .rows | map(attribute=0) | list -%}
    {%- if files and env_var('BANK_RAW_DIR', '') != '' -%}
        {%- do bank_warehouse.call_package('raw_contradictions', [
            env_var('BANK_RAW_DIR'), bank_warehouse.raw_settings(), files
        ]) -%}
    {%- endif -%}
{%- endmacro %}

{#-
    Print how many rows are near duplicates: rows of one person whose client ids or names differ
    only in blanks, case or the composition of letters. The variable near_duplicates decides what
    happens to them.
-#}
{% macro warn_of_near_duplicates() -%}
    {%- set counted = run_query(
        'select coalesce(sum(rows_of_key), 0), count(distinct person_key) from '
        ~ ref('base_bank__client_duplicates') ~ ' where person_key is not null'
    ).rows[0] -%}
    {%- if counted[0] > 0 -%}
        {%- do log(
            'Raw drop: ' ~ counted[0] ~ ' rows are ' ~ counted[1]
            ~ (' person' if counted[1] == 1 else ' people') ~ ' written in different '
            ~ 'ways: client id, name and joining date agree except for blanks, case or composed '
            ~ 'letters. '
            ~ ('They are treated as duplicates, because near_duplicates is "quarantine".'
                if var('near_duplicates') == 'quarantine' else
                'Each counts as a customer of its own; with near_duplicates set to "quarantine" '
                ~ 'they are treated as duplicates. Their keys are in '
                ~ 'staging.base_bank__client_duplicates.'),
            info=true
        ) -%}
    {%- endif -%}
{%- endmacro %}

{#-
    Stop the build if the sums of a drop would not fit decimal(18, 2), the type of all totals.
-#}
{% macro refuse_large_totals() -%}
    {%- set amounts = [] -%}
    {%- for column in bank_warehouse.money_columns() -%}
        {%- do amounts.append('coalesce(abs(cast(' ~ column ~ ' as double)), 0)') -%}
    {%- endfor -%}
    {%- set amount = amounts | join(' + ') -%}
    {%- set total = run_query(
        'select coalesce(sum(' ~ amount ~ '), 0) from ' ~ ref('base_bank__clients')
        ~ ' where is_valid'
    ).rows[0][0] -%}
    {%- if total >= 10 ** 16 -%}
        {%- set largest = run_query(
            'select source_file, source_row from ' ~ ref('base_bank__clients_validated')
            ~ ' where is_valid order by ' ~ amount ~ ' desc, record_position limit 1'
        ).rows[0] -%}
        {{ exceptions.raise_compiler_error(
            'The amounts of the drop add up to ' ~ '{:,.0f}'.format(total / 10 ** 12)
            ~ ' trillion, and totals of 10,000 trillion or more do not fit. The largest are in '
            ~ largest[0] ~ ', row ' ~ largest[1]
            ~ '. Correct them, and export the file again.'
        ) }}
    {%- endif -%}
{%- endmacro %}

{#-
    Stop the build if more rows are quarantined than max_quarantine_rate allows, or all of them,
    with the number of rows and the first row of each reason.
-#}
{% macro enforce_max_quarantine_rate() -%}
    {%- set validated = ref('base_bank__clients_validated') -%}
    {%- set counted = run_query(
        "select count(*), count(*) filter (where record_status <> 'accepted') from " ~ validated
    ).rows[0] -%}
    {%- set limit = var('max_quarantine_rate') | float -%}
    {%- set is_all = counted[1] == counted[0] -%}
    {%- if counted[0] and (is_all or counted[1] > limit * counted[0]) -%}
        {%- set lines = [] -%}
        {%- for reason in run_query(
            "select reason, count(*) as row_count, min_by(place, record_position) from (select "
            ~ bank_warehouse.unnested("split(fault, '; ')") ~ " as reason, place, record_position"
            ~ " from (select " ~ bank_warehouse.quarantine_fault() ~ " as fault, record_position,"
            ~ " source_file || ', row ' || cast(source_row as string) as place from " ~ validated
            ~ " where record_status <> 'accepted') as faults) as reasons"
            ~ " group by reason order by row_count desc, reason"
        ).rows -%}
            {%- do lines.append(
                '  ' ~ '{:,}'.format(reason[1]) ~ (' row: ' if reason[1] == 1 else ' rows: ')
                ~ reason[0] ~ (' (' if reason[1] == 1 else ' (first: ') ~ reason[2] ~ ')'
            ) -%}
        {%- endfor -%}
        {{ exceptions.raise_compiler_error(
            '{:,} of {:,} client rows are quarantined, '.format(counted[1], counted[0])
            ~ ('and no customer is left' if is_all else
                'more than the share of ' ~ limit ~ ' that max_quarantine_rate allows')
            ~ ':\n' ~ lines | join('\n')
            ~ '\nThe rows are in quality.fct_quarantined_clients. Correct the file, set '
            ~ 'raw_date_format or as_of_date where the reasons say so'
            ~ ('.' if is_all else
                ', or raise max_quarantine_rate if this loss is acceptable.')
        ) }}
    {%- endif -%}
{%- endmacro %}

{% macro quarantine_fault() -%}
    case record_status
        when 'rejected' then reject_reasons
        when 'ambiguous' then 'joined_bank can be either order in a file that holds both'
        else 'repeat of another row'
    end
{%- endmacro %}
