"""Secrets out of configuration text, before it is shown or stored: :func:`redact`."""

from __future__ import annotations

import re

#: The word before a secret, on any of the platforms, and what may stand between: a type of
#: encryption as a digit, or a word that says how it is given.
_SECRET = re.compile(
    r"(?P<word>\b(?:password|secret|passphrase|auth-key|authentication-key|md5|key-string|"
    r"community|api-key|psk)\b(?: (?:\d+|encrypted|clear|cleartext|ascii-text|hmac-\S+))*) "
    r"(?P<secret>\"[^\"]*\"|\S+)",
    re.IGNORECASE,
)
#: Lines whose "community" or "key" is a matter of routing, and no secret.
_HARMLESS = re.compile(r"^[-+ ]*(?:no )?(?:set|match|bgp|ip|neighbor \S+ send-community)\b.*community")


def redact(text: str) -> str:
    """Return ``text`` with ``<hidden>`` in the place of every secret.

    >>> redact("neighbor 10.0.0.1 password 7 s3cret")
    'neighbor 10.0.0.1 password 7 <hidden>'
    >>> redact("set community 65000:1 additive")
    'set community 65000:1 additive'
    """
    return "".join(
        line if _HARMLESS.match(line) else _SECRET.sub(r"\g<word> <hidden>", line)
        for line in text.splitlines(keepends=True)
    )
