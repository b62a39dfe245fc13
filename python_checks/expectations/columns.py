"""Names of columns that suites check, and how many customers the checks of distributions need."""

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

# With fewer customers, the means and shares of the marts vary too much and are not checked.
ENOUGH_FOR_DISTRIBUTIONS = 1000
