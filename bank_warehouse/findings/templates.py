"""The templates of the page. They contain no numbers, so every number comes from an answer."""

TITLE = """# Findings

{origin}

As of {as_of_date}, {customers} customers. `bank findings` writes this page, and every number is
computed from the warehouse (definitions: `models/semantic`). The currency is not stated in the
data.
"""

DELIVERED = "The data are those delivered as {files}."

SUMMARY = """## In short

{answers}
"""

NOTHING = "There is too little data for conclusions about other customers."

ACTIONS = """## What to do

{action_sentence}

{action_table}

Actions follow the project's rules, not a model: the data have no outcomes to judge them by.
`bank worklist` writes the customers of an action to a file.

![{actions_title}](figures/actions.svg)

The watch list, by level. Some of its rules look at the risk weighting itself:

{watch_table}
"""

DIFFERENCES = """## What is real and what could be chance

Every fact about customers was tested against every amount, every ratio and every other fact. With
so many tests some differ by chance alone, so the results are corrected for the number of tests: few
of the differences called real are expected to be chance (the variable `false_discovery_rate` sets
how few). The tests form two families, and each is corrected on its own: amounts by facts that are
computed from amounts or rate them, such as income band and risk weighting; and everything else.

{family_table}

{outside_money}

![{differences_title}](figures/differences.svg)

Cells with a dot could be chance: groups drawn at random would differ as much. Cells with an equals
sign are built in: they compare a fact with what it is computed from. A real difference does not
show a cause.
"""

OUTSIDE_NONE = (
    "No link among categories is real: loyalty, occupation and the like say nothing about balances."
)
OUTSIDE_SOME = "Among categories these links are real: {pairs}.{sample}"
ASSIGNED = (
    "In the data that the sample is modelled on, relationships and advisors were filled in by row "
    "order, so the link between these two is not a finding."
)

CUSTOMERS = """## Customers

{segment_sentence}

![{segments_title}](figures/segments.svg)

{segment_table}

Segments are rules on deposits, loans and time with the bank: differences in these are built in.
{cluster_sentence}

{loyalty_sentence}

{loyalty_table}
"""

CHANCE = "All differences by {dimension} could be chance: do not act on them."
REAL = "Real differences by {dimension}: {measures}."

CLUSTER = "{structure}. (Clusters: silhouette {silhouette}, stability {stability}.)"

PRODUCTS = """## Products

{product_sentence}

{product_table}

The gap to the peers is how much all customers below the median of their peers would need to reach
it; peers are of the same income band and risk weighting. About half of the customers are below that
median whatever the bank does: compare products, and do not read the gaps as a forecast. The gaps
under “What to do” are smaller, since they count only customers for whom a rule is due.

![{products_title}](figures/products.svg)

Near one, customers who hold much of one product also hold much of the other. Near zero, the balance
of one says nothing about the balance of the other.
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
    " their line shows only what goes beyond those two: read the deposits together."
)

FIT = (
    "Fitted on {customers_fitted} customers, the model predicts the right risk weighting for"
    " {held_out_accuracy} of {customers_held_out} others; always predicting the most frequent one"
    " is right for {majority_accuracy}."
)

LEVELS = (
    "Single levels of {drivers} differ, but as a whole {drivers} could be chance, so they are left"
    " out."
)

PROTECTED_NONE = (
    "In a separate model, there is no sign that nationality, gender or age are linked to the risk"
    " weighting."
)
PROTECTED_SOME = (
    "In a separate model, of nationality, gender and age these are linked to the risk weighting:"
    " {drivers}."
)

MONEY = """## Concentration, losses and stress

{concentration_sentence}

![{concentration_title}](figures/concentration.svg)

{concentration_table}

{loss_sentence} On these assumptions {expected_loss} of {lending_exposure} would be lost in a year,
{expected_loss_rate}.

{stress_sentence}

![{stress_title}](figures/stress.svg)

{stress_table}
"""

LIMITS = """## What cannot be said

The data have no transactions, no credit limits and no outcomes such as defaults. So there is no
churn rate, no use of credit lines and no estimated probability of default here. {sample_sentence}
By their ages and joining dates, {customers_joined_before_birth} customers joined before they were
born and {customers_joined_as_minors} as minors.
"""

SAMPLE = (
    "In the data that the sample is modelled on, advisors and banking relationships were filled in"
    " by row order, so they carry no information."
)
