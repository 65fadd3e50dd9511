"""Reasons and advice for object store errors, without secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping

NO_SUCH_BUCKET = re.compile(r"NoSuchBucket|ContainerNotFound|(bucket|container) does not exist", re.IGNORECASE)
RATE_LIMITED = re.compile(r"status code: 429")

_PREFIXES = {"s3": "AWS", "gs": "GOOGLE", "az": "AZURE"}
"""The prefix of a store's environment variables, by URL scheme."""
_REQUEST_VARIABLES = {
    "s3": ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "REGION", "DEFAULT_REGION", "ENDPOINT_URL"),
    "gs": ("BASE_URL", "BEARER_TOKEN"),
    "az": ("STORAGE_ACCOUNT_NAME", "STORAGE_ACCOUNT_KEY", "STORAGE_SAS_TOKEN", "STORAGE_TOKEN", "STORAGE_ENDPOINT"),
}
"""The variables that the library puts unchecked into the URL, headers or signature of a request."""

_ENDPOINTS = {
    "s3": (("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"), "https://s3.amazonaws.com"),
    "gs": (("GOOGLE_BASE_URL",), "https://storage.googleapis.com"),
    "az": (("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"), "https://blob.core.windows.net"),
}
"""The variables that may name the endpoint of a store, by URL scheme, and its usual one."""

# Pattern in the error → advice; the first match counts. Without credentials in the environment, the library requests
# the machine's role from 169.254.169.254, an address that answers only on cloud machines.
_ADVICE_BY_PATTERN = (
    (NO_SUCH_BUCKET, "create the {bucket}, or correct state in galleryctl.yaml"),
    (
        re.compile(r"169\.254\.169\.254|metadata\.google\.internal"),
        "set the store's credentials in the environment: see 'Share state' in the documentation",
    ),
    (
        re.compile("builder error"),
        "set {prefix}_ALLOW_HTTP=true in the environment to allow an endpoint without TLS",
    ),
    (
        re.compile("InvalidUri|InvalidHeaderValue"),
        "correct the store's environment variables: see 'Share state' in the documentation",
    ),
    (
        re.compile(
            "status code: 401|token request|AuthenticationFailed|failed to authenticate|InvalidAuthenticationInfo"
            "|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|RequestTimeTooSkewed"
        ),
        "correct the credentials in the environment, which the store rejected, or this machine's clock",
    ),
    (
        re.compile("status code: 403"),
        "grant the credentials in the environment permission to read, write, list and delete objects there",
    ),
    (
        re.compile("configured region|PermanentRedirect|AuthorizationHeaderMalformed"),
        "set AWS_REGION in the environment to the bucket's region",
    ),
    (
        re.compile("status code: 501|not yet implemented"),
        "use a store with conditional writes and check AWS_CONDITIONAL_PUT: see 'Share state' in the documentation",
    ),
)
_DEFAULT_ADVICE = "check that the store can be reached, and run the same command again; nothing that was saved is lost"


def redacted_reason(message: str) -> str:
    """Return the library's error without URLs, values and bodies, which may contain signatures and keys."""
    status = re.search(r"status code: (\d+(?: [A-Z][A-Za-z ]+)?)", message)
    code = re.search(r"<Code>(\w+)</Code>", message)
    if status:
        return f"{status[1]} ({code[1]})" if code else status[1]
    line = message.partition("\n")[0].rpartition(" - ")[2]
    unquoted = re.sub(r'"(?:[^"\\]|\\.)*"', '"***"', line)
    return re.sub(r"\s*\(?\w+://\S+", "", unquoted)


def advice_for(message: str, scheme: str) -> str:
    """Return what to do about an error of a store with that URL scheme."""
    advice = next((advice for pattern, advice in _ADVICE_BY_PATTERN if pattern.search(message)), _DEFAULT_ADVICE)
    bucket = "container" if scheme == "az" else "bucket"
    return advice.format(bucket=bucket, prefix=_PREFIXES.get(scheme, ""))


def invalid_variable(environment: Mapping[str, str], scheme: str) -> str | None:
    """Return what is wrong with an environment variable of that store, without its value; None if all are valid.

    The library does not report it: it rejects a key with a line break as wrong, and panics at an invalid header or URL.
    """
    for name in (f"{_PREFIXES[scheme]}_{name}" for name in _REQUEST_VARIABLES[scheme]):
        value = environment.get(name, "")
        if not value.isprintable():
            return f"{name} in the environment contains a line break or another control character"
        if value and name.endswith(("_ENDPOINT", "_URL")) and not re.match(r"https?://\w", value):
            return f"{name} in the environment does not begin with https:// or http://"
    return None


def endpoint_url(environment: Mapping[str, str], scheme: str) -> str:
    """Return the URL at which that store is reached; without the host's first labels, which depend on the bucket."""
    names, usual = _ENDPOINTS[scheme]
    return next((environment[name] for name in names if environment.get(name)), usual)
