"""A token audit as tables and sentences; it neither asks nor counts."""

from collections.abc import Mapping, Sequence
from typing import Any

from llmobs.render import Cell, Column, Section, bar, count, percent, plural, usd
from scripts.console.asking import Rows
from scripts.console.cells import left_out, name, names
from scripts.prompts_parts.audit import Audit
from scripts.prompts_parts.captured import KEPT_MINUTES, LEAST_TOKENS, PARTS, Captured, Prompt

_BAR, _BEGINS = 24, 60
_NAMED = (Column("provider", figures=False, spare=True), Column("model", figures=False, cut=16))


def lengths(rows: Rows, by: Sequence[str]) -> Section:
    """Where the tokens go."""
    heads = ("calls", "input p50", "p95", "cached", "output p50", "p95", "longest", "cost")
    columns = [
        *names(by),
        *(Column(head, spare=head in ("p95", "longest")) for head in heads),
    ]
    cells = [[*(name(row[column]) for column in by), *_lengths(row)] for row in rows]
    return Section("Prompts and answers", columns, cells, note=_more(rows))


def _more(rows: Rows) -> str:
    return left_out(rows[0]["all_rows"], len(rows)) if rows else ""


def _noted(*notes: str) -> str:
    return "; ".join(filter(None, notes))


def _lengths(row: Mapping[str, Any]) -> list[str]:
    more = row["unknown_calls"] > 0 or row["partial_calls"] > 0
    return [
        count(row["calls"]),
        *(count(row[name]) for name in ("input_p50", "input_p95")),
        percent((row["cached_input_tokens"] or 0) / row["input_tokens"]),
        *(count(row[name]) for name in ("output_p50", "output_p95", "output_max")),
        usd(row["cost_usd"], more=more, roughly=row["estimated_calls"] > 0),
    ]


def growth(rows: Rows) -> Section:
    """How much of what conversations send was sent before, and what a cache would save of that."""
    heads = ("talks", "calls each", "first", "longest", "sent again", "uncached", "cache saves")
    columns = [*_NAMED, *(Column(head, spare=head in ("calls each", "first", "uncached")) for head in heads)]
    note = (
        "input tokens of calls of one run or trace; at most so much was sent before and came from no cache. "
        "What a cache saves is at today's prices, without what writing into it costs"
    )
    return Section("Conversations that grow", columns, [_growth(row) for row in rows], note=_noted(_more(rows), note))


def _growth(row: Mapping[str, Any]) -> list[str]:
    saved = row["cache_saves_usd"]
    return [
        *_who(row),
        count(row["conversations"]),
        f"{row['calls'] / row['conversations']:.1f}",
        *(count(round(row[name])) for name in ("first_tokens", "longest_tokens")),
        percent(row["repeated_tokens"] / row["input_tokens"]),
        count(row["uncached_tokens"]),
        usd(saved, roughly=bool(saved)),
    ]


def _who(row: Mapping[str, Any]) -> list[str]:
    return [row["provider"] or "-", row["model"] or "-"]


def repeats(rows: Rows) -> Section:
    """What was asked again word for word."""
    calls = rows[0]["all_again_calls"] if rows else 0
    cells = [
        [*_who(row), *(count(row[name]) for name in ("requests", "again_calls", "most_calls")), _again(row)]
        for row in rows
    ]
    columns = [*_NAMED, *(Column(head) for head in ("requests", "again", "most", "cost of those"))]
    note = "llmobserve can answer them from a cache: `cache` in the policy file" if rows else "no request came twice"
    return Section(
        f"Equal requests: {plural(calls, 'call')} that asked again", columns, cells, note=_noted(_more(rows), note)
    )


def _again(row: Mapping[str, Any]) -> str:
    return usd(row["again_usd"], more=row["unknown_calls"] > 0)


def parts(found: Captured) -> Section:
    """What the captured requests are made of."""
    total = sum(found.tokens.values())
    rows: list[list[str | Cell]] = [
        [part, count(found.tokens[part]), percent(share), Cell(bar(share, _BAR), "accent")]
        for part in PARTS
        if (share := found.tokens[part] / total if total else 0.0)
    ]
    columns = [
        Column("part", figures=False),
        Column("tokens"),
        Column("share"),
        Column("", figures=False, picture=True),
    ]
    return Section(f"What requests are made of: {_looked_at(found)}", columns, rows, note=_limits(found))


def _looked_at(found: Captured) -> str:
    whole = f"{found.calls:,} captured calls"
    return whole if found.calls >= found.of else f"{found.calls:,} of {found.of:,} captured calls"


def _limits(found: Captured) -> str:
    if not found.limited:
        return "no request limits the length of its answer"
    share = percent(found.cut / found.limited)
    answers = f"{found.cut:,} of {found.limited:,} answers ({share})"
    return f"{answers} are as long as their request allows: cut off, most likely"


def tools(found: Captured, top: int) -> Section:
    """Which tools fill the requests."""
    total = sum(found.tokens.values())
    rows = [[name, *_tool(found, name, total)] for name, _ in found.tools.most_common(top)]
    heads = ("results", "tokens", "each", "of all input")
    columns = [Column("tool", figures=False, cut=16), *map(Column, heads)]
    note = _noted(left_out(len(found.tools), len(rows)), "a result counts each time it is sent again")
    return Section("Results of tools", columns, rows, note=note)


def _tool(found: Captured, name: str, total: int) -> list[str]:
    results, tokens = found.tool_calls[name], found.tools[name]
    return [count(results), count(tokens), count(round(tokens / results)), percent(tokens / total if total else None)]


def prompts(found: Audit) -> Section:
    """System prompts that come again and again."""
    heads = ("calls", "tokens", "cached", "cost", "caching saves")
    names = (Column("hash", figures=False), Column("model", figures=False, cut=16))
    columns = [*names, *map(Column, heads), Column("begins", figures=False, spare=True)]
    note = (
        f"system prompt and tools in {_looked_at(found.captured)}, at today's prices; with a cache they are written "
        f"once in {KEPT_MINUTES} minutes and read by the other calls. Below {LEAST_TOKENS:,} tokens no provider caches"
    )
    more = left_out(found.all_prompts, len(found.prompts))
    return Section("Repeated prompts", columns, [_prompt(prompt) for prompt in found.prompts], note=_noted(more, note))


def _prompt(prompt: Prompt) -> list[str | Cell]:
    whole = prompt.tokens * prompt.calls
    saving = prompt.saving_usd
    short = prompt.tokens < LEAST_TOKENS
    return [
        prompt.digest,
        prompt.model,
        count(prompt.calls),
        count(prompt.tokens),
        percent(prompt.cached_tokens / whole if whole else None),
        usd(prompt.paid_usd, roughly=True),
        Cell("too short", "quiet") if short else Cell(usd(saving, roughly=bool(saving)), "good" if saving else ""),
        Cell(prompt.begins[:_BEGINS], "quiet"),
    ]


def without_content() -> str:
    """What can't be said where nothing was captured, and how to change that."""
    return (
        "No request of these was kept, so that system prompts, tools and their results can't be told apart. `capture` "
        "in the policy file keeps them, all or a sample, without keys and on request without personal data."
    )
