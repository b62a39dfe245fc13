"""The words of the page: none of them holds a number, so that every number is an answer."""

TITLE = """# Findings

{origin} As of {as_of_date}. Written by `bank findings`; every number is the
answer to a query on the warehouse, by the definitions in `models/semantic`. The currency is not
stated in the data.
"""

INVENTED = (
    "**The data are invented.** They are the shipped sample: a synthetic look-alike of a bank's"
    " customers, made by the project's generator. Nothing here is about real people or a real bank."
)
DELIVERED = "The data are those delivered as {files}."

SUMMARY = """## In short

- {customers} customers with {client_ids} client ids. They owe {total_loans} and hold
  {total_deposits}, of which {core_deposits} without bank deposits: {loan_to_deposit_ratio} of loans
  for one of deposits. {overleveraged_share} owe more than they hold.
- {real_tests} of {tests} differences that were tested are more than chance. {outside_money}
- {risk_sentence}
- {product_sentence}
- {cluster_sentence}
"""

DIFFERENCES = """## What is real and what is chance

Every dimension was tested against every amount and ratio, and against every other dimension, and
the results judged together, so that of those called more than chance only few are expected to be
chance (the variable `false_discovery_rate`). Two families are judged apart: money by what is cut
from money or rates it, and everything else.

{family_table}

![Heat map of effect sizes](figures/differences.svg)

Blank cells are no more than chance, are differences by definition, or have too few customers. A
real difference is no cause.
"""

OUTSIDE_NONE = "Outside of money by money there is none: the categories say nothing about money."
OUTSIDE_SOME = "Outside of money by money they are: {pairs}."

LOYALTY = """## Customers

{loyalty_table}

{loyalty_sentence}

{segment_table}

Segments are rules on deposits, loans and tenure, so they differ in these by definition.
"""

CHANCE = (
    "None of the tested differences between the values of {dimension} is more than chance: do not"
    " act on them."
)
REAL = "Between the values of {dimension} these are more than chance: {measures}."

CLUSTER = (
    "Clusters by balances: {number_of_clusters}, silhouette {silhouette}, stability {stability};"
    " {structure}."
)

PRODUCTS = """## Products

{product_table}

{product_sentence} How deep a product is used, against customers of the same income band and risk
weighting, says more. By definition half of these are below their median; the gap is what would
bring them up to it, a size to compare and no promise.

![Correlation of balances](figures/products.svg)

The strongest pair is {product} with {other_product}: a correlation of {balance_correlation}.
"""

HOLDS_ALL = (
    "{penetration} of all products that could be held are held, {products_per_customer} a customer:"
    " whether a product is held tells customers apart {how}."
)

RISK = """## Risk

{risk_table}

![Income, loans and watch list by risk weighting](figures/risk.svg)

{driver_sentence}

![Odds ratios of the drivers](figures/drivers.svg)

{driver_table}

Each coefficient holds the others constant. Bank deposits move with checking and saving accounts, so
theirs is about deposits beyond those two. {category_sentence} {protected_sentence}

The watch list, by level. Some of its rules are on the risk weighting itself:

{watch_table}
"""

RISK_REAL = (
    "The risk weighting goes with {real} of {tested} amounts and ratios by more than chance, most"
    " with {first} (epsilon squared {highest}), least with {last} ({lowest}). It is the bank's own"
    " class, no observed default."
)
RISK_CHANCE = "The risk weighting goes with no amount by more than chance."

DRIVERS = (
    "A proportional-odds model of the business facts, fitted on {customers_fitted} customers, names"
    " the right class of risk for {held_out_accuracy} of {customers_held_out} others; guessing the"
    " most frequent class is right for {majority_accuracy}."
)

CATEGORY = (
    "A single level of {drivers} stands among them, yet as a whole {drivers} goes with the risk"
    " weighting no more than chance would have it: do not act on the level."
)

PROTECTED_NONE = "Nationality, gender and age, fitted apart, move nothing beyond chance."
PROTECTED_SOME = "Of nationality, gender and age, fitted apart, these move it: {drivers}."

MONEY = """## Concentration, losses and stress

{concentration_table}

![Lorenz curves](figures/concentration.svg)

Expected losses and stress are declared assumptions times balances; the data hold no defaults. By
these, {expected_loss} of {lending_exposure} are lost in a year, {expected_loss_rate}.

{stress_table}
"""

LIMITS = """## What cannot be said

One cross-section without transactions, limits or outcomes: no churn, no utilisation, no probability
estimated from it can be honest, so there is none. Advisors and relationships were assigned by row
position in the data that this is modelled on. By tenure and age, {customers_joined_before_birth}
customers joined before they were born and {customers_joined_as_minors} as minors.
"""
