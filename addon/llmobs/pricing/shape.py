"""Checks one document against the schema and words what pydantic finds; it does not know other documents."""

from collections.abc import Collection, Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from llmobs.pricing.document import Document
from llmobs.pricing.problem import KeyPath, Problem, did_you_mean
from llmobs.pricing.schema import ExchangeRate, PathRule, PriceFile, PriceRule, ProviderBlock, Reported

_FIXES = {
    "list_type": ("must be a list", "write it as [a, b] or as lines that start with -"),
    "dict_type": ("must be a mapping", "write key: value pairs under it"),
    "model_type": ("must be a mapping", "write key: value pairs under it"),
    "missing": ("is missing", "add it"),
}


def validated(document: Document, dialects: Collection[str] | None) -> tuple[PriceFile, list[Problem]]:
    """The file as a typed tree, empty where anything is wrong with it, and what that is."""
    try:
        return PriceFile.model_validate(document.data, context={"dialects": dialects}), []
    except ValidationError as error:
        return PriceFile(), [_problem(found) for found in error.errors(include_url=False)]


def _problem(error: Any) -> Problem:
    path, kind = _path(error["loc"]), error["type"]
    if kind == "extra_forbidden":
        return Problem(path, f"is not a known key; {did_you_mean(str(path[-1]), _keys(_row_at(path)))}")
    what, fix = _FIXES.get(kind, (error["msg"], ""))
    return Problem(path, f"{what}; {fix}" if fix else what)


def _path(loc: tuple[str | int, ...]) -> KeyPath:
    # For a bad key of a mapping pydantic adds a step of its own.
    return loc[:-1] if loc and loc[-1] == "[key]" else loc


def _row_at(path: KeyPath) -> type[BaseModel]:
    """The mapping that the last step of a path stands in."""
    match path:
        case ("providers", _, "routes", _, _):
            return PathRule
        case ("providers", _, "models", _, _, _):
            return PriceRule
        case ("providers", _, "reported_cost", _):
            return Reported
        case ("currencies", _, _, _):
            return ExchangeRate
        case ("providers", _, _):
            return ProviderBlock
        case _:
            return PriceFile


def _keys(row: type[BaseModel]) -> Iterator[str]:
    return (field.alias or name for name, field in row.model_fields.items())
