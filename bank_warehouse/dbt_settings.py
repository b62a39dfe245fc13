"""The project's plugin for dbt that checks the settings: before anything is parsed or seeded."""

from pathlib import Path

from dbt.flags import get_flags
from dbt.plugins.manager import dbtPlugin
from dbt_common.events.base_types import EventLevel
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note
from dbt_common.exceptions import DbtRuntimeError

from bank_warehouse.project import PROJECT
from bank_warehouse.settings import SettingError, require_settings, unknown_settings

READING = ("build", "compile", "generate", "retry", "run", "seed")
"""The commands of dbt that look at the raw files, as dbt calls them."""


class SettingsPlugin(dbtPlugin):
    """Loaded by dbt from `dbt_bank_warehouse.py`, once it knows the project and the flags."""

    def initialize(self) -> None:
        """Warn of variables that are no settings; refuse settings that cannot be meant.

        Raises:
            DbtRuntimeError: with all that is wrong. dbt prints it without a traceback.
        """
        if self.project_name != PROJECT:
            return
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
