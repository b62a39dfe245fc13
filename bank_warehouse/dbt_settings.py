"""The dbt plugin that checks the settings before anything is parsed or seeded.

It also makes dbt write the metric definitions without a database name.
"""

import sys
from pathlib import Path

from dbt.contracts.graph.semantic_manifest import SemanticManifest
from dbt.flags import get_flags
from dbt.plugins.manager import dbtPlugin
from dbt_common.events.base_types import EventLevel
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note
from dbt_common.exceptions import DbtRuntimeError
from dbt_semantic_interfaces.implementations.semantic_manifest import PydanticSemanticManifest

from bank_warehouse.interrupts import end_cleanly
from bank_warehouse.project import PROJECT
from bank_warehouse.settings import SettingError, require_settings, unknown_settings

READING = ("build", "compile", "generate", "retry", "run", "seed")
"""dbt's names for its commands that read the raw files."""


_made_by_dbt = SemanticManifest._get_pydantic_semantic_manifest


def semantic_manifest(definitions: SemanticManifest) -> PydanticSemanticManifest:
    """Return the metric definitions; their table names have no database name.

    DuckDB names a database after its file. If the definitions contained this name, `mf query` would
    find only the tables of that warehouse, and not those of another one or of a renamed copy.
    """
    made = _made_by_dbt(definitions)
    relations = [model.node_relation for model in made.semantic_models]
    relations += [spine.node_relation for spine in made.project_configuration.time_spines]
    for relation in relations:
        relation.relation_name = relation.relation_name.removeprefix(f'"{relation.database}".')
    return made


def _is_program() -> bool:
    """Return whether this process runs dbt itself, not a program that calls dbt."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return Path(sys.argv[0]).stem == "dbt" or getattr(spec, "name", "") == "dbt.cli.main"


class SettingsPlugin(dbtPlugin):
    """Loaded from `dbt_bank_warehouse.py`, once dbt knows the project and the flags."""

    def initialize(self) -> None:
        """Refuse invalid settings, and warn about unknown `BANK_...` environment variables.

        Also make the semantic manifest work for every warehouse, whatever its file name.

        Raises:
            DbtRuntimeError: the message lists all problems. dbt prints it without a traceback.
        """
        if self.project_name != PROJECT:
            return
        if _is_program():
            # dbt's temporary files hold names, so a signal must not leave them behind.
            end_cleanly()
        # dbt has no hook that runs before it writes the semantic manifest, so replace its method.
        SemanticManifest._get_pydantic_semantic_manifest = semantic_manifest  # type: ignore
        for warning in unknown_settings():
            fire_event(Note(msg=warning), level=EventLevel.WARN)
        flags = get_flags()  # type: ignore[no-untyped-call]
        try:
            require_settings(
                Path(getattr(flags, "PROJECT_DIR", ".")),
                getattr(flags, "VARS", {}),
                reads_drop=getattr(flags, "WHICH", "") in READING,
            )
        except SettingError as refused:
            raise DbtRuntimeError(str(refused)) from None
