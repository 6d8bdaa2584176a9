import io
from datetime import date
from pathlib import Path

import msgspec
import pytest

from llmobs.dashboard import maker
from llmobs.dashboard.order import Order, Reply
from llmobs.dashboard.pages import Pages, Source


def test_pages_in_turn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each line is answered with a head and a page; one that breaks is told in the log and costs no other."""
    orders = [Order("/", ""), Order("/nowhere", ""), Order("/", "foo=1"), Order("/", "model=x&customer=")]
    sent = io.BytesIO()
    pages = Pages(Source(str(tmp_path / "none.duckdb"), date(2026, 11, 21)))
    maker.serve(io.BytesIO(b"\n".join(map(msgspec.json.encode, orders))), sent, pages)
    sent.seek(0)
    answers = []
    for line in sent:
        reply = msgspec.json.decode(line, type=Reply)
        answers.append((reply, sent.read(reply.length)))

    assert [reply.status for reply, _ in answers] == [200, 500, 400, 303]
    assert b"start the proxy first" in answers[0][1]
    assert answers[3][0].location == "/?model=x"
    assert "the page '/nowhere' could not be made: KeyError at pages.py" in capsys.readouterr().err
