"""Names of columns that several suites promise something about."""

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

# Product of the seed `products` -> the balance column that it stands for.
PRODUCT_BALANCES = {
    "credit_card": "credit_card_balance",
    "bank_loan": "bank_loans",
    "business_lending": "business_lending",
    "bank_deposit": "bank_deposits",
    "saving_account": "saving_accounts",
    "checking_account": "checking_accounts",
    "foreign_currency_account": "foreign_currency_account",
}

# Below this number of customers a mean or a share says little, and no limit on it is promised.
ENOUGH_FOR_DISTRIBUTIONS = 1000
