"""What went wrong with an object store: why, as far as it may be told, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Mapping

NO_SUCH_BUCKET = re.compile(r"NoSuchBucket|ContainerNotFound|(bucket|container) does not exist", re.IGNORECASE)
RATE_LIMITED = re.compile(r"status code: 429")

_PREFIXES = {"s3": "AWS", "gs": "GOOGLE", "az": "AZURE"}
"""How the environment variables of a store begin."""
_REQUEST_VARIABLES = {
    "s3": ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "REGION", "DEFAULT_REGION", "ENDPOINT_URL"),
    "gs": ("BASE_URL", "BEARER_TOKEN"),
    "az": (
        "STORAGE_ACCOUNT_NAME",
        "STORAGE_ACCOUNT_KEY",
        "STORAGE_SAS_TOKEN",
        "STORAGE_TOKEN",
        "STORAGE_ENDPOINT",
    ),
}
"""What goes into the address, the headers or the signature of a request as it is."""

# What an error says → what helps, the first that fits. Without credentials in the environment, the library asks the machine
# for its role, at an address that only machines in a cloud have.
_ADVICE_BY_PATTERN = (
    (NO_SUCH_BUCKET, "make the {bucket}, or correct state in galleryctl.yaml"),
    (
        re.compile(r"169\.254\.169\.254|metadata\.google\.internal"),
        "put credentials for the store into the environment: see docs/how-to/share-state.md",
    ),
    (
        re.compile("builder error"),
        "{prefix}_ALLOW_HTTP=true in the environment allows an endpoint without TLS",
    ),
    (
        re.compile("InvalidUri|InvalidHeaderValue"),
        "correct the variables of the store in the environment: see docs/how-to/share-state.md",
    ),
    (
        re.compile(
            "status code: 401|token request|AuthenticationFailed|failed to authenticate|InvalidAuthenticationInfo"
            "|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|RequestTimeTooSkewed"
        ),
        "the credentials in the environment are not accepted: correct them, or the clock of this machine",
    ),
    (
        re.compile("status code: 403"),
        "give the credentials in the environment the right to read, write, list and delete there",
    ),
    (
        re.compile("configured region|PermanentRedirect|AuthorizationHeaderMalformed"),
        "set AWS_REGION in the environment to the region of the bucket",
    ),
    (
        re.compile("status code: 501|not yet implemented"),
        "it needs conditional writes: see docs/how-to/share-state.md; is AWS_CONDITIONAL_PUT set in the environment?",
    ),
)
_DEFAULT_ADVICE = "see whether the store can be reached, and run the same command again; nothing that was saved is lost"


def redacted_reason(message: str) -> str:
    """What an error of the library says without addresses, values and bodies: they may hold signatures and keys."""
    status = re.search(r"status code: (\d+(?: [A-Z][A-Za-z ]+)?)", message)
    code = re.search(r"<Code>(\w+)</Code>", message)
    if status:
        return f"{status[1]} ({code[1]})" if code else status[1]
    line = message.partition("\n")[0].rpartition(" - ")[2]
    unquoted = re.sub(r'"(?:[^"\\]|\\.)*"', '"***"', line)
    return re.sub(r"\s*\(?\w+://\S+", "", unquoted)


def advice_for(message: str, scheme: str) -> str:
    """What helps against an error of the store of that scheme."""
    advice = next((advice for pattern, advice in _ADVICE_BY_PATTERN if pattern.search(message)), _DEFAULT_ADVICE)
    bucket = "container" if scheme == "az" else "bucket"
    return advice.format(bucket=bucket, prefix=_PREFIXES.get(scheme, ""))


def invalid_variable(environment: Mapping[str, str], scheme: str) -> str | None:
    """What is wrong with a variable of that store, by its name and without its value; None when nothing is.

    The library does not say: with a line end in it a key does not match, and at a header or an address it ends.
    """
    for name in (f"{_PREFIXES[scheme]}_{name}" for name in _REQUEST_VARIABLES[scheme]):
        value = environment.get(name, "")
        if not value.isprintable():
            return f"{name} in the environment holds a line end or another control character"
        if value and name.endswith(("_ENDPOINT", "_URL")) and not re.match(r"https?://\w", value):
            return f"{name} in the environment does not begin with https:// or http://"
    return None
