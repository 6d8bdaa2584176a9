"""Write the tables of the README from the code, or check that they are what the code says.

It does not know what the text between the tables says.
"""

import argparse
import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from llmobs.columns import COLUMNS
from llmobs.metrics import catalogue
from llmobs.policy.schema import PolicyFile
from llmobs.pricing import load
from llmobs.settings import OPTIONS
from llmobs.units import UNITS

ROOT = Path(__file__).parents[1]

type Row = tuple[str, ...]
type Table = Callable[[Path], Iterator[Row]]

_BLOCK = re.compile(r"(<!-- table: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
_TARGET = re.compile(r"^([a-z]+):[^#\n]*## (.*)$", re.MULTILINE)


class DocsError(Exception):
    """The README asks for something that the code does not have."""


def columns(_root: Path) -> Iterator[Row]:
    """The table that a user queries."""
    yield "column", "type", "meaning"
    for name, (kind, meaning) in COLUMNS.items():
        yield code(name), code(kind), meaning


def units(_root: Path) -> Iterator[Row]:
    """What a charge may count."""
    yield "unit", "price per", "meaning", "priced like, where a price list has no rate"
    for unit in UNITS.values():
        parent = f"{code(unit.parent)}{' (estimate)' if unit.assumed else ''}" if unit.parent else ""
        yield code(unit.name), f"{unit.per:,}", unit.meaning, parent


def options(_root: Path) -> Iterator[Row]:
    """What can be set with `--set`."""
    yield "option", "default", "meaning"
    for option in OPTIONS:
        default = str(option.default).lower() if isinstance(option.default, bool) else option.default
        yield code(option.name), code(default) if default else "", option.meaning


def providers(root: Path) -> Iterator[Row]:
    """Who is metered, and how much of them is priced."""
    yield "provider", "name", "hosts", "models", "dialects"
    for provider in sorted(load(root / "pricing.yaml").providers.values(), key=lambda p: p.id):
        dialects = sorted({rule.route.dialect for rule in provider.routes if rule.route.dialect})
        models = len(provider.prices.models)
        yield code(provider.id), provider.name, codes(provider.hosts), str(models or ""), codes(dialects)


def policies(_root: Path) -> Iterator[Row]:
    """What a policy file may hold, as its models describe themselves."""
    yield "key", "default", "meaning"
    yield from described(PolicyFile)


def metrics(_root: Path) -> Iterator[Row]:
    """What `/metrics` tells."""
    yield "metric", "type", "meaning"
    for name, kind, meaning in catalogue():
        yield code(name), kind, meaning.removesuffix(".")


def described(model: type[BaseModel], under: str = "") -> Iterator[Row]:
    """The keys of a mapping, and of the mappings below them."""
    meanings = _meanings(model)
    for name, field in model.model_fields.items():
        key = f"{under}{field.alias or name}"
        yield code(key), _default(field), meanings[name].removesuffix(".")
        for inner in _models(field.annotation):
            # A list of mappings, names with mappings under them, or one mapping.
            origin = get_origin(field.annotation)
            step = "[]." if origin is list else ".NAME." if origin is dict else "."
            yield from described(inner, f"{key}{step}")


def _meanings(model: type[BaseModel]) -> dict[str, str]:
    """The lines `key: meaning` of a docstring, each of which may go on in the next lines."""
    found: dict[str, str] = {}
    for line in inspect.cleandoc(model.__doc__ or "").splitlines()[1:]:
        key, colon, meaning = line.partition(": ")
        if colon and key in model.model_fields:
            found[key] = meaning
        elif found and line:
            found[next(reversed(found))] += f" {line}"
    if missing := [name for name in model.model_fields if name not in found]:
        raise DocsError(f"the docstring of {model.__name__} has no line `{missing[0]}: ...`; add one")
    return found


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "(required)"
    value = field.default
    if isinstance(value, bool):
        return code(str(value).lower())
    if isinstance(value, list):
        return code(f"[{', '.join(map(str, value))}]") if value else ""
    return code(str(value)) if value not in (None, {}) and not isinstance(value, BaseModel) else ""


def _models(kind: object) -> Iterator[type[BaseModel]]:
    """The mappings that a type speaks of."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for part in get_args(kind):
        yield from _models(part)


def reports(root: Path) -> Iterator[Row]:
    """What lies in scripts/ and what each is for."""
    yield "file", "what it does"
    for path in sorted((root / "scripts").glob("*.py")):
        yield code(f"scripts/{path.name}"), (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n")[0]
    for path in sorted((root / "scripts").glob("*.sql")):
        yield code(f"scripts/{path.name}"), path.read_text().partition("\n")[0].removeprefix("--").strip()


def targets(root: Path) -> Iterator[Row]:
    """What make can do."""
    yield "command", "what it does"
    for name, meaning in _TARGET.findall((root / "Makefile").read_text()):
        yield code(f"make {name}"), meaning


TABLES: dict[str, Table] = {
    table.__name__: table for table in (columns, units, options, providers, policies, metrics, reports, targets)
}


def code(text: str) -> str:
    """Text in the type of code."""
    return f"`{text}`"


def codes(texts: Iterable[str]) -> str:
    """Several of them in one cell."""
    return ", ".join(code(text) for text in texts)


def markdown(rows: Iterable[Row]) -> str:
    """Rows as a Markdown table; the first one is the head."""
    head, *body = [[cell.replace("|", r"\|") for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def fill(text: str, root: Path) -> str:
    """The README with every marked table written anew."""
    if text.count("<!-- table: ") != len(_BLOCK.findall(text)):
        raise DocsError("README.md: a `<!-- table: name -->` has no `<!-- end -->` after it; add one")
    return _BLOCK.sub(lambda found: f"{found[1]}{_table(found[2], root)}{found[4]}", text)


def _table(name: str, root: Path) -> str:
    if name not in TABLES:
        raise DocsError(f"README.md: there is no table {name}; write one of {', '.join(TABLES)}")
    return markdown(TABLES[name](root))


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Write the README, or with --check say what is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail where a table is not up to date")
    check = parser.parse_args(arguments).check
    readme = root / "README.md"
    before = readme.read_text()
    try:
        after = fill(before, root)
    except DocsError as problem:
        print(problem, file=sys.stderr)
        return 1
    if after == before:
        return 0
    if check:
        print(
            "README.md: its tables are not what the code says; run `make docs` and commit the result", file=sys.stderr
        )
        return 1
    readme.write_text(after)
    print("README.md: tables written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
