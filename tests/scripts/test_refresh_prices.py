"""The refresh of pricing.yaml: what it adds, what it never touches, and what it says."""

import json
import re
import sys
from datetime import date
from pathlib import Path

import pytest

from llmobs.pricing import load
from scripts.refresh_prices import main
from tests.scripts.price_wheels import genai_wheel, litellm_wheel, model, provider, row

HEAD = "# kept\nupdated: 2026-01-01\nproviders:\n"
OPENAI = """\
  openai:
    hosts: [api.openai.com]
    routes:
      - {path: "**/chat/completions", dialect: openai_chat}
"""
LIST_PRICE = "input_mtok=Decimal('2'), output_mtok=Decimal('8')"
CHEAPER = "input_mtok=Decimal('1'), output_mtok=Decimal('8')"


def variant(when: str, prices: str, since: str = "") -> str:
    """A tier or batch price of genai-prices."""
    constraint = f"StartDateConstraint(start_date=datetime.date({since}))" if since else "None"
    return f"PriceVariant(when={when}, prices=ModelPrice({prices}), constraint={constraint})"


def block(name: str, models: str = "", aliases: str = "") -> str:
    """A provider of a price file without anything but names and prices."""
    named = f"    aliases:\n{aliases}" if aliases else ""
    return f"  {name}:\n    hosts: [{name}.example]\n{named}" + (
        f"    models:\n{models}" if models else "    models: {}\n"
    )


class Desk:
    """A price file with a folder of wheels beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "pricing.yaml"
        self.pins = folder / "versions.json"

    def write(self, *blocks: str) -> None:
        """Start with these providers."""
        self.file.write_text(HEAD + "".join(blocks))

    def sources(self, providers: str = "", /, **rows: object) -> None:
        """Let the packages say this."""
        genai_wheel(self.folder, providers)
        litellm_wheel(self.folder, rows)

    def refresh(self, day: str = "2026-11-20") -> str:
        """Refresh the file; its text is the result."""
        assert (
            main(["--file", str(self.file), "--pins", str(self.pins), "--sources", str(self.folder), "--date", day])
            == 0
        )
        load(self.file)
        return self.file.read_text()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A price file with the provider openai and no models."""
    found = Desk(tmp_path)
    found.write(block("openai"))
    return found


def rules(text: str, name: str) -> list[str]:
    """The rules of a model as they stand in the file."""
    found = re.search(rf"^      {re.escape(name)}:\n((?:        - .*\n)*)", text, re.MULTILINE)
    assert found is not None
    return [line.removeprefix("        - ") for line in found[1].splitlines()]


class TestWhatIsAdded:
    def test_models_of_both_sources(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """Each source's models are added under its name, sorted, with the date of the data."""
        desk.sources(provider("openai", model("b", LIST_PRICE)), a=row("openai", 1e-06, 4e-06))

        text = desk.refresh()

        assert text.startswith("# kept\nupdated: 2026-11-20\n")
        assert rules(text, "a") == ["{source: litellm, input: 1, output: 4}"]
        assert rules(text, "b") == ["{source: genai-prices, input: 2, output: 8}"]
        assert text.index(" a:") < text.index(" b:")
        out = capsys.readouterr().out
        assert "added: 2\n  openai/a: input 1, output 4\n" in out
        assert "pricing.yaml: 2 models of 1 providers, from genai-prices 0.1.0, litellm 1.0.0" in out

    def test_second_source_fills_what_the_first_lacks(self, desk: Desk) -> None:
        """litellm adds tiers and batch where both agree on the list price."""
        more = {
            "cache_read_input_token_cost": 2e-07,
            "input_cost_per_token_priority": 4e-06,
            "output_cost_per_token_priority": 1.6e-05,
            "cache_read_input_token_cost_priority": 4e-07,
            "input_cost_per_token_batches": 1.5e-06,
            "input_cost_per_token_above_200k_tokens": 3e-06,
        }
        desk.sources(provider("openai", model("m", LIST_PRICE)), m=row("openai", 2e-06, 8e-06, **more))

        assert rules(desk.refresh(), "m") == [
            "{source: genai-prices, input: 2, output: 8}",
            "{source: litellm, cached_input: 0.2}",
            "{source: litellm, above: 200000, input: 3, cached_input: 0.3, output: 8}",
            "{source: litellm, tier: priority, input: 4, cached_input: 0.4, output: 16}",
            "{source: litellm, above: 200000, tier: priority, input: 3, cached_input: 0.3, output: 8}",
            "{source: litellm, batch: true, multiply: 0.75}",
        ]

    def test_second_source_is_not_mixed_into_another_price(self, desk: Desk) -> None:
        """Where the two disagree on input or output, nothing of litellm's row is taken."""
        desk.sources(
            provider("openai", model("m", LIST_PRICE)),
            m=row("openai", 9e-06, 8e-06, cache_read_input_token_cost=1e-06),
        )

        assert rules(desk.refresh(), "m") == ["{source: genai-prices, input: 2, output: 8}"]

    def test_one_factor_stands_for_a_uniform_discount(self, desk: Desk) -> None:
        """A batch price that is half of every token rate, also above a threshold, is one factor."""
        tiers = "TieredPrices(base=Decimal('{}'), tiers=[Tier(start=200000, price=Decimal('{}'))])"
        prices = f"input_mtok={tiers.format(2, 4)}, output_mtok={tiers.format(8, 12)}"
        half = f"input_mtok={tiers.format(1, 2)}, output_mtok={tiers.format(4, 6)}"
        variant = f"[PriceVariant(when={{'processing': 'batch'}}, prices=ModelPrice({half}))]"
        desk.sources(provider("openai", model("m", prices, variants=variant)))

        assert rules(desk.refresh(), "m") == [
            "{source: genai-prices, input: 2, output: 8}",
            "{source: genai-prices, above: 200000, input: 4, output: 12}",
            "{source: genai-prices, batch: true, multiply: 0.5}",
        ]

    def test_dated_prices_become_dated_rules(self, desk: Desk) -> None:
        """Past and coming prices keep their dates, and a tier belongs to the price it was read beside."""
        prices = (
            f"[ConditionalPrice(prices=ModelPrice({LIST_PRICE})), ConditionalPrice(constraint=StartDateConstraint("
            f"start_date=datetime.date(2026, 3, 1)), prices=ModelPrice({CHEAPER}))]"
        )
        flex = variant("{'service_tier': 'flex'}", "input_mtok=Decimal('0.6')", "2026, 10, 12")
        default = variant("{'service_tier': 'default'}", "")
        elsewhere = variant("{'route': 'eu'}", "input_mtok=Decimal('3')")
        batch = variant("{'processing': 'batch'}", CHEAPER, "2026, 1, 1")
        later = variant("{'processing': 'batch'}", LIST_PRICE, "2026, 2, 1")
        variants = f"[{flex}, {default}, {elsewhere}, {batch}, {later}]"
        desk.sources(provider("openai", model("m", prices, variants=variants)))

        assert rules(desk.refresh(), "m") == [
            "{source: genai-prices, input: 2, output: 8}",
            "{source: genai-prices, batch: true, input: 1, output: 8}",
            "{from: 2026-03-01, source: genai-prices, input: 1, output: 8}",
            "{from: 2026-03-01, source: genai-prices, tier: flex, multiply: 0.6}",
            "{from: 2026-03-01, source: genai-prices, batch: true, input: 2, output: 8}",
        ]

    def test_hours_of_the_day(self, desk: Desk) -> None:
        """A price of some hours is a rule with those hours beside the list price."""
        prices = (
            f"[ConditionalPrice(prices=ModelPrice({LIST_PRICE})), ConditionalPrice(constraint=TimeOfDateConstraint("
            "start_time=datetime.time(1, 0, tzinfo=datetime.timezone.utc), "
            f"end_time=datetime.time(4, 30, tzinfo=datetime.timezone.utc)), prices=ModelPrice({CHEAPER}))]"
        )
        desk.sources(provider("openai", model("m", prices)))

        assert rules(desk.refresh(), "m")[1] == '{source: genai-prices, hours: "01:00-04:30", input: 1, output: 8}'

    def test_hours_that_hold_on_some_days(self, desk: Desk) -> None:
        """DeepSeek's hours are those of working days, which its price data has no word for."""
        prices = (
            f"[ConditionalPrice(prices=ModelPrice({LIST_PRICE})), ConditionalPrice(constraint=TimeOfDateConstraint("
            "start_time=datetime.time(1, 0, tzinfo=datetime.timezone.utc), "
            f"end_time=datetime.time(4, 0, tzinfo=datetime.timezone.utc)), prices=ModelPrice({CHEAPER}))]"
        )
        desk.write(block("deepseek"))
        desk.sources(provider("deepseek", model("m", prices)))
        peak = '{source: genai-prices, hours: "01:00-04:00", days: "mon-fri", input: 1, output: 8}'

        assert rules(desk.refresh(), "m") == ["{source: genai-prices, input: 2, output: 8}", peak]
        assert rules(desk.refresh(), "m")[1:] == [peak]

    def test_search_fee_for_a_prompt(self, desk: Desk) -> None:
        """Google's larger search fee is due once for a prompt, the smaller one for each query."""
        desk.write(block("gcp.gemini"))
        old, new = (f"{LIST_PRICE}, web_searches_kcount=Decimal('{fee}')" for fee in (35, 14))
        desk.sources(provider("google", model("old", old), model("new", new)))
        text = desk.refresh()

        assert rules(text, "old") == ["{source: genai-prices, input: 2, output: 8, grounded_prompt: 35}"]
        assert rules(text, "new") == ["{source: genai-prices, input: 2, output: 8, web_search: 14}"]

    def test_hand_made_variants_and_regions(self, desk: Desk) -> None:
        """Rules for a variant or a region stay where they are, and go along with a new price."""
        mine = [
            '{source: hand, region: "us", multiply: 1.1}',
            '{source: hand, variant: "high", request: 12}',
        ]
        kept = "".join(f"        - {rule}\n" for rule in ("{source: litellm, input: 2, output: 8}", *mine))
        desk.write(block("openai", f"      m:\n{kept}"))
        desk.sources(m=row("openai", 2e-06, 8e-06))

        assert sorted(rules(desk.refresh(), "m")[1:]) == sorted(mine)
        desk.sources(m=row("openai", 1e-06, 8e-06))
        later = rules(desk.refresh("2026-12-01"), "m")[3:]
        assert sorted(later) == sorted(
            ["{from: 2026-12-01, source: litellm, input: 1, output: 8}"]
            + [rule.replace("{", "{from: 2026-12-01, ") for rule in mine]
        )

    def test_off_peak_hours_are_the_list_price(self, desk: Desk) -> None:
        """litellm's cheap hours are taken as the list price."""
        desk.sources(m=row("openai", 2e-06, 8e-06, off_peak_pricing={"input_cost_per_token": 1e-06, "windows": []}))

        assert rules(desk.refresh(), "m") == ["{source: litellm, input: 1, output: 8}"]

    def test_other_names_become_aliases(self, desk: Desk) -> None:
        """Names that a source spells out lead to the model; those the look-up finds by itself are left out."""
        names = (
            "ClauseEquals(equals='other'), ClauseEquals(equals='m-2025-01-02'), ClauseStartsWith(starts_with='m.'), "
            "ClauseStartsWith(starts_with='start'), ClauseRegex(regex='^x[0-9]$'), "
            "ClauseAnd(and_=[ClauseEndsWith(ends_with='tail'), ClauseContains(contains='s-t')])"
        )
        desk.sources(
            provider("openai", model("m", LIST_PRICE, match=f"ClauseOr(or_=[{names}])")),
            **{
                "as-tail": row("openai", 2e-06, 8e-06),
                "x1": row("openai", 2e-06, 8e-06),
                "y": row("openai", 1e-06, 1e-06),
            },
        )

        text = desk.refresh()

        assert "    aliases:\n      as-tail: m\n      other: m\n      start: m\n      x1: m\n    models:\n" in text
        assert rules(text, "y") == ["{source: litellm, input: 1, output: 1}"]

    def test_snapshot_with_a_price_of_its_own(self, desk: Desk) -> None:
        """A dated snapshot is a model where its price differs, and left out where it does not."""
        desk.sources(
            **{
                "m": row("openai", 2e-06, 8e-06),
                "m-2025-01-02": row("openai", 2e-06, 8e-06),
                "m-2024-05-13": row("openai", 5e-06, 1.5e-05),
                "n-2024-05-13": row("openai", 5e-06, 1.5e-05),
            }
        )

        text = desk.refresh()

        assert "m-2025-01-02" not in text
        assert rules(text, "m-2024-05-13") == rules(text, "n-2024-05-13")

    def test_names_that_yaml_would_read_otherwise(self, desk: Desk) -> None:
        """Such names are quoted."""
        desk.sources(**{"a:b": row("openai", 2e-06, 8e-06), "1.0": row("openai", 2e-06, 8e-06)})

        text = desk.refresh()

        assert '      "1.0":\n' in text
        assert '      "a:b":\n' in text

    def test_fees_and_other_units(self, desk: Desk) -> None:
        """Searches, sessions, pages, seconds, images and characters come with the kind of model they belong to."""
        sizes = {f"search_context_size_{size}": 0.01 for size in ("low", "medium", "high")}
        desk.sources(
            provider("openai", model("hours", "audio_hours=Decimal('0.36'), output_citation_mtok=Decimal('2')")),
            **{
                "openai/container": {
                    "litellm_provider": "openai",
                    "mode": "chat",
                    "code_interpreter_cost_per_session": 0.03,
                },
                "searcher": row("openai", 2e-06, 8e-06, search_context_cost_per_query=sizes),
                "uneven": row("openai", 2e-06, 8e-06, search_context_cost_per_query={**sizes, "x": 0.02}),
                "painter": {"litellm_provider": "openai", "mode": "image_generation", "output_cost_per_image": 0.04},
                "1024-x-1024/painter": {
                    "litellm_provider": "openai",
                    "mode": "image_generation",
                    "output_cost_per_image": 1,
                },
                "embedder": {**row("openai", 1e-07, 0.0), "mode": "embedding"},
                "tiny": {**row("openai", 1e-10, 1e-10), "mode": "image_generation"},
                "ranges": {
                    "litellm_provider": "openai",
                    "tiered_pricing": [
                        {"range": [0, 32000.0], "input_cost_per_token": 1e-06, "note": "x"},
                        {"range": [32000.0, 64000.0], "input_cost_per_token": 2e-06, "output_cost_per_token": "?"},
                    ],
                },
                "unknown": row("openai", 0.0, 0.0),
                "judge": {**row("openai", 1e-06, 1e-06), "mode": "evaluation"},
            },
        )

        text = desk.refresh()

        assert rules(text, "hours") == ["{source: genai-prices, audio_second: 0.0001}"]
        assert rules(text, "searcher") == [
            "{source: litellm, input: 2, output: 8, web_search: 10, code_execution: 30}",
        ]
        assert rules(text, "uneven") == ["{source: litellm, input: 2, output: 8, code_execution: 30}"]
        assert rules(text, "painter") == ["{source: litellm, image: 0.04}"]
        assert rules(text, "embedder") == ["{source: litellm, input: 0.1}"]
        assert rules(text, "ranges") == ["{source: litellm, input: 1}", "{source: litellm, above: 32000, input: 2}"]
        for absent in ("container", "1024", "tiny", "unknown", "judge"):
            assert absent not in text

    def test_free_models(self, desk: Desk) -> None:
        """A price of zero stands only where the name or the catalog says that a model is free."""
        desk.write(block("openai"), block("zai"))
        desk.sources(
            provider("openai", model("a:free", ""), model("b", "")),
            **{"zai/glm-4.7-flash": row("zai", 0.0, 0.0), "zai/other": row("zai", 0.0, 0.0)},
        )

        text = desk.refresh()

        assert rules(text, '"a:free"') == ["{source: genai-prices, input: 0, output: 0}"]
        assert rules(text, "glm-4.7-flash") == ["{source: litellm, input: 0, output: 0}"]
        assert " b:" not in text
        assert "other" not in text

    def test_unit_that_repeats_its_parent_is_left_out(self, desk: Desk) -> None:
        """A reasoning rate equal to the output rate is not listed, so that tiers reach it."""
        desk.sources(
            m=row("openai", 2e-06, 8e-06, output_cost_per_reasoning_token=8e-06, output_cost_per_token_flex=4e-06)
        )

        assert rules(desk.refresh(), "m") == [
            "{source: litellm, input: 2, output: 8}",
            "{source: litellm, tier: flex, multiply: 0.5}",
        ]

    def test_routed_models(self, desk: Desk) -> None:
        """A routed model is listed with each route, and plainly where all routes cost the same."""
        desk.write(block("huggingface"))
        other = model("org/b", CHEAPER)
        alias = "ClauseOr(or_=[ClauseEquals(equals='org/a'), ClauseEquals(equals='org/a-fast')])"
        desk.sources(
            provider("huggingface_groq", model("org/a", LIST_PRICE, match=alias), other)
            + provider("huggingface_together", model("org/a", LIST_PRICE), model("org/b", LIST_PRICE))
        )

        text = desk.refresh()

        assert '      "org/a-fast:groq": "org/a:groq"\n' in text
        assert rules(text, "org/a") == rules(text, '"org/a:groq"') == rules(text, '"org/b:together"')
        assert rules(text, '"org/b:groq"') == ["{source: genai-prices, input: 1, output: 8}"]
        assert " org/b:" not in text

    def test_litellm_first_where_it_has_the_names_of_the_api(self, desk: Desk) -> None:
        """Bedrock's models are those of litellm; genai-prices fills them and adds its own."""
        desk.write(block("aws.bedrock"))
        cached = f"{LIST_PRICE}, cache_read_mtok=Decimal('0.2')"
        named = [model(name, cached) for name in ("maker.m-v1", "maker.other-v1", "regional.maker.m")]
        desk.sources(provider("aws", *named), **{"maker.m-v1": row("bedrock", 2e-06, 8e-06)})

        text = desk.refresh()

        assert rules(text, "maker.m-v1") == [
            "{source: litellm, input: 2, output: 8}",
            "{source: genai-prices, cached_input: 0.2}",
        ]
        assert "maker.other-v1" in text
        assert "regional" not in text

    def test_same_name_in_other_letters_is_one_model(self, desk: Desk) -> None:
        """Names are compared without case."""
        desk.sources(provider("openai", model("M", LIST_PRICE), model("m", CHEAPER)), M=row("openai", 2e-06, 8e-06))

        assert re.findall(r"^      \w:", desk.refresh(), re.MULTILINE) == ["      M:"]

    def test_unlike_units_are_joined(self, desk: Desk) -> None:
        """A price per second and one per token of the same model stand side by side."""
        desk.sources(
            provider("openai", model("ear", "audio_hours=Decimal('0.36')")),
            ear=row("openai", 2e-06, 8e-06),
        )

        assert rules(desk.refresh(), "ear") == [
            "{source: litellm, input: 2, output: 8}",
            "{source: genai-prices, audio_second: 0.0001}",
        ]

    def test_price_of_a_thousand_tokens(self, desk: Desk) -> None:
        """A rate beyond all others is a price per thousand that was given per token; it is left out."""
        desk.sources(m=row("openai", 0.0032, 0.00971))

        assert " m:" not in desk.refresh()


def tiers(base: str, above: str, start: int = 200000) -> str:
    """A rate of genai-prices that changes above a number of tokens."""
    return f"TieredPrices(base=Decimal('{base}'), tiers=[Tier(start={start}, price=Decimal('{above}'))])"


class TestWhatFollows:
    """Rates that no source states and that a provider's documents settle."""

    def test_batch_in_long_context(self, desk: Desk) -> None:
        """A discount that is not the same for all units gets rates of its own above a threshold, share by share."""
        desk.write(block("gcp.gemini"))
        prices = f"input_mtok={tiers('2', '4')}, cache_read_mtok={tiers('0.2', '0.4')}, output_mtok={tiers('8', '12')}"
        batch = variant("{'processing': 'batch'}", "input_mtok=Decimal('1'), output_mtok=Decimal('4')")
        desk.sources(provider("google", model("m", prices, variants=f"[{batch}]")))

        assert rules(desk.refresh(), "m")[2:] == [
            "{source: genai-prices, batch: true, input: 1, cached_input: 0.2, output: 4}",
            "{source: genai-prices, above: 200000, batch: true, input: 2, cached_input: 0.4, output: 6}",
        ]

    def test_cached_tokens_of_a_tier(self, desk: Desk) -> None:
        """A dearer tier of Google makes cached tokens dearer too; only discounts do not add up."""
        desk.write(block("gcp.gemini"))
        cached = f"{LIST_PRICE}, cache_read_mtok=Decimal('0.2'), input_audio_mtok=Decimal('3')"
        dear = variant("{'service_tier': 'priority'}", "input_mtok=Decimal('4'), output_mtok=Decimal('16')")
        desk.sources(provider("google", model("m", cached, variants=f"[{dear}]")))

        assert rules(desk.refresh(), "m")[1:] == ["{source: genai-prices, tier: priority, multiply: 2}"]

    def test_cached_tokens_of_a_batch(self, desk: Desk) -> None:
        """OpenAI's models before GPT-5 have no cache discount in a batch; the later ones have half of it."""
        cached = f"{LIST_PRICE}, cache_read_mtok=Decimal('0.5')"
        batch = variant("{'processing': 'batch'}", "input_mtok=Decimal('1'), output_mtok=Decimal('4')")
        old, new = (model(name, cached, variants=f"[{batch}]") for name in ("gpt-4.1", "gpt-5"))
        desk.sources(provider("openai", old, new))

        text = desk.refresh()

        assert rules(text, "gpt-4.1")[1] == "{source: genai-prices, batch: true, input: 1, cached_input: 1, output: 4}"
        assert rules(text, "gpt-5")[1] == "{source: genai-prices, batch: true, multiply: 0.5}"

    def test_unit_of_a_unit(self, desk: Desk) -> None:
        """A unit whose parent the condition does not name either takes the share of the next one above."""
        prices = f"{LIST_PRICE}, cache_audio_read_mtok=Decimal('1')"
        batch = variant("{'processing': 'batch'}", "input_mtok=Decimal('1'), output_mtok=Decimal('6')")
        desk.sources(provider("openai", model("m", prices, variants=f"[{batch}]")))

        assert rules(desk.refresh(), "m")[1] == (
            "{source: genai-prices, batch: true, input: 1, cached_input_audio: 0.5, output: 6}"
        )

    def test_rate_shown_in_cents(self, desk: Desk) -> None:
        """Half of 0.25 that a page shows as 0.13 is a half all the same; a price of zero stays zero."""
        cached = f"{LIST_PRICE}, cache_read_mtok=Decimal('0.25'), cache_write_mtok=Decimal('0')"
        shown = "input_mtok=Decimal('1'), cache_read_mtok=Decimal('0.13'), cache_write_mtok=Decimal('0')"
        batch = variant("{'processing': 'batch'}", f"{shown}, output_mtok=Decimal('4')")
        desk.sources(provider("openai", model("m", cached, variants=f"[{batch}]")))

        assert rules(desk.refresh(), "m")[1:] == ["{source: genai-prices, batch: true, multiply: 0.5}"]

    def test_one_hour_cache_writes(self, desk: Desk) -> None:
        """Claude models cost twice the input rate, also in long context; other models keep what is listed."""
        desk.write(block("openrouter"))
        writes = f"{LIST_PRICE}, cache_write_mtok=Decimal('2.5')"
        longer = f"input_mtok={tiers('2', '4')}, output_mtok=Decimal('8'), cache_write_mtok={tiers('2.5', '5')}"
        models = model("maker/claude-x", longer), model("maker/claude-y", LIST_PRICE), model("maker/x", writes)
        desk.sources(provider("openrouter", *models))

        text = desk.refresh()

        assert rules(text, "maker/claude-x") == [
            "{source: genai-prices, input: 2, cache_write: 2.5, cache_write_1h: 4, output: 8}",
            "{source: genai-prices, above: 200000, input: 4, cache_write: 5, cache_write_1h: 8, output: 8}",
        ]
        assert rules(text, "maker/claude-y") == ["{source: genai-prices, input: 2, output: 8}"]
        assert rules(text, "maker/x") == ["{source: genai-prices, input: 2, cache_write: 2.5, output: 8}"]

    def test_tier_that_names_fees_only(self, desk: Desk) -> None:
        """A condition without token rates is left as it is."""
        desk.sources(
            provider(
                "openai",
                model(
                    "m",
                    LIST_PRICE,
                    variants="[" + variant("{'service_tier': 'flex'}", "web_searches_kcount=Decimal('5')") + "]",
                ),
            )
        )

        assert rules(desk.refresh(), "m")[1:] == ["{source: genai-prices, tier: flex, web_search: 5}"]

    def test_threshold_that_both_sources_mean(self, desk: Desk) -> None:
        """From 200,000 on and above 200,000 are one threshold, as the first source counts it."""
        prices = f"input_mtok={tiers('2', '4', 199999)}, output_mtok={tiers('8', '16', 199999)}"
        more = {"input_cost_per_token_above_200k_tokens": 4e-06, "input_cost_per_token_above_128k_tokens": 3e-06}
        desk.sources(provider("openai", model("m", prices)), m=row("openai", 2e-06, 8e-06, **more))

        assert rules(desk.refresh(), "m")[1:] == [
            "{source: litellm, above: 128000, input: 3, output: 8}",
            "{source: genai-prices, above: 199999, input: 4, output: 16}",
        ]


class TestWhatIsKept:
    def test_second_refresh_changes_nothing(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """The same sources give the same file."""
        names = "ClauseOr(or_=[ClauseEquals(equals='b'), ClauseEquals(equals='c')])"
        desk.sources(provider("openai", model("b", LIST_PRICE, match=names)), a=row("openai", 1e-06, 4e-06))
        first = desk.refresh()
        capsys.readouterr()

        assert desk.refresh() == first
        assert "added: 0\nchanged: 0\ngone upstream (kept here): 0\n" in capsys.readouterr().out

    def test_hand_made_lines(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """Routes, hosts, aliases, notes and hand-made rules stay as they are; what upstream says of them is printed."""
        mine = "        - {source: hand, input: 3, output: 9}  # https://example.com/prices\n"
        extra = "        - {source: hand, request: 5}\n"
        aliases = '    aliases:\n      "o*": mine\n'
        desk.write(OPENAI + f"{aliases}    models:\n      mine:\n{mine}\n      part:\n{extra}")
        desk.sources(
            provider("openai", model("mine", LIST_PRICE), model("part", f"{LIST_PRICE}, requests_kcount=Decimal('12')"))
        )

        text = desk.refresh()

        assert text.startswith(HEAD.replace("2026-01-01", "2026-11-20") + OPENAI)
        assert aliases in text
        assert mine in text
        assert rules(text, "part") == ["{source: genai-prices, input: 2, output: 8}", "{source: hand, request: 5}"]
        out = capsys.readouterr().out
        assert (
            "made by hand, and upstream says otherwise (kept): 3\n  openai/mine: input 3, genai-prices says 2\n" in out
        )
        assert "  openai/part: request 5, genai-prices says 12\n" in out

    def test_provider_without_a_source(self, desk: Desk) -> None:
        """A provider that no source knows is left alone."""
        mine = block("mine", "      m:\n        - {input: 1}\n")
        desk.write(mine)
        desk.sources()

        assert desk.refresh() == HEAD.replace("2026-01-01", "2026-11-20") + mine

    def test_model_that_is_gone_upstream(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """It is named and kept; a hand-made one is not missed."""
        old = "      mine:\n        - {input: 1}\n      old:\n        - {source: litellm, input: 1}\n"
        desk.write(block("openai", old))
        desk.sources()

        assert rules(desk.refresh(), "old") == ["{source: litellm, input: 1}"]
        assert "gone upstream (kept here): 1\n  openai/old\n" in capsys.readouterr().out


class TestPriceChange:
    def test_without_a_date_starts_today(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """A changed price is appended with the day it was seen, with the hand-made rates of the price before."""
        before = "        - {source: litellm, input: 2, output: 8}\n        - {source: hand, web_search: 7}\n"
        desk.write(block("openai", f"      m:\n{before}        - {{source: hand, tier: flex, multiply: 0.5}}\n"))
        desk.sources(m=row("openai", 1e-06, 8e-06))

        text = desk.refresh()

        assert rules(text, "m") == [
            "{source: litellm, input: 2, output: 8}",
            "{source: hand, web_search: 7}",
            "{source: hand, tier: flex, multiply: 0.5}",
            "{from: 2026-11-20, source: litellm, input: 1, output: 8}",
            "{from: 2026-11-20, source: hand, web_search: 7}",
            "{from: 2026-11-20, source: hand, tier: flex, multiply: 0.5}",
        ]
        assert (
            "changed: 1\n  openai/m from 2026-11-20: input 2 -> 1, input (flex) 1 -> 0.5\n" in capsys.readouterr().out
        )
        assert desk.refresh("2026-11-21") == text.replace("updated: 2026-11-20", "updated: 2026-11-21")

    def test_with_a_date_starts_then(self, desk: Desk) -> None:
        """A change that upstream dates starts on that date, also in the future."""
        desk.write(block("openai", "      m:\n        - {source: genai-prices, input: 2, output: 8}\n"))
        steps = "".join(
            f", ConditionalPrice(constraint=StartDateConstraint(start_date=datetime.date({day})), "
            f"prices=ModelPrice({price}))"
            for day, price in (("2026, 9, 1", CHEAPER), ("2027, 1, 1", LIST_PRICE))
        )
        desk.sources(provider("openai", model("m", f"[ConditionalPrice(prices=ModelPrice({LIST_PRICE})){steps}]")))

        assert rules(desk.refresh(), "m") == [
            "{source: genai-prices, input: 2, output: 8}",
            "{from: 2026-09-01, source: genai-prices, input: 1, output: 8}",
            "{from: 2027-01-01, source: genai-prices, input: 2, output: 8}",
        ]

    def test_new_fee_with_a_date_starts_then(self, desk: Desk) -> None:
        """A fee that upstream dates is an entry of its own beside unchanged rates."""
        desk.write(block("openai", "      m:\n        - {source: genai-prices, input: 2, output: 8}\n"))
        fee = (
            "ConditionalPrice(constraint=StartDateConstraint(start_date=datetime.date(2026, 9, 1)), "
            f"prices=ModelPrice({LIST_PRICE}, web_searches_kcount=Decimal('14')))"
        )
        desk.sources(provider("openai", model("m", f"[ConditionalPrice(prices=ModelPrice({LIST_PRICE})), {fee}]")))

        assert rules(desk.refresh(), "m") == [
            "{source: genai-prices, input: 2, output: 8}",
            "{from: 2026-09-01, source: genai-prices, input: 2, output: 8, web_search: 14}",
        ]

    def test_new_rate_of_a_known_price_is_no_change(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """What a source adds to the price in force joins it, and history is completed from the same dates."""
        known = ("{source: litellm, input: 2, output: 8}", "{from: 2026-05-01, source: litellm, input: 2}")
        desk.write(block("openai", "      m:\n" + "".join(f"        - {rule}\n" for rule in known)))
        desk.sources(m=row("openai", 2e-06, 8e-06, cache_read_input_token_cost=2e-07))

        assert rules(desk.refresh(), "m")[-1] == "{from: 2026-05-01, source: litellm, cached_input: 0.2, output: 8}"
        assert "added: 2\n  openai/m: cached_input 0.2\n" in capsys.readouterr().out


class TestTrouble:
    def test_line_of_another_form(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """A line that could not be written again as it is stops the refresh, with its number."""
        desk.file.write_text(HEAD + "  openai:\n    models:\n      m: [{input: 1}]\n")
        desk.sources()

        assert main(["--file", str(desk.file), "--sources", str(desk.folder)]) == 1
        assert "line 6: 'm: [{input: 1}]' is not of the form of models" in capsys.readouterr().err

    def test_package_without_its_data(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """A wheel in another form is named."""
        genai_wheel(desk.folder, "")
        (desk.folder / "litellm-2.0.0-py3-none-any.whl").write_bytes(b"?")

        assert main(["--file", str(desk.file), "--sources", str(desk.folder)]) == 1
        assert "litellm-2.0.0-py3-none-any.whl has no readable litellm/model" in capsys.readouterr().err

    def test_new_price_key(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """A price key that the reader does not know is not passed over."""
        desk.sources(provider("openai", model("m", "moon_mtok=Decimal('1')")))

        assert main(["--file", str(desk.file), "--sources", str(desk.folder)]) == 1
        assert "a price key 'moon_mtok' that is not known" in capsys.readouterr().err

    def test_data_module_without_providers(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """A data module of another form is named."""
        litellm_wheel(desk.folder, {})
        genai_wheel(desk.folder, "", name="suppliers")

        assert main(["--file", str(desk.file), "--sources", str(desk.folder)]) == 1
        assert "no list called providers" in capsys.readouterr().err

    def test_no_network(self, desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        """Without an index the refresh says in one sentence what to do, and the file stays as it is."""
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
        monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")

        assert main(["--file", str(desk.file)]) == 1
        assert "cannot get genai-prices with pip (ERROR: No matching distribution found" in capsys.readouterr().err
        assert desk.file.read_text() == HEAD + block("openai")

    def test_no_pip(self, desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        """An interpreter that cannot be started is the same trouble."""
        monkeypatch.setattr(sys, "executable", str(desk.folder / "python"))

        assert main(["--file", str(desk.file), "--litellm", "1.0.0"]) == 1
        assert "cannot get genai-prices with pip ([Errno 2]" in capsys.readouterr().err


def test_packages_come_through_pip(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Wheels are fetched by name and version, and the versions are noted."""
    index = tmp_path / "index"
    index.mkdir()
    for version in ("0.1.0", "0.2.0"):
        genai_wheel(index, provider("openai", model(f"v{version}", LIST_PRICE)), version)
    litellm_wheel(index, {}, "3.0.0")
    for name, value in (("PIP_NO_INDEX", "1"), ("PIP_FIND_LINKS", str(index)), ("PIP_CONFIG_FILE", "/dev/null")):
        monkeypatch.setenv(name, value)

    assert main(["--file", str(desk.file), "--pins", str(desk.pins), "--genai-prices", "0.1.0"]) == 0

    assert "v0.1.0" in desk.file.read_text()
    assert json.loads(desk.pins.read_text()) == {"genai-prices": "0.1.0", "litellm": "3.0.0"}


def test_the_price_file_itself_is_in_the_form_that_the_refresh_writes() -> None:
    """Reading and writing pricing.yaml gives the same text."""
    from scripts.price_sources.book import parse, render  # noqa: PLC0415

    text = (Path(__file__).parents[2] / "pricing.yaml").read_text()
    updated = re.search(r"^updated: (.*)$", text, re.MULTILINE)

    assert updated is not None
    assert render(parse(text), date.fromisoformat(updated[1])) == text
