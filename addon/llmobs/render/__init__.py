"""Tables, pictures and figures on a terminal or into a pipe; they do not know where they come from or what they mean.

Whatever is printed is cleaned of control characters, as names come from traffic.
"""

from llmobs.render.bars import bar, histogram, span, sparkline
from llmobs.render.figures import count, duration, percent, plural, usd
from llmobs.render.live import Live, Part
from llmobs.render.plain import plain
from llmobs.render.progress import progress
from llmobs.render.screen import PIPE_WIDTH, Screen
from llmobs.render.section import Cell, Column, Mark, Section, text_of
from llmobs.render.tree import Node, branches

__all__ = [
    "PIPE_WIDTH",
    "Cell",
    "Column",
    "Live",
    "Mark",
    "Node",
    "Part",
    "Screen",
    "Section",
    "bar",
    "branches",
    "count",
    "duration",
    "histogram",
    "percent",
    "plain",
    "plural",
    "progress",
    "span",
    "sparkline",
    "text_of",
    "usd",
]
