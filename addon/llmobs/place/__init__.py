"""Where files are kept that several machines read: a folder or an S3 bucket; it does not know what is in them."""

import re
from pathlib import Path

from llmobs.place.bucket import Bucket
from llmobs.place.folder import Folder
from llmobs.place.trouble import NoPlaceError, PlaceError

__all__ = ["Bucket", "Folder", "NoPlaceError", "Place", "PlaceError", "is_url", "place_of"]

type Place = Folder | Bucket

_URL = re.compile(r"[a-z][a-z0-9+.-]*:/")


def is_url(text: str) -> bool:
    """Whether it names something else than a path of this machine."""
    return _URL.match(text) is not None


def place_of(text: str) -> Place:
    """The place that a user names; raises PlaceError where there is no such kind. Nothing is asked of it yet."""
    if not is_url(text):
        return Folder(Path(text).expanduser().absolute())
    kind, _, rest = text.partition("://")
    bucket, _, prefix = rest.partition("/")
    if kind != "s3" or not bucket:
        raise NoPlaceError(f"{text} is no place for files: write a folder, or s3://BUCKET/PREFIX")
    return Bucket(bucket, prefix.strip("/"))
