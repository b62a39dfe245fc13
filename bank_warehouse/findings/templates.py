"""The templates of the page. They have no numbers, because all come from the warehouse."""

TITLE = """# Findings

{origin}

As of {as_of_date}, {customers} customers. Amounts are in the currency of the bank's data.
"""

DELIVERED = "The data were delivered as {files}."

SUMMARY = """## In short

{answers}
"""

NOTHING = "There is too little data to draw conclusions from."

ACTIONS = """## What to do

{action_sentence}

{action_table}

The most urgent actions come first. Actions follow this report's rules, not a model: the data have
no outcomes to test them against. Ask your data team for the list of customers of an action
(`bank worklist`).

![{actions_title}](figures/actions.svg)

Here is the watch list by level. A customer's level adds up all rules that apply, and the risk
weighting is only one of the facts in the rules. So customers with a low risk weighting can reach
a high level.

{watch_table}
"""

DIFFERENCES = """## What is real and what could be chance

Every fact about customers, such as loyalty class or occupation, was tested against every amount,
every ratio and every other fact. Among so many tests, some show a difference by chance alone. The
results are corrected for that, so that few of the differences called real are expected to be
chance. Some facts come from amounts or reflect them, such as income band and risk weighting.
Amounts differ by these facts almost inevitably, so the tests of amounts by such facts are
corrected separately from all others.

{family_table}

{outside_money}

![{differences_title}](figures/differences.svg)

Cells with a dot could be chance: groups drawn at random could differ as much. Cells with an equals
sign are built in: they compare a fact with what it is computed from. A real difference does not
show a cause.
"""

OUTSIDE_NONE = (
    "Among all other comparisons, no link passed the test: nothing shows that loyalty, occupation"
    " and the like are linked to balances."
)
OUTSIDE_ONE = "Among all other comparisons, one link passed the test: {pairs}{sample}."
OUTSIDE_SOME = "Among all other comparisons, {number} links passed the test: {pairs}{sample}."
ASSIGNED = (
    ". But in the data that the sample is modelled on, relationships and advisors were filled in by"
    " row order, so {link} means nothing"
)

CUSTOMERS = """## Customers

{segment_sentence}

![{segments_title}](figures/segments.svg)

{segment_table}

{cluster_sentence}

{loyalty_sentence}

{loyalty_table}
"""

CHANCE = "All differences by {dimension} could be chance: do not act on them."
REAL = "Real differences by {dimension}: {measures}."

CLUSTER = "{structure}."

PRODUCTS = """## Products

{product_sentence}

{product_table}

Peers are customers of the same income band and risk weighting. The amount below the peers is what
all customers below their peers' median would need to reach it. About half of the customers are
always below that median, so compare products and do not read the amounts as a forecast.

![{products_title}](figures/products.svg)

In the figure, a value near one means that customers who hold much of one product also hold much
of the other. A value near zero means that the balance of one says little about the balance of the
other.
"""

RISK = """## Risk

{risk_sentence}

![{risk_title}](figures/risk.svg)

{risk_table}

{jump_sentence}

{driver_sentence}

![{drivers_title}](figures/drivers.svg)

{driver_table}

Each line of the table compares customers who are alike in all other facts. One standard deviation
is the typical distance of a customer from the average. An odds ratio above one means that more of
the fact goes with a higher risk weighting; below one, with a lower one. {collinear_sentence}
{level_sentence} {protected_sentence} {fit_sentence}
"""

JUMP = (
    "All customers with risk weighting {classes} are on the watch list, because its rules use"
    " the risk weighting. So the jump in the watch-list share is built in."
)

COLLINEAR = (
    "Customers with large bank deposits usually have large checking and savings balances"
    " (correlations of {correlations}), so the line for bank deposits shows only what those two do"
    " not explain: read all three together."
)

FIT = (
    "Built on {customers_fitted} customers and tried on {customers_held_out} others, the model got"
    " the risk weighting of {held_out_accuracy} right; always guessing the most frequent risk"
    " weighting would get {majority_accuracy}."
)

LEVELS = (
    "Some {groups} stand out, but the differences by {drivers} as a whole could be chance, so these"
    " are left out."
)

PROTECTED_NONE = (
    "In a separate model, there is no sign that nationality, gender or age is linked to the risk"
    " weighting."
)
PROTECTED_SOME = (
    "In a separate model with nationality, gender and age, the risk weighting is linked to"
    " {drivers}."
)

MONEY = """## Concentration, losses and stress

{concentration_sentence}

![{concentration_title}](figures/concentration.svg)

{concentration_table}

{loss_sentence}

{stress_sentence}

![{stress_title}](figures/stress.svg)

{stress_table}
"""

LIMITS = """## What cannot be said

The data have no transactions, no credit limits and no outcomes such as defaults. So there is no
churn rate, no utilisation of credit lines and no estimated probability of default here.
{sample_sentence} By their ages and joining dates, {customers_joined_before_birth} customers joined
before they were born and {customers_joined_as_minors} as minors.
"""

ORIGIN = """`bank findings` writes this page and computes every number from the warehouse
(definitions: `models/semantic`).
"""

SAMPLE = (
    "In the data that the sample is modelled on, advisors and banking relationships were filled in"
    " by row order, so they carry no information."
)
