"""Render the project's models and macros as SQL without dbt: Jinja with a small context.

A dbt build takes seconds to start. Commands that only validate rows render the same Jinja files
here and run the SQL in a separate DuckDB database. A test compares the rendered SQL with dbt's.
"""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import duckdb
import jinja2

from bank_warehouse.sql import quote_identifier

REFERENCES = ("fee_rates", "loyalty_tiers")
"""The reference seeds that staging joins."""

_MATERIALIZATION = re.compile(
    r"\{%-? materialization .*?%\}.*?\{%-? endmaterialization -?%\}", re.DOTALL
)


class RefusedError(Exception):
    """A macro has refused the build with this message."""


class _ReturnedError(Exception):
    """Carries the value of a macro that calls `return`."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class Rendering:
    """The models and macros of a project, rendered for a DuckDB connection.

    Attributes:
        macros: has each macro as a function.
        vars: the dbt variables.
        raw_dir: the value that macros read for BANK_RAW_DIR.
        messages: the messages that macros logged.
    """

    def __init__(
        self,
        project: Path,
        connection: duckdb.DuckDBPyConnection,
        relation: Callable[[str], object],
        variables: Mapping[str, Any],
    ) -> None:
        """Load the macros.

        Args:
            project: folder of the dbt project.
            connection: runs the macros' queries.
            relation: returns the relation of a model or seed by its name.
            variables: the dbt variables.
        """
        self.connection = connection
        self.vars: dict[str, Any] = dict(variables)
        self.raw_dir = ""
        self.messages: list[str] = []
        self.macros = macros = SimpleNamespace()
        environment = jinja2.Environment(extensions=["jinja2.ext.do"])  # noqa: S701
        environment.globals.update(
            bank_warehouse=macros,
            adapter=SimpleNamespace(
                quote=quote_identifier,
            ),
            exceptions=SimpleNamespace(raise_compiler_error=_refuse),
            flags=SimpleNamespace(WHICH="build", EMPTY=False),
            execute=True,
            config=lambda **_: "",
            dbt=SimpleNamespace(
                escape_single_quotes=lambda text: text.replace("'", "''"),
                string_literal=lambda text: f"'{text}'",
            ),
            env_var=lambda name, default="": self.raw_dir if name == "BANK_RAW_DIR" else default,
            fromjson=json.loads,
            tojson=json.dumps,
            load_relation=lambda relation: relation,
            modules=SimpleNamespace(re=re),
            log=lambda message, info: self.messages.append(message),  # noqa: ARG005
            ref=relation,
            source=lambda *_: "",
            run_query=lambda query: SimpleNamespace(rows=connection.execute(query).fetchall()),
            target=SimpleNamespace(path="", type="duckdb"),
            var=lambda name: self.vars[name],
        )
        environment.globals["return"] = _give_back
        text = "\n".join(
            path.read_text(encoding="utf-8") for path in sorted((project / "macros").rglob("*.sql"))
        )
        # Jinja does not know dbt's tag for materializations, and no model rendered here needs one.
        text = _MATERIALIZATION.sub("", text)
        for name, macro in vars(environment.from_string(text).module).items():
            if callable(macro):
                setattr(macros, name, _with_return(macro))
        environment.globals.update(vars(macros))
        self.environment = environment
        self._models = {path.stem: path for path in (project / "models").rglob("*.sql")}
        self._templates: dict[str, jinja2.Template] = {}

    def replace_macro(self, name: str, function: Callable[..., Any]) -> None:
        """Make models and macros call `function` instead of a macro."""
        setattr(self.macros, name, function)
        self.environment.globals[name] = function

    def compile(self, model: str) -> str:
        """Return the SQL of a model."""
        if model not in self._templates:
            text = self._models[model].read_text(encoding="utf-8")
            self._templates[model] = self.environment.from_string(text)
        return self._templates[model].render()


def _refuse(message: str) -> NoReturn:
    raise RefusedError(message)


def _give_back(value: Any) -> NoReturn:
    raise _ReturnedError(value)


def _with_return(macro: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        try:
            return macro(*arguments, **named)
        except _ReturnedError as returned:
            return returned.value

    return call
