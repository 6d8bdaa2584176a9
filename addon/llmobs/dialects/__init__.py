"""Every dialect by its name, as routes in pricing.yaml call them; vendor knowledge lives in the tables, not here."""

from importlib import import_module
from pkgutil import iter_modules

from llmobs.dialect import Dialect

_FAMILIES = [import_module(f"{__name__}.{file.name}") for file in iter_modules(__path__)]

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect for family in _FAMILIES for dialect in vars(family).values() if isinstance(dialect, Dialect)
}
