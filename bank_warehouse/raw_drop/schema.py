"""The four raw tables: their canonical columns, headers and file names.

Headers are compared by :func:`header_key`, and file names by :func:`normalise`. So `Client ID`,
`client_id` and ` ClientID ` are the same name.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

ColumnKind = Literal["text", "whole", "money", "date", "code"]


@dataclass(frozen=True)
class RawColumn:
    """A column of a raw table.

    Attributes:
        name: canonical name, in snake case.
        kind: what it holds. This decides how typed values are written as text.
        header: the header in the original data pack, used in messages.
        aliases: other headers accepted for the column.
        last_aliases: headers that mean the column only if no other header does.
        required: whether a table without the column is refused; if not, a missing column is null.
    """

    name: str
    kind: ColumnKind
    header: str
    aliases: tuple[str, ...] = ()
    last_aliases: tuple[str, ...] = ()
    required: bool = True

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The :func:`header_key` of each of its own names, then of each alias."""
        return tuple(header_key(name) for name in (self.name, self.header, *self.aliases))


@dataclass(frozen=True, eq=False)
class RawTable:
    """A raw table.

    Attributes:
        name: its name in the warehouse.
        columns: its columns in canonical order; in a lookup, first the code, then its name.
        stems: the known file names, without extension; the first is the usual one.
        noun: for a lookup, the prefix for codes without a name: `Advisor` gives `Advisor 7`.
        required: whether a drop without the table is refused; if not, a missing table has no rows.
            A missing lookup is always derived from the codes of the clients.
    """

    name: str
    columns: tuple[RawColumn, ...]
    stems: tuple[str, ...]
    noun: str = ""
    required: bool = True

    @property
    def is_lookup(self) -> bool:
        """Whether the table gives names to the codes of the clients."""
        return bool(self.noun)


# A byte-order mark, and what it becomes if UTF-8 is read as Windows-1252 (once and twice), code
# page 437, Windows-1251 or Mac Roman.
_MARKS = ("\ufeff", "ï»¿", "Ã¯Â»Â¿", "∩╗┐", "п»ї", "Ôªø")


def without_mark(text: str) -> str:
    """Return a header without a leading byte-order mark, even a misread one."""
    while mark := next((mark for mark in _MARKS if text.startswith(mark)), ""):
        text = text[len(mark) :].lstrip()
    return text


_REMARK = re.compile(r"[(\[].*?[)\]]")


@lru_cache(maxsize=4096)
def header_key(text: str) -> str:
    """Return the key by which headers are compared: the normalised text.

    Outside brackets, letters of other scripts are kept, because they may be all that distinguishes
    two headers. If the key would be empty, it is the text in lower case, without blanks.
    """
    text = without_mark(text.strip())
    folded = unicodedata.normalize("NFKD", text).casefold()
    folded = folded.replace("\u115f", "").replace("\u1160", "")  # invisible, but letters
    if any(letter.isalpha() and letter > "\x7f" for letter in _REMARK.sub("", folded)):
        return "".join(letter for letter in folded if letter.isalnum())
    return normalise(text) or "".join(text.casefold().split())


def exact_key(text: str) -> str:
    """Return the text in lower case, with single spaces: the key of headers in a mapping file."""
    return " ".join(unicodedata.normalize("NFKC", without_mark(text)).casefold().split())


def normalise(text: str) -> str:
    """Return `text` in lower case with only the letters a to z and digits.

    Accents, blanks, punctuation and letters of other scripts are removed; full-width letters and
    digits become normal ones.
    """
    decomposed = unicodedata.normalize("NFKD", text)
    return re.sub(r"[^a-z0-9]", "", decomposed.casefold())


# The location and the contact at the bank are optional because no measure, band or rule uses them.
CLIENTS = RawTable(
    name="clients",
    columns=(
        RawColumn(
            "client_id",
            "text",
            "Client ID",
            ("Customer ID", "Client Number", "Client No"),
            ("ID",),
        ),
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
        RawColumn(
            "banking_relationship", "text", "Banking Relationship", ("Relationship",), ("Name",)
        ),
    ),
    stems=(
        *("banking-relationships", "banking-realtionships", "raw_banking_relationships"),
        *("relationships", "realtionships"),
    ),
    noun="Relationship",
)

GENDERS = RawTable(
    name="genders",
    columns=(
        RawColumn("gender_id", "code", "GenderId", ("ID",)),
        RawColumn("gender", "text", "Gender", ("Sex",), ("Name",)),
    ),
    stems=("gender", "genders", "raw_genders"),
    noun="Gender",
)

INVESTMENT_ADVISORS = RawTable(
    name="investment_advisors",
    columns=(
        RawColumn("ia_id", "code", "IAId", ("Investment Advisor ID", "Advisor ID", "ID")),
        RawColumn(
            "investment_advisor",
            "text",
            "Investment Advisor",
            ("Advisor", "Advisor Name"),
            ("Name",),
        ),
    ),
    stems=(
        *("investment-advisiors", "investment-advisors", "raw_investment_advisors"),
        *("advisors", "advisiors"),
    ),
    noun="Advisor",
)

TABLES: Mapping[str, RawTable] = {
    table.name: table for table in (CLIENTS, BANKING_RELATIONSHIPS, GENDERS, INVESTMENT_ADVISORS)
}
