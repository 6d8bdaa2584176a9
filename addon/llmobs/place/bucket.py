"""Objects in a bucket of S3 or a server that speaks it; the only module that uses s3fs, and only where there is one.

Few have a bucket, and the library is large: it is an extra, and imported when a bucket is used.
"""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from llmobs.place.trouble import PlaceError, explained

# DuckDB reads the columns that a query names; what is read ahead of that is thrown away mostly.
READ_AHEAD_BYTES = 256 << 10
# So that whoever waits for a server that went away is told within a minute.
_PATIENCE = {"connect_timeout": 10, "read_timeout": 20, "retries": {"max_attempts": 3}}


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket and a prefix; credentials and AWS_ENDPOINT_URL are found as every AWS program finds them."""

    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"s3://{self._key('')}".rstrip("/")

    def prepare(self) -> Any:
        """Import the library; raises PlaceError where it is not installed."""
        try:
            return import_module("s3fs")
        except ImportError as error:
            raise PlaceError(f"{self} needs a library: pip install 's3fs>=2025.3', or llmobserve[s3]") from error

    @property
    def filesystem(self) -> Any:
        """What DuckDB needs beyond itself to read here; raises PlaceError."""
        library = self.prepare()
        with explained(str(self), self.bucket):
            return library.S3FileSystem(
                default_block_size=READ_AHEAD_BYTES,
                default_cache_type="readahead",
                use_listings_cache=False,
                config_kwargs=_PATIENCE,
            )

    def put(self, name: str, file: Path) -> None:
        """Keep a copy of a file under a name, whole or not at all; again is the same. Raises PlaceError."""
        with explained(self.address(name), self.bucket):
            self.filesystem.put_file(str(file), self._key(name))

    def names(self, under: str) -> list[str]:
        """The Parquet files below a prefix of it, in order; raises PlaceError."""
        with explained(str(self), self.bucket):
            found = self.filesystem.find(self._key(under))
        start = len(self._key(""))
        return sorted(str(key)[start:] for key in found if str(key).endswith(".parquet"))

    def remove(self, name: str) -> None:
        """Remove an object that may be gone already; raises PlaceError."""
        with explained(self.address(name), self.bucket):
            self.filesystem.rm_file(self._key(name))

    def address(self, name: str) -> str:
        """What DuckDB and other engines call an object here."""
        return f"s3://{self._key(name)}"

    def _key(self, name: str) -> str:
        return "/".join((self.bucket, *([self.prefix] if self.prefix else ()), name))
