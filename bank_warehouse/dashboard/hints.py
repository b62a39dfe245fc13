"""What the numbers mean for the bank, and their limits: the texts of the question marks.

How a number is computed is on the page Data quality, from the definitions of the metrics.
"""

from collections.abc import Mapping

from bank_warehouse.answers import labels

METRICS: Mapping[str, str] = {
    "customers": (
        "How many people a decision would reach. Customers who have left are not counted."
    ),
    "total_loans": "What the bank would lose if nobody paid, and what it earns interest on. The "
    "currency is not stated in the data.",
    "total_deposits": "Money that funds the loans, and that can leave. Bank deposits are included; "
    "whether they contain other accounts is not known.",
    "core_deposits": "The cautious figure for deposits: without bank deposits, which may "
    "contain the other accounts. The true total is between this and total "
    "deposits.",
    "core_deposit_share": "How much of the funding is certain: the rest are bank deposits, which "
    "may contain the other accounts.",
    "bank_deposits": "The largest account. It moves with checking and savings accounts and may "
    "contain them.",
    "fee_income": "What customers pay in a year at their fee rate. Estimated from balances, not "
    "booked income.",
    "fee_yield": "What a unit of loans earns in fees: compare groups with it, not with the fee "
    "income, which grows with loans.",
    "net_position": "Below zero, the bank lends these customers more than they deposit.",
    "loan_to_deposit_ratio": "Above 1, deposits do not fund the loans. Taken from the sums, so a "
    "few large customers weigh more.",
    "liquidity_cover": "How much of the loans deposits could repay at once: the lower, the less "
    "reserve. Taken from the sums.",
    "debt_to_income_ratio": "Loans in years of income. High debt needs longer terms or fewer "
    "loans. Incomes are estimates.",
    "overleveraged_share": "Customers who could not repay from what they hold here. What they hold "
    "elsewhere is not known.",
    "watch_list_customers": "Customers who meet one of the project's warning rules. Most need no "
    "action: see those to act on.",
    "watch_list_share": "How widespread warnings are. Rules on the risk weighting are among them, "
    "so it rises with that.",
    "act_customers": "Customers on the highest level of the watch list: decide on each. By rules, "
    "not by a model.",
    "mean_risk_weighting": "The bank's own class of risk, from 1 (low) to 5 (high), on average. "
    "It is not a measured default rate.",
    "mean_estimated_income": "What customers can afford. An estimate by the bank; a few high "
    "incomes raise the mean.",
    "mean_total_loans": "Owed by a customer on average. A few large loans raise it.",
    "mean_total_deposits": "Held by a customer on average. A few large balances raise it.",
    "mean_core_deposits": "Held by a customer on average, bank deposits left out.",
    "mean_fee_income": "Fees that a customer brings in a year, on average: an estimate.",
    "mean_credit_card_balance": "Owed on cards by a customer, on average. Limits of cards are not "
    "in the data, so how far they are used is not known.",
    "mean_tenure": "Years with the bank, of those who are still there: leavers would make it "
    "shorter.",
    "recommendations": "Actions by rule: a customer can have several, so this is more than the "
    "customers.",
    "recommended_customers": "Customers for whom some rule asks for an action, each counted once.",
    "money_concerned": "Balances of the customers that an action is about. A customer with two "
    "actions is in both, so never add them up.",
    "gap_to_close": labels.GAP + " Some rules have no target.",
    "product_balance": "Where the money is. Loans are owed to the bank and deposits held at it: "
    "never add them up.",
    "mean_balance_of_holders": "How deeply a product is used by those who have it.",
    "holdings": "Customers with a balance, however small: see how much they hold, too.",
    "gap_below_peer_median": "What all customers below the median of their peers would need to "
    "reach it. Peers are of the same income band and risk weighting.",
    "client_ids": "Fewer than customers: some ids are shared by different people.",
    "customers_sharing_a_client_id": "Never join by client id alone: these would be mixed up.",
    "customers_joined_before_birth": "Joining date or age is wrong: do not act on either.",
    "customers_joined_as_minors": "May be right for accounts that parents opened; many of them are "
    "a sign of wrong dates.",
    "expected_loss": "What a year may cost by assumption: probabilities and losses are declared, "
    "not measured.",
}
"""Metric to its meaning, which is shown beside the metric's name."""

DIMENSIONS: Mapping[str, str] = {
    "segment": "Rules on deposits, loans and time with the bank. They are exact, so anyone can "
    "explain a customer's segment.",
    "loyalty_classification": "Assigned by the bank; the method is not documented.",
    "income_band": "By the income of a year, which is an estimate.",
    "risk_weighting": "The bank's own class of risk. How it is assigned is not documented.",
    "watch_list_level": "How severe the warnings by the project's rules are in total. Some of "
    "these rules use the risk weighting itself.",
    "fee_structure": "Sets the fee rate on loans.",
    "tenure_band": "Time with the bank. Customers who have left are not in the data.",
    "joined_year": "Year in which customers joined; those who have left since are not in the data.",
}
"""The same for dimensions that need an explanation."""

COLUMNS: Mapping[str, str] = {
    "odds_ratio": "Times the odds of a higher risk weighting: above 1 it rises, below it falls.",
    "coefficient": "The logarithm of the odds ratio: the further from 0, the stronger.",
    "effect_size": "How much of the differences goes with the groups, from 0 to 1. A small "
    "effect may be real and still of little use.",
    "adjusted_p_value": "How often chance alone would give as large a difference, corrected for "
    "the number of tests: the lower, the surer.",
    "verdict": "Whether the difference is more than chance would bring.",
    "gini": "0 if all customers had the same, near 1 if one had everything.",
    "top_decile_share": "If all were equal this were 10%. The more, the more a few customers "
    "matter.",
    "herfindahl_index": "Grows with concentration; 0 where no single customer matters.",
    "typical_balance": "Balance in the middle of the group.",
    "selection_rate": "Customers of the group for whom the action is due.",
    "best_treated_rate": "The same for the best-treated group.",
    "ratio_to_best": "Groups below four fifths (0.8) are reviewed.",
    "owner": "Who in the bank takes the action.",
    "reasons": "The rule that the customers meet.",
    "delivered": "Sum over all rows of the drop.",
    "in_marts": "Sum over the customers that are counted.",
    "in_quarantine": "Sum over rows that could not be used. They are kept for repair.",
    "difference": "Has to be 0: anything else is lost or counted twice.",
    "drift_verdict": "Whether the column looks unlike the last drop that was accepted.",
}
"""Columns of tables of results."""
