"""A push is believed when, and only when, one of its values is the HMAC of its exact bytes under a
secret of ours.
"""

import base64
import hashlib
import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.cronofy.fixtures import table
from workers.cronofy import signature

VECTORS = table("hmac_vectors")
WYCHEPROOF = table("wycheproof_hmac_sha256")["tests"]
BODY = b'{"example":"well-known"}'
OLD, NEW = (
    "CRN_NggYusqPGLxwjw5FHOJYOqSrTPNXy8WQf14OID",
    "CRN_nGlYDFXwfSXgB9rvGNBJyfE454GGPtWIbNuPwr",
)
STRANGER = "PNNVJ9J2e8N174koxcKDzktZ9Qkt8YUzP+V+l5lG8F4="

secrets = st.text(min_size=1, max_size=80)
bodies = st.binary(max_size=300)


@pytest.mark.parametrize("vector", VECTORS["published"], ids=lambda vector: vector["hmac"][:8])
def test_every_published_vector_is_valid(vector: dict[str, str]) -> None:
    assert vector["body"].encode() == BODY
    assert signature.sign(BODY, [vector["secret"]]) == vector["hmac"]
    assert signature.valid(BODY, vector["hmac"], [vector["secret"]])


@pytest.mark.parametrize(
    "vector", VECTORS["published_headers"], ids=["two secrets", "stranger first"]
)
def test_published_headers_of_several_values_are_valid(vector: dict[str, Any]) -> None:
    for secret in vector["secrets"]:
        assert signature.valid(BODY, vector["header"], [secret])


@pytest.mark.parametrize(
    "vector", VECTORS["must_reject"], ids=lambda vector: vector["header"][:14] or "empty"
)
def test_published_forgeries_are_refused(vector: dict[str, str]) -> None:
    assert not signature.valid(BODY, vector["header"], [vector["secret"]])


@pytest.mark.parametrize("vector", VECTORS["derived"], ids=lambda vector: vector["name"])
def test_pushes_are_valid_by_their_exact_bytes_before_and_during_a_rotation(
    vector: dict[str, Any],
) -> None:
    raw = vector["body"].encode()
    assert signature.valid(raw, vector["single"], vector["secrets"][:1])
    for held in ([OLD], [NEW], [OLD, NEW], ["another", NEW]):
        assert signature.valid(raw, vector["double"], held)
    assert not signature.valid(raw + b"\n", vector["double"], [OLD, NEW])
    assert not signature.valid(raw, vector["single"], [NEW])


def test_the_header_is_the_one_that_two_secrets_publish() -> None:
    assert signature.sign(BODY, [OLD, NEW]) == VECTORS["published_headers"][0]["header"]


def test_ours_may_come_second_or_last_of_eight() -> None:
    ours = signature.sign(BODY, [OLD])
    assert signature.valid(BODY, f"{STRANGER},{ours}", [OLD])
    assert signature.valid(BODY, ",".join([STRANGER] * 7 + [ours]), [OLD])


def test_a_ninth_value_refuses_the_header() -> None:
    ours = signature.sign(BODY, [OLD])
    assert not signature.valid(BODY, ",".join([ours] + [STRANGER] * 8), [OLD])


def test_an_endless_header_is_refused() -> None:
    assert not signature.valid(BODY, signature.sign(BODY, [OLD]) + " " * 2_000, [OLD])


@pytest.mark.parametrize("around", ["{} ", " {}", "\t{}\t", "{},", ",{}", "{} , x", "x , {}"])
def test_spaces_and_empty_values_around_ours_are_no_harm(around: str) -> None:
    assert signature.valid(BODY, around.format(signature.sign(BODY, [OLD])), [OLD])


@pytest.mark.parametrize(
    "header", [None, "", ",", ",,,", " ", "é", "☃", "\udcff", "é" * 44, "\x00", "None"]
)
def test_a_header_that_is_missing_or_strange_is_refused_and_never_an_error(
    header: str | None,
) -> None:
    assert not signature.valid(BODY, header, [OLD, NEW])


def test_a_strange_value_beside_ours_spoils_nothing() -> None:
    assert signature.valid(BODY, f"☃é,{signature.sign(BODY, [OLD])}", [OLD])


@pytest.mark.parametrize(
    "mangle",
    [
        lambda ours: ours.replace("/", "_").replace("+", "-"),  # base64url
        lambda ours: ours.rstrip("="),
        lambda ours: ours + "=",
        lambda ours: ours[:-1],
        lambda ours: ours[1:],
        lambda ours: ours[:22],
        lambda ours: ours.swapcase(),
        lambda ours: (
            ours[:-2] + chr(ord(ours[-2]) + 1) + "="
        ),  # the same digest to a lenient decoder
        lambda ours: ours[:20] + "\n" + ours[20:],
        lambda ours: f'"{ours}"',
        lambda ours: f"sha256={ours}",
        lambda ours: base64.b64decode(ours).hex(),
        lambda ours: base64.b64decode(ours)[:16].hex(),
        lambda ours: ours + ours,
        lambda ours: ours.replace("A", "\N{CYRILLIC CAPITAL LETTER A}"),
    ],
)
def test_only_the_exact_standard_base64_counts(mangle: Any) -> None:
    raw = b"A"
    ours = signature.sign(raw, ["Ag"])
    assert {"/", "+", "A"} <= set(ours), "a value that every mangling changes"
    assert not signature.valid(raw, mangle(ours), ["Ag"])


def test_without_a_secret_nothing_is_valid() -> None:
    assert not signature.valid(BODY, signature.sign(BODY, [OLD]), [])


def test_an_empty_secret_is_no_secret() -> None:
    """Left over by a comma too many in a setting, anybody could sign with it."""
    assert not signature.valid(BODY, signature.sign(BODY, [""]), ["", OLD])


def test_known_vectors_of_the_standard_hold() -> None:
    """RFC 4231, cases 1, 2 and 4: those whose keys are texts."""
    cases = [
        (
            "\x0b" * 20,
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            "Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            "".join(map(chr, range(1, 26))),
            b"\xcd" * 50,
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
        ),
    ]
    for secret, raw, digest in cases:
        assert base64.b64decode(signature.sign(raw, [secret])).hex() == digest


class Key(str):
    """A secret as text whose bytes are these: a key of the vectors is any bytes, not only those of
    a text.
    """

    raw: bytes

    @classmethod
    def of(cls, digits: str) -> "Key":
        key = cls("a key of the vectors")
        key.raw = bytes.fromhex(digits)
        return key

    def encode(self, *_: object, **__: object) -> bytes:
        return self.raw


def test_the_vectors_of_wycheproof_are_believed_and_refused_as_they_say() -> None:
    """Keys shorter and longer than a block, messages of odd lengths, tags with one or many bits
    changed.

    A tag cut to its first half is refused though the vectors call it valid: Cronofy sends all of
    it.
    """
    outcomes = set()
    for vector in WYCHEPROOF:
        tag = bytes.fromhex(vector["tag"])
        wanted = vector["result"] == "valid" and len(tag) == 32
        header = base64.b64encode(tag).decode()
        found = signature.valid(bytes.fromhex(vector["msg"]), header, [Key.of(vector["key"])])
        assert found == wanted, f"test {vector['tcId']}"
        outcomes.add((wanted, len(tag)))
    assert outcomes == {(True, 32), (False, 32), (False, 16)}


@pytest.mark.parametrize("length", [1, 31, 32, 33, 63, 64, 65, 127, 128, 129])
def test_secrets_of_any_length_agree_with_the_definition(length: int) -> None:
    """Around the block size of the hash, where implementations differ. RFC 2104, written out."""
    secret = "kä"[:1] * length
    key = secret.encode()
    key = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in key) + BODY).digest()
    outer = hashlib.sha256(bytes(b ^ 0x5C for b in key) + inner).digest()
    assert signature.sign(BODY, [secret]) == base64.b64encode(outer).decode()


@given(raw=bodies, held=st.lists(secrets, min_size=1, max_size=4), signing=st.data())
def test_what_any_held_secret_signed_is_valid(
    raw: bytes, held: list[str], signing: st.DataObject
) -> None:
    used = signing.draw(
        st.lists(st.sampled_from(held) | secrets, max_size=7).map(lambda more: [*more, held[0]])
    )
    assert signature.valid(raw, signature.sign(raw, used), held)


@given(raw=bodies, secret=secrets, place=st.integers(0), bit=st.integers(0, 7))
def test_one_flipped_bit_of_the_body_is_refused(
    raw: bytes, secret: str, place: int, bit: int
) -> None:
    header = signature.sign(raw, [secret])
    changed = bytearray(raw or b"\0")
    changed[place % len(changed)] ^= 1 << bit
    assert not signature.valid(bytes(changed), header, [secret])


@given(raw=bodies, header=st.text(max_size=200), held=st.lists(st.text(max_size=20), max_size=3))
def test_no_header_whatever_is_an_error(raw: bytes, header: str, held: list[str]) -> None:
    real = [
        base64.b64encode(hmac.new(s.encode("utf-8", "surrogatepass"), raw, "sha256").digest())
        for s in held
        if s
    ]
    values = [value.strip(b" \t") for value in header.encode("latin-1", "replace").split(b",")]
    assert signature.valid(raw, header, held) == any(value in real for value in values)
