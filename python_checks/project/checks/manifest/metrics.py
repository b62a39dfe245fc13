"""Checks that each metric is defined only once."""

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from dbt_bouncer.check_framework.decorator import check, fail

Json = Mapping[str, Any]


@check  # type: ignore[untyped-decorator]
def check_metrics_are_defined_once(ctx: Any) -> None:
    """No metric repeats the definition of another under a second name.

    Before the definitions are compared, the names of measures and metrics in them are replaced by
    their expressions. So the check also finds a metric on a copy of a measure, and a derived metric
    that divides like a ratio metric.
    """
    manifest = ctx.manifest_obj.manifest
    names = defaultdict(list)
    for name, definition in definitions(manifest).items():
        names[definition].append(name)
    repeated = [
        f"{', '.join(sorted(same))} (each is {definition})"
        for definition, same in names.items()
        if len(same) > 1
    ]
    if repeated:
        fail(f"Keep only one of the metrics that are the same: {'; '.join(sorted(repeated))}.")


def definitions(manifest: Json) -> dict[str, str]:
    """Return the definition of each metric in a manifest, by the metric's name.

    A definition is an expression over aggregated columns, such as `sum(exposure) of
    fct_customer_risk` or a ratio `(...) / (...)`.
    """
    metrics = {one["name"]: one for one in manifest["metrics"].values()}
    measures = {
        one["name"]: _measure(model, one)
        for model in manifest["semantic_models"].values()
        for one in model["measures"]
    }

    def used(part: Json, meanings: Mapping[str, str]) -> str:
        """Return the expression for one input of a metric."""
        options = {
            key: value
            for key, value in part.items()
            if key not in ("name", "alias") and value not in (None, False)
        }
        return meanings[part["name"]] + _with(options)

    def input_metric(part: Json) -> str:
        return "(" + used(part, {part["name"]: metric(part["name"])}) + ")"

    def metric(name: str) -> str:
        one = metrics[name]
        params = one["type_params"]
        if one["type"] == "simple":
            text = used(params["measure"], measures)
        elif one["type"] == "ratio":
            text = f"{input_metric(params['numerator'])} / {input_metric(params['denominator'])}"
        elif one["type"] == "derived":
            inputs = {each["alias"] or each["name"]: each for each in params["metrics"]}
            text = re.sub(
                r"[a-z_]\w*",
                lambda word: input_metric(inputs[word[0]]) if word[0] in inputs else word[0],
                " ".join(params["expr"].split()),
            )
        else:
            text = f"{one['type']} {json.dumps(params, sort_keys=True)}"
        return text + _with({"filter": one["filter"]} if one["filter"] else {})

    return {name: metric(name) for name in metrics}


def _measure(model: Json, measure: Json) -> str:
    """Return the aggregate that a measure defines, without the measure's name."""
    options = {
        key: measure[key] for key in ("agg_params", "non_additive_dimension") if measure[key]
    }
    return (
        f"{measure['agg']}({measure['expr'] or measure['name']})"
        f" of {model['node_relation']['alias']}{_with(options)}"
    )


def _with(options: Json) -> str:
    """Return the end of a definition that lists options; empty if there are none."""
    return f" with {json.dumps(options, sort_keys=True)}" if options else ""
