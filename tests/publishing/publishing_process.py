"""Stores rows and publishes them until it is killed."""

import logging
import sys
from itertools import count
from pathlib import Path

from llmobs import store
from llmobs.event import to_row
from llmobs.place import Folder
from llmobs.publishing import Publisher
from tests.writer.calls import ended

if __name__ == "__main__":
    database, place, name = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    publisher = Publisher(database, Folder(place), logging.getLogger())
    for number in count():
        with store.writing(database, 30.0) as db:
            db.load([to_row(ended(f"{name}-{number}-{item}", number)) for item in range(20)], {})
        print("stored", flush=True)
        publisher.turn()
