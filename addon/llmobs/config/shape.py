"""Checks one document against a schema and words what pydantic finds; it does not know other documents."""

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from llmobs.config.document import Document
from llmobs.config.problem import KeyPath, Problem, did_you_mean

_FIXES = {
    "list_type": ("must be a list", "write it as [a, b] or as lines that start with -"),
    "dict_type": ("must be a mapping", "write key: value pairs under it"),
    "model_type": ("must be a mapping", "write key: value pairs under it"),
    "missing": ("is missing", "add it"),
}


class Row(BaseModel):
    """A mapping in which any key that is not listed is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def validated[File: Row](
    document: Document, schema: type[File], context: Mapping[str, object] | None = None
) -> tuple[File, list[Problem]]:
    """The file as a typed tree, empty where anything is wrong with it, and what that is.

    `schema` has a default for each of its keys.
    """
    try:
        return schema.model_validate(document.data, context=dict(context or {})), []
    except ValidationError as error:
        return schema(), [_problem(found, schema) for found in error.errors(include_url=False)]


def _problem(error: Any, schema: type[Row]) -> Problem:
    path, kind = _path(error["loc"]), error["type"]
    if kind == "extra_forbidden":
        return Problem(path, f"is not a known key; {did_you_mean(str(path[-1]), _keys(_row_at(path, schema)))}")
    what, fix = _FIXES.get(kind, (error["msg"], ""))
    return Problem(path, f"{what}; {fix}" if fix else what)


def _path(loc: tuple[str | int, ...]) -> KeyPath:
    # For a bad key of a mapping pydantic adds a step of its own.
    return loc[:-1] if loc and loc[-1] == "[key]" else loc


def _row_at(path: KeyPath, schema: type[Row]) -> type[BaseModel]:
    """The mapping that the last step of a path stands in."""
    kind: Any = schema
    for step in path[:-1]:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            fields = {field.alias or name: field.annotation for name, field in kind.model_fields.items()}
            kind = _plain(fields[str(step)])
        else:
            kind = _plain(get_args(kind)[-1])
    row: type[BaseModel] = kind
    return row


def _plain(kind: Any) -> Any:
    """A type without what is said about it: `Annotated[X, ...]` and `X | None` are X."""
    if get_origin(kind) is Annotated:
        return _plain(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return _plain(next(each for each in get_args(kind) if each is not type(None)))
    return kind


def _keys(row: type[BaseModel]) -> Iterator[str]:
    return (field.alias or name for name, field in row.model_fields.items())
