"""What can be wrong with a place, told so that a user knows what to do; it asks no place itself."""

from collections.abc import Iterator
from contextlib import contextmanager


class PlaceError(Exception):
    """The place can't be used now; the text says why and what to do."""


class NoPlaceError(PlaceError):
    """There is no such place."""


# What botocore's exceptions are called -> what to do; its types are many, and not there without it.
_ADVICE = {
    "NoCredentialsError": "there are no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY",
    "PartialCredentialsError": "the AWS credentials are not complete: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "ProfileNotFound": "there is no such AWS_PROFILE",
    "EndpointConnectionError": "the server does not answer: see to AWS_ENDPOINT_URL and the network",
    "ConnectTimeoutError": "the server does not answer: see to AWS_ENDPOINT_URL and the network",
    "ClientConnectorError": "the server does not answer: see to AWS_ENDPOINT_URL and the network",
}


@contextmanager
def explained(what: str, bucket: str) -> Iterator[None]:
    """Turn what a client of S3 raises inside into a PlaceError about `what`."""
    try:
        yield
    except PlaceError:
        raise
    except FileNotFoundError as error:
        raise NoPlaceError(f"{what} can't be found: make the bucket {bucket}, or name another ({error})") from error
    except PermissionError as error:
        raise PlaceError(f"{what} is not allowed to these AWS credentials ({error})") from error
    except Exception as error:
        name = type(error).__name__
        raise PlaceError(f"{what} can't be used: {_ADVICE.get(name, f'{name}: {error}')}") from error
