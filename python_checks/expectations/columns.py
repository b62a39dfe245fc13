"""Names of columns that several suites check."""

MONEY = (
    "estimated_income",
    "superannuation_savings",
    "credit_card_balance",
    "bank_loans",
    "bank_deposits",
    "checking_accounts",
    "saving_accounts",
    "foreign_currency_account",
    "business_lending",
)

# The balance column of each product of the seed `products`.
PRODUCT_BALANCES = {
    "credit_card": "credit_card_balance",
    "bank_loan": "bank_loans",
    "business_lending": "business_lending",
    "bank_deposit": "bank_deposits",
    "saving_account": "saving_accounts",
    "checking_account": "checking_accounts",
    "foreign_currency_account": "foreign_currency_account",
}

# With fewer customers, means and shares are not checked, because they vary too much.
ENOUGH_FOR_DISTRIBUTIONS = 1000
