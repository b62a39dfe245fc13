"""No personal data in schema marts: neither columns nor values."""

import duckdb

from bank_warehouse.masking import PERSONAL_COLUMNS
from bank_warehouse.sql import quote_identifier, quote_literal
from python_checks.expectations.declare import Check, Nothing

IDENTITIES = "restricted.dim_customer_identities"

# Text is compared as a whole, and in spans of one to three words, because an id is one word and a
# name usually has two or three.
WORDS_OF_A_NAME = 3


def no_personal_columns() -> Check:
    """No column of schema marts has the name of a personal column."""
    listed = ", ".join(quote_literal(name) for name in sorted(PERSONAL_COLUMNS))
    return Nothing(
        "no column of schema marts has the name of a personal column",
        "select table_name, column_name from information_schema.columns "
        f"where table_schema = 'marts' and lower(column_name) in ({listed})",
        "any",
    )


def no_personal_values(connection: duckdb.DuckDBPyConnection) -> Check:
    """No text in schema marts contains the name or the id of a client.

    Only distinct values are compared, so little is kept in memory. Advisors, banking relationships
    and values of reference seeds are allowed, even if a client has the same name. A single word is
    also allowed, unless it is an id of five or more characters with letters and digits.
    """
    columns = connection.execute(
        "select table_name, column_name from information_schema.columns "
        "where table_schema = 'marts' and data_type = 'VARCHAR' "
        "and column_name <> 'product' order by all"
    ).fetchall()
    texts = " union all ".join(
        f"select distinct {quote_literal(table)} as mart, {quote_literal(column)} as mart_column, "
        f"{quote_identifier(column)} as content from marts.{quote_identifier(table)}"
        for table, column in columns
    )
    references = connection.execute(
        "select table_schema, table_name, column_name from information_schema.columns "
        "where table_schema = 'reference' and data_type = 'VARCHAR' order by all"
    ).fetchall()
    harmless = " union ".join(
        f"select {quote_identifier(column)} as content "
        f"from {quote_identifier(schema)}.{quote_identifier(table)}"
        for schema, table, column in [
            *references,
            ("staging", "stg_bank__investment_advisors", "investment_advisor"),
            ("staging", "stg_bank__banking_relationships", "banking_relationship"),
        ]
    )
    spans = " union all ".join(
        "select mart, mart_column, unnest(list_transform(range(1, len(words) - "
        f"{length - 2}), position -> array_to_string(words[position:position + {length - 1}], ' ')"
        ")) as content from words"
        for length in range(1, WORDS_OF_A_NAME + 1)
    )
    query = (
        f"with texts as ({texts}), harmless as ({harmless}), "
        "words as (select mart, mart_column, regexp_extract_all(content, '[^ ,;:()]+') as words "
        "from texts where content is not null), "
        f"spans as (select distinct mart, mart_column, content from (select mart, mart_column, "
        f"content from texts union all {spans}) as all_spans "
        "where content not in (select content from harmless where content is not null)), "
        "found as ("
        "select spans.mart, spans.mart_column, 'client name' as kind, spans.content from spans "
        f"where contains(content, ' ') and content in (select client_name from {IDENTITIES}) "
        "union all "
        "select spans.mart, spans.mart_column, 'client id' as kind, spans.content from spans "
        "where length(content) >= 5 and regexp_matches(content, '[A-Za-z]') "
        f"and regexp_matches(content, '[0-9]') and content in (select client_id from {IDENTITIES})"
        ") select mart, mart_column, kind, count(*) as different_values from found "
        "group by mart, mart_column, kind"
    )
    return Nothing("no text in schema marts contains a client's name or id", query, "any text")
