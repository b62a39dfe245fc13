"""The four raw tables: their canonical columns, the headers and the file names they go by.

Headers and file names are compared by :func:`normalise`, so `Client ID`, `client_id`,
` ClientID ` and a header with a byte-order mark baked into it are one name.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ColumnKind = Literal["text", "whole", "money", "date", "code"]


@dataclass(frozen=True)
class RawColumn:
    """A column of a raw table.

    Attributes:
        name: canonical name, in snake case.
        kind: how a typed value (Parquet) is written as text: `whole` and `code` drop the
            fraction of an integral double, `date` uses the declared date format, `money`
            rounds a double that is within 1e-6 of a cent to two decimals.
        header: the header of the published pack, used in messages.
        aliases: other headers accepted for the column, in any spelling.
        required: a table without the column is refused; an optional one is read as null.
    """

    name: str
    kind: ColumnKind
    header: str
    aliases: tuple[str, ...] = ()
    required: bool = True


@dataclass(frozen=True)
class RawTable:
    """A raw table.

    Attributes:
        name: what the rest of the warehouse calls it.
        columns: its columns in canonical order.
        stems: the file names in circulation, without extension; the first is the usual one.
        required: a drop without the table is refused; an optional one is read as no rows.
    """

    name: str
    columns: tuple[RawColumn, ...]
    stems: tuple[str, ...]
    required: bool = True


def normalise(text: str) -> str:
    """Return `text` in lower case with letters and digits only.

    Marks, no-break spaces, accents, separators and punctuation go; full-width letters and
    digits become plain ones.
    """
    decomposed = unicodedata.normalize("NFKD", text)
    return re.sub(r"[^a-z0-9]", "", decomposed.casefold())


# Optional are the two columns that no measure, band or rule is built on: where the client
# lives by number, and who at the bank looks after the client.
CLIENTS = RawTable(
    name="clients",
    columns=(
        RawColumn("client_id", "text", "Client ID", ("Customer ID", "Client Number", "Client No")),
        RawColumn("name", "text", "Name", ("Client Name", "Customer Name", "Full Name")),
        RawColumn("age", "whole", "Age", ("Client Age",)),
        RawColumn("location_id", "whole", "Location ID", ("Location",), required=False),
        RawColumn(
            "joined_bank",
            "date",
            "Joined Bank",
            ("Joined Date", "Date Joined", "Join Date", "Joining Date", "Joined Bank Date"),
        ),
        RawColumn(
            "banking_contact",
            "text",
            "Banking Contact",
            ("Bank Contact", "Contact"),
            required=False,
        ),
        RawColumn("nationality", "text", "Nationality"),
        RawColumn("occupation", "text", "Occupation", ("Job Title",)),
        RawColumn("fee_structure", "text", "Fee Structure"),
        RawColumn("loyalty_classification", "text", "Loyalty Classification", ("Loyalty",)),
        RawColumn("estimated_income", "money", "Estimated Income", ("Income",)),
        RawColumn("superannuation_savings", "money", "Superannuation Savings", ("Superannuation",)),
        RawColumn(
            "amount_of_credit_cards",
            "whole",
            "Amount of Credit Cards",
            ("Number of Credit Cards", "Credit Cards"),
        ),
        RawColumn("credit_card_balance", "money", "Credit Card Balance", ("Card Balance",)),
        RawColumn("bank_loans", "money", "Bank Loans", ("Bank Loan",)),
        RawColumn("bank_deposits", "money", "Bank Deposits", ("Bank Deposit",)),
        RawColumn("checking_accounts", "money", "Checking Accounts", ("Checking Account",)),
        RawColumn(
            "saving_accounts",
            "money",
            "Saving Accounts",
            ("Savings Accounts", "Savings Account", "Saving Account"),
        ),
        RawColumn(
            "foreign_currency_account",
            "money",
            "Foreign Currency Account",
            ("Foreign Currency Accounts", "Foreign Currency"),
        ),
        RawColumn("business_lending", "money", "Business Lending", ("Business Loans",)),
        RawColumn(
            "properties_owned", "whole", "Properties Owned", ("Properties", "Number of Properties")
        ),
        RawColumn("risk_weighting", "whole", "Risk Weighting", ("Risk Weight",)),
        RawColumn(
            "br_id",
            "code",
            "BRId",
            ("Banking Relationship", "Banking Relationship ID", "Relationship"),
        ),
        RawColumn("gender_id", "code", "GenderId", ("Gender", "Sex")),
        RawColumn(
            "ia_id", "code", "IAId", ("Investment Advisor", "Investment Advisor ID", "Advisor")
        ),
    ),
    stems=("banking-clients", "Banking", "clients", "raw_clients"),
)

BANKING_RELATIONSHIPS = RawTable(
    name="banking_relationships",
    columns=(
        RawColumn("br_id", "code", "BRId", ("Banking Relationship ID", "ID")),
        RawColumn("banking_relationship", "text", "Banking Relationship", ("Relationship",)),
    ),
    stems=("banking-relationships", "banking-realtionships", "raw_banking_relationships"),
)

GENDERS = RawTable(
    name="genders",
    columns=(
        RawColumn("gender_id", "code", "GenderId", ("ID",)),
        RawColumn("gender", "text", "Gender", ("Sex",)),
    ),
    stems=("gender", "genders", "raw_genders"),
)

INVESTMENT_ADVISORS = RawTable(
    name="investment_advisors",
    columns=(
        RawColumn("ia_id", "code", "IAId", ("Investment Advisor ID", "Advisor ID", "ID")),
        RawColumn("investment_advisor", "text", "Investment Advisor", ("Advisor", "Advisor Name")),
    ),
    stems=("investment-advisiors", "investment-advisors", "raw_investment_advisors"),
)

TABLES: Mapping[str, RawTable] = {
    table.name: table for table in (CLIENTS, BANKING_RELATIONSHIPS, GENDERS, INVESTMENT_ADVISORS)
}
