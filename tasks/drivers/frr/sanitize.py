"""Configurations and sentences without secrets: `sanitize` and `scrub`."""

from __future__ import annotations

import re

_HIDDEN = "<removed>"

# Each keeps its first group and hides the rest. Source: the password, key and community commands
# of FRR 8.4's manual.
_SECRETS = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r"^(\s*neighbor \S+ password ).*$",
        r"^(\s*key-string ).*$",
        r"^(\s*(?:enable )?password ).*$",
        r"^(\s*(?:area-|domain-)?password (?:clear|md5) ).*$",
        (
            r"^(\s*(?:ip|ipv6) \S+ (?:authentication-key|message-digest-key \d+ md5|authentication"
            r" (?:key-chain|string)|password \S+) ).*$"
        ),
        r"^(\s*(?:isis|ip rip|ip eigrp) (?:password|authentication) .*? ).*$",
        r"^(\s*area \S+ virtual-link \S+ .*?(?:authentication-key|md5) ).*$",
        r"^(\s*(?:mpls ldp )?neighbor \S+ (?:password|authentication) ).*$",
        r"^(\s*rpki cache \S+ \d+ ).*$",
        r"^(\s*snmp-server community ).*$",
        r"^(\s*nhrp authentication |\s*ip nhrp authentication ).*$",
    )
)


# The same within a sentence: up to its quote or the end of the line.
_IN_SENTENCES = re.compile(
    r"\b(password|key-string|authentication-key|message-digest-key \d+ md5|snmp-server community)"
    r" [^'\"\n]+"
)


def scrub(sentence: str) -> str:
    """Return what the switch said without the secrets in the lines that it quotes."""
    return _IN_SENTENCES.sub(rf"\g<1> {_HIDDEN}", sentence)


def sanitize(text: str) -> str:
    """Return the configuration with every secret replaced by a fixed word."""
    for pattern in _SECRETS:
        text = pattern.sub(rf"\g<1>{_HIDDEN}", text)
    return text
