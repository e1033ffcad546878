"""What is told to be an IPv4 address is one, in its canonical form."""

from __future__ import annotations

import ipaddress

from hypothesis import example, given
from hypothesis import strategies as st

from authshield.vocabulary.address import is_ipv4

NUMBERS = st.lists(st.integers(0, 300).map(str) | st.sampled_from(["", "01", "256", " 1", "٣"]), max_size=5)


@given(NUMBERS.map(".".join) | st.ip_addresses().map(str) | st.text(max_size=20))
@example("10.0.0.1\x00")
@example("::ffff:10.0.0.1")
@example("10.1")
@example("\ud800")
def test_it_is_what_ipaddress_writes(text: str) -> None:
    """The standard library reads it as IPv4 and writes the same text, or it is not told to be one."""
    try:
        is_one = str(ipaddress.IPv4Address(text)) == text
    except ValueError:
        is_one = False
    assert is_ipv4(text) == is_one
