"""The templates of the page: none of them holds a number, so that every number is an answer."""

TITLE = """# Findings

{origin}

As of {as_of_date}, {customers} customers. Written by `bank findings`; every number is the answer to
a query on the warehouse, by the definitions in `models/semantic`. The currency is not stated in the
data.
"""

DELIVERED = "The data are those delivered as {files}."

SUMMARY = """## In short

{answers}
"""

NOTHING = "The data are too few to say anything that would hold for other customers."

ACTIONS = """## What to do

{action_sentence}

{action_table}

Actions are rules of the bank, not results of a model: the data have no outcomes by which they could
be judged. The gap to close is what lies between where the customers are and what the rule aims at:
a size to compare, no promise. `bank worklist` writes the customers of an action to a file.

![{actions_title}](figures/actions.svg)

The watch list, by level. Some of its rules look at the risk weighting itself:

{watch_table}
"""

DIFFERENCES = """## What is real and what could be chance

Every fact about customers was tested against every amount and ratio and every other fact. The
results are judged together, so that few of those called real are expected to be chance (the
variable `false_discovery_rate`). Two families are judged apart: money by what is computed from
money or rates it, and everything else.

{family_table}

{outside_money}

![{differences_title}](figures/differences.svg)

Pale cells could be chance: customers drawn at random would differ as much. Cells marked “built in”
compare a thing with what it is computed from, so they say nothing. A real difference is no cause.
"""

OUTSIDE_NONE = (
    "No category is linked to money by more than chance: loyalty, occupation and the like say"
    " nothing about balances."
)
OUTSIDE_SOME = "Among categories these links are real: {pairs}."

CUSTOMERS = """## Customers

{segment_sentence}

![{segments_title}](figures/segments.svg)

{segment_table}

Segments are rules on deposits, loans and time with the bank: differences in these are built in.
{cluster_sentence}

{loyalty_sentence}

{loyalty_table}
"""

CHANCE = "What differs between the values of {dimension} could all be chance: do not act on it."
REAL = "Between the values of {dimension} these differences are real: {measures}."

CLUSTER = "Clusters of balances: {structure} (silhouette {silhouette}, stability {stability})."

PRODUCTS = """## Products

{product_sentence}

{product_table}

The gap to the peers compares customers with others of the same income band and risk weighting.
About half of the customers are below the median of their peers whatever the bank does: compare the
gaps of products, and do not read them as a forecast.

![{products_title}](figures/products.svg)

Correlation is of balances: near one, customers with much of one product have much of the other;
near nothing, one says nothing about the other. Each product with itself is left grey.
"""

RISK = """## Risk

{risk_sentence}

![{risk_title}](figures/risk.svg)

{risk_table}

{jump_sentence}

{driver_sentence}

![{drivers_title}](figures/drivers.svg)

{driver_table}

Each line holds all others constant. {collinear_sentence} {level_sentence} {protected_sentence}
{fit_sentence}
"""

JUMP = (
    "All customers of risk weighting {classes} are on the watch list: its rules look at the risk"
    " weighting, so this jump is built in."
)

COLLINEAR = (
    "Bank deposits move with checking and savings accounts (correlations of {correlations}), so"
    " their line is about deposits beyond those two: read the deposits together."
)

FIT = (
    "Fitted on {customers_fitted} customers, the model names the right risk weighting for"
    " {held_out_accuracy} of {customers_held_out} others; naming the most frequent one is right for"
    " {majority_accuracy}."
)

LEVELS = (
    "Single levels of {drivers} stand out, yet as a whole {drivers} could be chance: they are left"
    " out."
)

PROTECTED_NONE = "Fitted apart, there is no sign that nationality, gender or age go with it."
PROTECTED_SOME = "Fitted apart, of nationality, gender and age these go with it: {drivers}."

MONEY = """## Concentration, losses and stress

{concentration_sentence}

![{concentration_title}](figures/concentration.svg)

{concentration_table}

{loss_sentence} {stress_sentence} Losses and scenarios are declared assumptions times balances, no
forecasts: the data hold no defaults. By these, {expected_loss} of {lending_exposure} are lost in a
year, {expected_loss_rate}.

![{stress_title}](figures/stress.svg)

{stress_table}
"""

LIMITS = """## What cannot be said

One date without transactions, limits or outcomes: no churn, no use of credit lines, no probability
estimated from it can be honest, so there is none. {sample_sentence} By time with the bank and age,
{customers_joined_before_birth} customers joined before they were born and
{customers_joined_as_minors} as minors.
"""

SAMPLE = (
    "Advisors and relationships were assigned by row position in the data that the sample is"
    " modelled on."
)
