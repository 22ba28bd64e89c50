"""Quantities, addresses and language tags; every answer was asked of Go's own packages."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartgen.lint.go.language import canonical_language
from chartgen.lint.go.numbers import parse_float, parse_int, parse_uint
from chartgen.lint.go.quantity import QuantityError, is_quantity, parse_quantity
from chartgen.lint.go.url import Url, UrlError, is_http_url, parse_url

QUANTITIES: dict[str, Fraction] = {
    **{"0": Fraction(0), "1": Fraction(1), "1100m": Fraction(11, 10), "1.5": Fraction(3, 2)},
    **{"9Gi": Fraction(9 << 30), "1.5Gi": Fraction(3 << 29), "1k": Fraction(1000)},
    **{"20G": Fraction(20 * 10**9), "1e3": Fraction(1000), "1E3": Fraction(1000)},
    **{"1E": Fraction(10**18), "1e-3": Fraction(1, 1000), "1E+2": Fraction(100)},
    **{"-5Gi": Fraction(-5 << 30), "+5": Fraction(5), "5.": Fraction(5), ".5": Fraction(1, 2)},
    **{"100n": Fraction(1, 10**7), "7u": Fraction(7, 10**6), "007": Fraction(7)},
    # Less than a billionth is rounded up; powers of two end at an int64.
    **{"0.1n": Fraction(1, 10**9), "-0.1n": Fraction(-1, 10**9)},
    **{"16Ei": Fraction((1 << 63) - 1), "1.5n": Fraction(2, 10**9)},
    # Go looks for no digit.
    **{"Gi": Fraction(0), "m": Fraction(0), "-": Fraction(0), "+.M": Fraction(0)},
}


@pytest.mark.parametrize(("text", "value"), QUANTITIES.items())
def test_a_quantity(text: str, value: Fraction) -> None:
    assert parse_quantity(text) == value
    assert is_quantity(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "abc", "20 Gi", "20gi", "20GB", "1ki", "1.5.5", "1e", "1e+", "1Kii", "1e3k"),
        *("Pi", "Ei", "e-30", "5 ", "1_000", "0x10", "1m3", "--1", "1,5", "\uff11", "Ki1"),
        "9" * 200,
    ],
)
def test_what_is_no_quantity(text: str) -> None:
    assert not is_quantity(text)
    with pytest.raises(QuantityError):
        parse_quantity(text)


WHOLE = st.integers(0, 10**9)
SUFFIX = st.sampled_from(["", "m", "k", "M", "G", "Ki", "Mi", "Gi"])


@given(WHOLE, WHOLE, SUFFIX)
def test_quantities_keep_the_order_of_their_numbers(one: int, other: int, suffix: str) -> None:
    first, second = parse_quantity(f"{one}{suffix}"), parse_quantity(f"{other}{suffix}")
    assert (first < second, first == second) == (one < other, one == other)


@given(WHOLE)
def test_a_quantity_has_many_spellings(number: int) -> None:
    spellings = (f"{number}", f"{number}000m", f"{number}.0", f"0{number}", f"{number}e0")
    assert {parse_quantity(text) for text in spellings} == {Fraction(number)}
    assert parse_quantity(f"{number}Ki") == parse_quantity(str(number * 1024))


ADDRESSES = {
    "https://example.org": Url("https", "example.org"),
    "HTTPS://example.org:443/i.png": Url("https", "example.org:443"),
    "http://user:pass@example.org/": Url("http", "user:pass@example.org".rpartition("@")[2]),
    "//example.org": Url("", "example.org"),
    "/icon.png": Url("", ""),
    "icon.png": Url("", ""),
    "data:image/png;base64,AAAA": Url("data", ""),
    "https:///i.png": Url("https", ""),
    "https://": Url("https", ""),
    "https:/example.org": Url("https", ""),
    "https://[::1]:80/": Url("https", "[::1]:80"),
    "https://example.org/a b?c d%zz": Url("https", "example.org"),
    "https://b\u00fccher.example": Url("https", "b\u00fccher.example"),
    "https://a:1:2": Url("https", "a:1:2"),
    "https://%e4.example": Url("https", "%e4.example"),
}


@pytest.mark.parametrize(("text", "url"), ADDRESSES.items())
def test_an_address(text: str, url: Url) -> None:
    assert parse_url(text) == url
    assert is_http_url(text) == (url.scheme in ("http", "https") and bool(url.host))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "https://exa mple.org",
            "https://example.org:x",
            "https://exam%41ple.org",
            ":a",
            "a:1/b:",
        ),
        *(
            "https://example.org/%zz",
            "https://example.org/#%z",
            "https://a\tb",
            "1a:b",
            "https://%",
        ),
        *("https://[::1", "https://[1.2.3.4]", "https://[::1]x", "https://a[::1]", "https://{a}"),
        *("https://a|b", "https://a\\b", "https://a^b", "https://us er@a", "https://a\x7f"),
    ],
)
def test_what_is_no_web_address(text: str) -> None:
    assert not is_http_url(text)


@pytest.mark.parametrize("text", ["https://exa mple.org", "https://a\tb", "1a:b", ":a"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(UrlError):
        parse_url(text)


CANONICAL = [
    *("en", "en-US", "zh-CN", "zh-Hans-CN", "zh-Hant", "pt-BR", "es-419", "sr-Latn-RS", "yue"),
    *("de-1996", "sl-rozaj-biske", "en-u-ca-buddhist", "x-private", "en-x-private", "tlh", "qaa"),
    *("en-a-bbb-u-co-phonebk", "de-t-en-us", "ar-001", "en-GB-oxendict", "fil", "nb", "und-US"),
]
RESPELLED = {
    **{"en_US": "en-US", "EN-us": "en-US", "en-Latn": "en", "zh-hans-cn": "zh-Hans-CN"},
    **{"iw": "he", "in-ID": "id-ID", "mo": "ro-MD", "eng": "en", "zh-yue": "yue", "en-BU": "en-MM"},
    **{"en-USA": "usa", "zh-Hans-CHN": "zh-Hans-CN", "en-840": "en-US", "i-klingon": "tlh"},
    **{"zh-min-nan": "nan", "en_US_POSIX": "en-US-u-va-posix", "root": "und", "X-Priv": "x-priv"},
    **{"sl-biske-rozaj": "sl-rozaj-biske", "en-u-co-phonebk-ca-buddhist-a-bbb": ""},
    **{"en-FONIPA": "en-fonipa", "de-Qaai": "de-Zinh", "und-x-private": "x-private"},
}
UNKNOWN = [
    *("", "klingon", "xx-YY", "xx", "e", "1", "en-", "-en", "en--US", "en US", "en-AB", "en-Xxxx"),
    *("en-US-foo12", "en-toolongggg", "en-u", "en-x", "x", "i-unknown", "\u00e9n", "en-US-US"),
    *("en-u-co-phonebk-co-standard", "en-a", "en-t-xx", "en-999999", "en-Latn-Cyrl"),
]


@pytest.mark.parametrize("tag", CANONICAL)
def test_a_canonical_tag_stays(tag: str) -> None:
    assert canonical_language(tag) == tag


@pytest.mark.parametrize(("tag", "canonical"), RESPELLED.items())
def test_another_spelling_is_made_canonical(tag: str, canonical: str) -> None:
    found = canonical_language(tag)
    assert found is not None
    assert found != tag
    assert found == canonical or not canonical


@pytest.mark.parametrize("tag", UNKNOWN)
def test_an_unknown_tag_is_none(tag: str) -> None:
    assert canonical_language(tag) is None


@given(st.text(alphabet="abenuszhxtUS019-_", max_size=16))
def test_a_canonical_spelling_is_its_own(tag: str) -> None:
    canonical = canonical_language(tag)
    if canonical is not None:
        assert canonical_language(canonical) == canonical


@given(st.integers(-(1 << 70), 1 << 70))
def test_go_reads_integers_of_64_bits(number: int) -> None:
    wide = -(1 << 63) <= number < 1 << 63
    assert parse_int(str(number)) == (number if wide else None)
    assert parse_int(hex(number)) == (number if wide else None)
    assert parse_uint(str(number)) == (number if 0 <= number < 1 << 64 else None)


@pytest.mark.parametrize("text", ["", "-", "0x", "08", "1.0", "0b2", "1__0", "_1", "1_", "\uff11"])
def test_what_go_reads_as_no_integer(text: str) -> None:
    assert parse_int(text) is None


@pytest.mark.parametrize("text", ["", ".", "1e400", "inf", "nan", "0x1p4", "1_0", "e5", "1e"])
def test_what_go_reads_as_no_float(text: str) -> None:
    assert parse_float(text) is None
