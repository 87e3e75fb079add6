r"""Secrets out of configuration text, before it is shown or stored: :func:`redact`.

Law: what may be a secret is hidden; where it is not sure, a word too many is. Secrets are known by
the words before them, and where these are new to us by their shape: a crypt hash, a scrambled
string of Junos (``$9$``), a password inside a URL, a private key.
"""

from __future__ import annotations

import re
from typing import Final

#: What may stand between the word before a secret and the secret itself: a type of encryption
#: or hash, or a word that says how it is given.
_TYPE = (
    r"(?:[ ](?:\d{1,2}|level[ ]\d+|encrypted|clear|cleartext|text|string|ascii|ascii-text|"
    r"hexadecimal|hex|md5|sha\d*|sha-\d+|hmac-\S+|password|type[ ]\S+|value|cak|local|remote)"
    r"(?=[ ]))*+"
)
_VALUE = r"(?P<secret>\"[^\"]*\"?|<hidden>|[^\s;]+)"
#: What comes after such a word and is a name, or one more word before the secret.
_NAMES = r"(?!(?:key-string|key-chain|keychain|key|value|address)\b)"
_KEY = r"(?:authentication|auth|message-digest|server|privacy|shared|session|api|config)-key"

_WORDS: Final = rf"""
    (?P<word>
      (?:
        (?<![\w-]) (?:[\w-]*-)? (?:password(?:-value)?|secret|passphrase|psk)
      | (?<![\w-]) (?:[\w-]*-)? {_KEY} (?:[ ]\d+(?=[ ](?:md5|type|sha|cmac|hmac)))?
      | (?<![\w-]) (?:md5|key-string|key-octet-string|cak)
      | \bpre-shared-key (?:[ ]address[ ]\S+(?:[ ][\d.:]+)?[ ]key)?
      | \bisakmp[ ]key
      | \bhash-algo[ ]\S+[ ]key
      | \bkey(?=[ ](?:ascii-text|hexadecimal)[ ])
      | \bauthentication[ ]key(?=[ ](?:\d|encrypted)[ ])
      | \bnhrp[ ]authentication
      | \bauthentication(?=[ ](?:text|string)[ ])
      | \b(?:standby|vrrp|glbp)[ ]\d+[ ]authentication(?![ ](?:md5|text)\b)
      ){_TYPE}
    )[ ]{_NAMES}{_VALUE}
"""
#: The community, or the user, of a receiver of traps.
_TRAPS: Final = rf"""
    (?P<word>
      \bsnmp-server[ ]host[ ]\S+
      (?:[ ]
        (?:vrf[ ]\S+ | use-vrf[ ]\S+ | source-interface[ ]\S+ | informs? | traps?
        | encrypted | clear | version[ ](?:1|2c|3(?:[ ](?:auth|noauth|priv))?))
      (?=\s|$))*+
    )[ ]{_VALUE}
"""
#: Patterns by what they are about; each has a group ``secret``, and before it ``word``.
_PATTERNS: Final = tuple(
    re.compile(text, re.IGNORECASE | re.VERBOSE)
    for text in (
        _WORDS,
        _TRAPS,
        rf"(?P<word>(?<![\w-])community(?:-name)?(?:[ ](?:encrypted|clear)(?=[ ]))?)[ ]{_VALUE}",
        # The key of an AAA server, in its line or in a line of its own inside its block.
        rf"(?P<word>^(?:(?:tacacs|radius)[- ]server|server-private)\b.*?[ ]key{_TYPE})[ ]{_VALUE}",
        rf"(?P<word>^key[ ](?:[\da-f]+[ ])?(?:\d|encrypted|clear))[ ]{_VALUE}",
        # A number alone is that of a key in a chain, unless it is too long for one.
        r"(?P<word>^key)[ ](?!chain\b|\d{1,4}\s*$)(?P<secret>\"[^\"]*\"|\S+)(?=\s*$)",
        # Arista's streaming agent.
        r"(?P<word>auth=(?:key|token-secure|token),)(?P<secret>[^\s/][^\s]*)",
        r"(?P<word>://[^/\s:@]*:)(?P<secret>[^@\s/]+)(?=@)",
        # Hashes as crypt(3) writes them, and what Junos and EOS scramble.
        r"(?P<word>)(?P<secret>\"?\$(?:\d{1,2}|sha\d+|[\da-z]{1,2}|argon2\w*)\$[^\s\";]*\"?)",
    )
)
#: Both keys of a user of SNMP version 3.
_SNMP_USER = re.compile(r"\bsnmp-server user ", re.IGNORECASE)
_SNMP_KEYS = re.compile(
    r"(?P<word>\b(?:auth|priv)(?: (?:md5|sha(?:-?\d+)?|des(?:56)?|3des|aes(?:-?\d+)?|128|192|256|"
    r"encrypted|clear)(?= ))*+) (?P<secret>\S+)",
    re.IGNORECASE,
)
#: The rest of these lines is secret, spaces and all: FRR takes it so, and IPsec has several keys.
_REST = re.compile(
    r"(?P<word>\bneighbor \S+ password(?: (?:\d|encrypted|clear)(?= ))?|"
    r"\bsession-key (?:inbound|outbound) (?:ah|esp) \d+) (?P<secret>[^\r\n]+)",
    re.IGNORECASE,
)
#: What a diff, or a removal, puts in front of a line.
_LEAD = re.compile(r"^([-+\s]*(?:no\s+)?)")
#: Lines whose "community" is a matter of routing, and no secret.
_HARMLESS = re.compile(
    r"(?:(?:set|match) \S*community\b|(?:bgp|ip) \S*community(?:-list| alias)\b|"
    r"neighbor \S+ send-community\b|(?:else)?if (?:not )?\(?community \S+|"
    r"(?:set )?(?:\S+ )*?policy-(?:options|statement) |(?:from |then )community )"
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?P<kind>[A-Z ]*PRIVATE KEY)-----.*?(?:-----END (?P=kind)-----|\Z)", re.DOTALL
)


def redact(text: str) -> str:
    """Return ``text`` with ``<hidden>`` in the place of every secret.

    >>> redact("neighbor 10.0.0.1 password 7 s3cret")
    'neighbor 10.0.0.1 password 7 <hidden>'
    >>> redact("set community 65000:1 additive")
    'set community 65000:1 additive'
    """
    text = _PRIVATE_KEY.sub("<hidden>", text)
    return "".join(_line(line) for line in text.splitlines(keepends=True))


def _line(line: str) -> str:
    _, lead, rest = _LEAD.split(line, maxsplit=1)
    return lead + _without_secrets(rest)


def _without_secrets(line: str) -> str:
    if _HARMLESS.match(line):
        return line
    if _REST.search(line):
        return _REST.sub(r"\g<word> <hidden>", line)
    if _SNMP_USER.search(line):
        return _SNMP_KEYS.sub(r"\g<word> <hidden>", line)
    for pattern in _PATTERNS:
        line = pattern.sub(_hidden, line)
    return line


def _hidden(match: re.Match[str]) -> str:
    """Return what was matched without its secret; what stood between the word and it stays."""
    between = match.string[match.end("word") : match.start("secret")]
    return f"{match['word']}{between}<hidden>"
