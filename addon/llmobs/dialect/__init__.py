"""How an API reports usage, as data: the types of the tables in `dialects/` and the one walker that reads them.

It does not know any vendor, any price, nor how messages were framed.
"""

from llmobs.dialect.path import Json, figure, first_number, keys, number, steps, visit
from llmobs.dialect.quantity import Asked, Bill, Count, Fee, Measure, Tool, Variant
from llmobs.dialect.reading import Reading, fold, read
from llmobs.dialect.spread import NEVER, Job, Proto, Results, Turns
from llmobs.dialect.table import Dialect

__all__ = [
    "NEVER",
    "Asked",
    "Bill",
    "Count",
    "Dialect",
    "Fee",
    "Job",
    "Json",
    "Measure",
    "Proto",
    "Reading",
    "Results",
    "Tool",
    "Turns",
    "Variant",
    "figure",
    "first_number",
    "fold",
    "keys",
    "number",
    "read",
    "steps",
    "visit",
]
