"""Checks that each model's primary key is tested, and is in the manifest for other tools."""

from typing import Any

from dbt_bouncer.check_framework.decorator import check, fail


@check  # type: ignore[untyped-decorator]
def check_model_primary_key_is_proved(model: Any, ctx: Any) -> None:
    """A model's `primary_key` in the manifest has the columns of one of its uniqueness tests.

    dbt fills this field from a constraint, or else from all uniqueness tests together. So a model
    with two such tests needs a constraint of type primary_key with the columns of one of them.
    """
    tested = [
        set(test.test_metadata.kwargs["combination_of_columns"])
        for test in ctx.tests_by_attached_node.get(model.unique_id, [])
        if test.test_metadata.name == "unique_combination_of_columns"
    ]
    key = set(model.primary_key or [])
    if not tested:
        fail(
            f"`{model.name}` has no primary key that a test proves:"
            " give it the test unique_combination_of_columns."
        )
    if key not in tested:
        fail(
            f"`{model.name}` has the primary key {sorted(key)}, but no uniqueness test on exactly"
            " these columns: give it a constraint of type primary_key with the columns of a test."
        )
