"""Only deliveries signed with the app's key are accepted: RS256, one instance, in time, unambiguous JSON."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import RSAAlgorithm

from galleryctl.events.rejection import RejectedDeliveryError, RejectionReason
from galleryctl.events.token import MAX_BODY_BYTES, read_public_key, verify_delivery
from galleryctl.model.errors import GalleryctlError
from tests.support.signed_events import INSTANCE, NOW, base64url, item_updated, public_pem, trusted_app, untrusted_app

DAY = 86_400
DATA = item_updated()


def reason(body: bytes, now: float = NOW) -> RejectionReason:
    with pytest.raises(RejectedDeliveryError) as refused:
        verify_delivery(body, trusted_app().trust(), now)
    assert refused.value.status == (400 if refused.value.reason in ("oversized", "malformed") else 401)
    return refused.value.reason


def unsigned(header: dict[str, Any], signature: bytes = b"x") -> bytes:
    claims = json.dumps({"data": json.dumps(DATA), "iat": int(NOW)}).encode()
    return b".".join((base64url(json.dumps(header).encode()), base64url(claims), base64url(signature)))


def test_what_the_app_signed_is_taken() -> None:
    assert verify_delivery(trusted_app().sign(DATA), trusted_app().trust(), NOW) == DATA


def test_space_around_the_body_does_not_matter() -> None:
    assert verify_delivery(trusted_app().sign(DATA) + b"\n", trusted_app().trust(), NOW) == DATA


def test_the_data_may_be_an_object() -> None:
    body = trusted_app().sign_raw(json.dumps({"data": DATA, "iat": NOW}).encode())
    assert verify_delivery(body, trusted_app().trust(), NOW) == DATA


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "HS256", "RS384", "PS256", "ES256", "rs256", None, 7])
def test_another_algorithm_is_rejected(algorithm: object) -> None:
    assert reason(unsigned({"alg": algorithm, "typ": "JWT"})) == RejectionReason.ALGORITHM


def test_a_header_without_an_algorithm_is_refused() -> None:
    assert reason(unsigned({"typ": "JWT"})) == RejectionReason.ALGORITHM


def test_without_a_signature_it_is_refused() -> None:
    assert reason(unsigned({"alg": "none", "typ": "JWT"}, b"")) == RejectionReason.MALFORMED
    assert reason(trusted_app().sign(DATA).rpartition(b".")[0] + b".") == RejectionReason.MALFORMED


def test_the_public_key_is_not_accepted_as_a_shared_secret() -> None:
    for secret in (trusted_app().public, trusted_app().public.strip()):
        head = unsigned({"alg": "HS256", "typ": "JWT"}).rpartition(b".")[0]
        forged = head + b"." + base64url(hmac.new(secret, head, hashlib.sha256).digest())
        assert reason(forged) == RejectionReason.ALGORITHM
        head = unsigned({"alg": "RS256", "typ": "JWT"}).rpartition(b".")[0]
        forged = head + b"." + base64url(hmac.new(secret, head, hashlib.sha256).digest())
        assert reason(forged) == RejectionReason.SIGNATURE


def test_another_key_is_rejected() -> None:
    assert reason(untrusted_app().sign(DATA)) == RejectionReason.SIGNATURE


def test_a_signature_by_another_padding_or_hash_is_refused() -> None:
    for algorithm in ("RS512", "PS256"):
        token = jwt.encode({"data": json.dumps(DATA), "iat": int(NOW)}, trusted_app().private, algorithm=algorithm)
        header, _, rest = token.encode().partition(b".")
        assert reason(header + b"." + rest) == RejectionReason.ALGORITHM
        assert reason(base64url(b'{"alg":"RS256"}') + b"." + rest) == RejectionReason.SIGNATURE


def test_keys_that_a_token_names_are_not_looked_at() -> None:
    key = serialization.load_pem_public_key(untrusted_app().public)
    assert isinstance(key, rsa.RSAPublicKey)
    named = {
        "jwk": json.loads(RSAAlgorithm.to_jwk(key)),
        "jku": "http://127.0.0.1:1/keys",
        "x5u": "http://127.0.0.1:1/certificate",
        "kid": "../../etc/passwd",
    }
    assert reason(untrusted_app().sign(DATA, headers=named)) == RejectionReason.SIGNATURE
    assert verify_delivery(trusted_app().sign(DATA, headers=named), trusted_app().trust(), NOW) == DATA


def test_one_changed_character_anywhere_is_refused() -> None:
    body = trusted_app().sign(DATA)
    for place in range(0, len(body) - 1, 7):  # not the last: two of its six bits say nothing
        other = b"A" if body[place : place + 1] != b"A" else b"B"
        reason(body[:place] + other + body[place + 1 :])


@pytest.mark.parametrize(
    ("claims", "now", "expected"),
    [
        ({"exp": int(NOW)}, NOW + 61, RejectionReason.EXPIRED),
        ({"nbf": int(NOW) + 100}, NOW, RejectionReason.NOT_YET_VALID),
        ({"iat": int(NOW) + 100}, NOW, RejectionReason.NOT_YET_VALID),
        ({"exp": None}, NOW + DAY + 61, RejectionReason.STALE),
        ({"iat": None}, NOW, RejectionReason.STALE),
        ({"iat": "1800000000"}, NOW, RejectionReason.MALFORMED),
        ({"exp": True}, NOW, RejectionReason.MALFORMED),
        ({"exp": [1]}, NOW, RejectionReason.MALFORMED),
    ],
)
def test_a_token_from_another_time_is_rejected(claims: dict[str, Any], now: float, expected: RejectionReason) -> None:
    assert reason(trusted_app().sign_raw(_claims(**claims)), now) == expected


def _claims(**claims: object) -> bytes:
    given_ = {"data": DATA, "iat": int(NOW), "exp": int(NOW) + 10 * DAY, **claims}
    return json.dumps({name: value for name, value in given_.items() if value is not None}).encode()


@pytest.mark.parametrize(
    ("claims", "now"),
    [
        ({"exp": int(NOW)}, NOW + 59),
        ({"nbf": int(NOW) + 59}, NOW),
        ({"iat": int(NOW) + 59}, NOW),
        ({"exp": None}, NOW + DAY),
        ({"iat": NOW + 0.5}, NOW),
    ],
)
def test_clocks_may_differ_by_a_minute(claims: dict[str, Any], now: float) -> None:
    assert verify_delivery(trusted_app().sign_raw(_claims(**claims)), trusted_app().trust(), now) == DATA


@pytest.mark.parametrize("instance", ["", "another", INSTANCE.upper() + "x"])
def test_what_is_for_another_site_is_refused(instance: str) -> None:
    assert reason(trusted_app().sign(DATA | {"instanceId": instance})) == RejectionReason.INSTANCE
    assert reason(trusted_app().sign({"eventType": "x"})) == RejectionReason.INSTANCE


def test_too_much_is_refused_before_anything_is_read() -> None:
    assert reason(b"x" * (MAX_BODY_BYTES + 1)) == RejectionReason.OVERSIZED
    assert reason(b"x" * MAX_BODY_BYTES) == RejectionReason.MALFORMED


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b".",
        b"..",
        b"a.b",
        b"a.b.c.d",
        b"{}",
        b"\xff\xfe",
        b"e30.e30.e30!",
        b"=.=.=",
        b"a.a.a",
        b"bnVsbA.e30.e30",
    ],
)
def test_what_is_no_token_is_refused(body: bytes) -> None:
    assert reason(body) in (RejectionReason.MALFORMED, RejectionReason.ALGORITHM)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff",
        b'{"data": "{}", "data": "{}", "iat": 1800000000}',
        b'{"data": "[]", "iat": 1800000000}',
        b'{"data": 7, "iat": 1800000000}',
        b'{"iat": 1800000000}',
        b'{"data": "{\\"a\\": 1, \\"a\\": 2}", "iat": 1800000000}',
        b'{"data": {"n": NaN}, "iat": 1800000000}',
        b'{"data": {"n": 1e999}, "iat": 1800000000}',
        b'{"iat": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"data": ' + b"[" * 65 + b"]" * 65 + b', "iat": 1800000000}',
    ],
)
def test_signed_rubbish_is_refused(payload: bytes) -> None:
    assert reason(trusted_app().sign_raw(payload)) == RejectionReason.MALFORMED


def test_a_header_that_means_two_things_is_refused() -> None:
    _, _, rest = trusted_app().sign(DATA).partition(b".")
    assert reason(base64url(b'{"alg":"none","alg":"RS256"}') + b"." + rest) == RejectionReason.MALFORMED


def test_what_a_rejected_header_says_is_not_repeated_at_length() -> None:
    with pytest.raises(RejectedDeliveryError) as refused:
        verify_delivery(unsigned({"alg": "\x1b[2J" + "x" * 5_000}), trusted_app().trust(), NOW)
    assert len(str(refused.value)) < 200
    assert "\x1b" not in str(refused.value)
    assert reason(base64url(b"[" * 7_000) + b".e30.eA") == RejectionReason.MALFORMED


def test_a_long_header_is_not_parsed() -> None:
    long = trusted_app().sign(DATA, headers={"x": "x" * 10_000})
    assert reason(long) == RejectionReason.MALFORMED


def test_another_form_of_the_same_signature_is_refused() -> None:
    body = trusted_app().sign(DATA)
    last = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = body[:-1] + last[last.index(body[-1]) + 1 :][:1]
    assert base64.urlsafe_b64decode(body[-342:] + b"==") == base64.urlsafe_b64decode(other[-342:] + b"==")
    assert reason(other) == RejectionReason.MALFORMED


def test_a_header_that_must_be_understood_is_refused() -> None:
    assert reason(trusted_app().sign(DATA, headers={"crit": ["exp"], "exp": 1})) == RejectionReason.MALFORMED
    assert reason(trusted_app().sign_raw(b"{}", {"b64": False, "crit": ["b64"]})) == RejectionReason.MALFORMED


@given(
    body=st.binary(max_size=300) | st.from_regex(rb"[A-Za-z0-9_-]{0,40}(\.[A-Za-z0-9_-]{0,40}){0,3}", fullmatch=True)
)
def test_garbage_is_rejected_and_nothing_else_happens(body: bytes) -> None:
    reason(body)


def test_a_key_is_pem_or_base64_of_it() -> None:
    wrapped = base64.encodebytes(trusted_app().public)
    keys = [read_public_key(text, "app.pem") for text in (trusted_app().public, wrapped, wrapped.replace(b"\n", b""))]
    assert {public_pem(key) for key in keys} == {trusted_app().public}


def curve() -> bytes:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def short() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - it is to be refused
    return public_pem(key.public_key())


@pytest.mark.parametrize(
    "text",
    [b"", b"key", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", b"\xff", curve(), short()],
    ids=["empty", "word", "PEM", "binary", "curve", "short"],  # the last two are new in every process
)
def test_anything_else_is_no_key(text: bytes) -> None:
    with pytest.raises(GalleryctlError, match=r"app\.pem: this is not an app's public key"):
        read_public_key(text, "app.pem")
    with pytest.raises(GalleryctlError, match="not an app's public key"):
        read_public_key(trusted_app().private, "app.pem")
