"""Secrets out of configuration text, before it is shown or stored: :func:`redact`."""

from __future__ import annotations

import re

#: What may stand between the word before a secret and the secret itself: a type of encryption
#: or hash, or a word that says how it is given.
_TYPE = r"(?: (?:\d+|encrypted|clear|cleartext|ascii-text|md5|sha\d+|hmac-\S+)(?= ))*"
#: The word before a secret, on any of the platforms.
_SECRET = re.compile(
    r"(?P<word>(?:(?<![\w-])(?:password|(?:encrypted|plain-text)-password|secret|passphrase|auth-key|authentication-key|md5|"
    r"key-string|community|api-key|psk|(?:area|domain)-password)|"
    rf"\b(?:tacacs|radius)-server (?:host \S+ )?key){_TYPE}) "
    r"(?P<secret>\"[^\"]*\"|<hidden>|[^\s;]+)",
    re.IGNORECASE,
)
#: FRR takes the rest of this line for the secret, spaces and all.
_NEIGHBOR = re.compile(rf"(?P<word>\bneighbor \S+ password{_TYPE}) (?P<secret>[^\r\n]+)")
#: Lines whose "community" is a matter of routing, and no secret.
_HARMLESS = re.compile(
    r"^[-+ ]*(?:no )?(?:(?:set|match) \S*community\b|(?:bgp|ip) \S*community(?:-list| alias)\b|"
    r"neighbor \S+ send-community\b|(?:else)?if (?:not )?\(?community \S+|"
    r"(?:set )?(?:\S+ )*?policy-(?:options|statement) |(?:from |then )community )"
)


def redact(text: str) -> str:
    """Return ``text`` with ``<hidden>`` in the place of every secret.

    >>> redact("neighbor 10.0.0.1 password 7 s3cret")
    'neighbor 10.0.0.1 password 7 <hidden>'
    >>> redact("set community 65000:1 additive")
    'set community 65000:1 additive'
    """
    return "".join(_line(line) for line in text.splitlines(keepends=True))


def _line(line: str) -> str:
    if _HARMLESS.match(line):
        return line
    pattern = _NEIGHBOR if _NEIGHBOR.search(line) else _SECRET
    return pattern.sub(r"\g<word> <hidden>", line)
