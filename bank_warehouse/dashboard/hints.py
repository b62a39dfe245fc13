"""What the numbers mean for the bank, and their limits: the text behind each question mark.

The page Data quality shows how each number is computed, from the definitions of the metrics.
"""

from collections.abc import Mapping

from bank_warehouse.answers import labels

METRICS: Mapping[str, str] = {
    "customers": "Number of current customers. Customers who have left are not counted.",
    "total_loans": "What customers owe the bank, credit cards included, in the currency of the "
    "bank's data.",
    "total_deposits": "Money that funds the loans, and that customers can withdraw. Includes bank "
    "deposits, which may already contain the other accounts.",
    "core_deposits": "The cautious figure for deposits: without bank deposits, which may "
    "contain the other accounts. The true total is between this and total "
    "deposits.",
    "core_deposit_share": "The share of deposits that is certainly not counted twice. The rest is "
    "bank deposits, which may contain the other accounts.",
    "bank_deposits": "Deposits that may already contain checking and savings accounts: the data do "
    "not show whether they do.",
    "fee_income": "What customers pay in a year at their fee rate. Estimated from balances, not "
    "booked income.",
    "fee_yield": "What the bank earns in fees for each unit of loans. Compare groups by it, since "
    "fee income grows with loans.",
    "net_position": "Below zero means that the bank lends these customers more than they deposit.",
    "loan_to_deposit_ratio": "Above 1, deposits do not cover the loans. Computed from totals, so "
    "large customers weigh more.",
    "liquidity_cover": "The share of loans that deposits could repay at once: the lower, the "
    "smaller the reserve. Computed from totals.",
    "debt_to_income_ratio": "Loans as a multiple of yearly income. High debt needs longer terms or "
    "smaller loans. Incomes are estimates.",
    "overleveraged_share": "Customers who could not repay from what they hold here. What they hold "
    "elsewhere is not known.",
    "watch_list_customers": "Customers who meet at least one warning rule. Not all need a "
    "decision now: see Customers to act on now.",
    "watch_list_share": "How widespread warnings are. Some rules look at the risk weighting, so "
    "the share rises with it.",
    "act_customers": "Customers at the highest level of the watch list: each needs a decision. The "
    "level is set by rules, not by a model.",
    "mean_risk_weighting": "The bank's own risk class, from 1 (low) to 5 (high), on average. It "
    "is not a measured default rate.",
    "mean_estimated_income": "Average yearly income, as estimated by the bank. A few high incomes "
    "raise it.",
    "mean_total_loans": "What a customer owes on average. A few large loans raise it.",
    "mean_total_deposits": "What a customer holds on average. A few large balances raise it.",
    "mean_core_deposits": "What a customer holds on average, without bank deposits.",
    "mean_fee_income": "Estimated fees that a customer pays in a year, on average.",
    "mean_credit_card_balance": "What a customer owes on cards, on average. Card limits are not in "
    "the data, so utilisation is not known.",
    "mean_tenure": "Years with the bank. Current customers only, so it does not show how long "
    "customers stay.",
    "recommendations": "A customer can have several actions, so this can exceed the number of "
    "customers with an action.",
    "recommended_customers": "Customers for whom at least one action is due, each counted once.",
    "money_concerned": "The balances that an action is about, such as loans. A customer with two "
    "actions is counted in both, so never add up several actions.",
    "gap_to_close": labels.GAP + " Some rules have no target.",
    "product_balance": "Where the money is. Loans are owed to the bank and deposits held at it: "
    "never add them up.",
    "mean_balance_of_holders": "How much holders of a product have in it, on average.",
    "holdings": "Customers with any balance, however small: also look at how much they hold.",
    "gap_below_peer_median": "What all customers below the median of their peers would need to "
    "reach it. Peers have the same income band and risk weighting.",
    "client_ids": "Fewer than customers if different people share an id.",
    "customers_sharing_a_client_id": "Never join by client id alone: these customers would be "
    "mixed up.",
    "customers_joined_before_birth": "The joining date or the age is probably wrong. The segment "
    "and some actions, such as Retain the customer, depend on the joining date: check it first.",
    "customers_joined_as_minors": "May be right for accounts that parents opened. A large number "
    "suggests wrong dates.",
    "expected_loss": "What defaults would cost in a year if the assumed default and loss rates "
    "were right. Nothing is measured: the data contain no defaults.",
}
"""The meaning of each metric, which is shown beside its name."""

DIMENSIONS: Mapping[str, str] = {
    "segment": "Rules on deposits, loans and time with the bank. They are exact, so anyone can "
    "explain a customer's segment.",
    "loyalty_classification": "Assigned by the bank; the method is not documented.",
    "income_band": "By yearly income, which is an estimate.",
    "risk_weighting": "The bank's own risk class. How it is assigned is not documented.",
    "watch_list_level": "How many warnings a customer has, and how serious they are. Some of the "
    "rules use the risk weighting itself.",
    "fee_structure": "Sets the fee rate on loans.",
    "tenure_band": "Time with the bank. Current customers only.",
    "joined_year": "Year in which customers joined. Current customers only.",
}
"""The same for dimensions that need an explanation."""

COLUMNS: Mapping[str, str] = {
    "odds_ratio": "What the odds of a higher risk weighting are multiplied by: above 1 means "
    "higher risk, below 1 lower.",
    "coefficient": "The logarithm of the odds ratio: the further from 0, the stronger.",
    "effect_size": "How strongly the groups differ, from 0 (not at all) to 1. A small difference "
    "can be real and still of little use.",
    "adjusted_p_value": "How often chance alone would give a difference this large, corrected for "
    "the number of tests: the lower, the more certain.",
    "verdict": "Whether the difference is real or could be chance.",
    "gini": "0 if all customers had the same, near 1 if one had everything.",
    "top_decile_share": "10% if all customers were equal. The higher, the more depends on a few "
    "customers.",
    "herfindahl_index": "Grows with concentration; close to 0 if no single customer matters.",
    "typical_balance": "A middle value of the group, usually near its median. A few very large "
    "balances hardly raise it.",
    "selection_rate": "Share of the group for whom the action is due.",
    "best_treated_rate": "For an offer, the group chosen most often; for a burden, such as a "
    "lower limit, the group chosen least often.",
    "ratio_to_best": "1 is equal treatment. If it is below the fairness limit, review the rule.",
    "owner": "Who in the bank takes the action.",
    "reasons": "The rule that the customers meet.",
    "delivered": "Sum over all rows delivered.",
    "in_marts": "Sum over the customers that are counted.",
    "in_quarantine": "Sum over the quarantined rows, which are kept for correction.",
    "difference": "Must be 0: any other amount was lost or counted twice.",
    "drift_verdict": "Whether the column looks different from the last delivery that was accepted.",
}
"""The same for columns of result tables."""
