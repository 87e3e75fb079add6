r"""Secrets out of configuration text, before it is shown or stored: :func:`redact`.

Law: what may be a secret is hidden; where it is not sure, a word too many is. Secrets are known by
the words before them, and where these are new to us by their shape: a crypt hash, a scrambled
string of Junos (``$9$``), a password inside a URL, a private key. Only a line feed ends a line,
and only a space, a tab or the semicolon of a statement ends a secret: what else some program takes
for an end, such as a form feed, is a part of it.
"""

from __future__ import annotations

import re
from typing import Final

#: What may stand between the word before a secret and the secret itself: types of encryption or
#: hash, and words that say how it is given; a few, or a long line would be read over and over.
_TYPE = (
    r"(?:[ ](?:\d{1,2}|level[ ]\d+|encrypted|clear|cleartext|text|string|ascii|ascii-text|"
    r"hexadecimal|hex|md5|sha\d*|sha-\d+|hmac-\S+|password|type[ ]\S+|value|cak|local|remote)"
    r"(?=[ ])){0,6}+"
)
#: A semicolon ends a statement of Junos where nothing stands behind it; elsewhere it is a letter.
_LETTER = r"(?:[^ \t\n;]|;(?![\s}]|$))"
_ANY = rf"(?:\"[^\"]*\"?{_LETTER}*+|<hidden>|{_LETTER}++)"
_VALUE = rf"(?P<secret>{_ANY})"
#: What comes after such a word and is a name, or one more word before the secret.
_NAMES = r"(?!(?:key-string|key-chain|keychain|key|value|address)\b)"
_KEY = r"(?:authentication|auth|message-digest|server|privacy|shared|session|api|config)-key"

_WORDS: Final = rf"""
    (?P<word>
      (?:
        (?<![\w-]) (?:[\w-]*-)? (?:password(?:-value)?|secret|passphrase|psk)
      | (?<![\w-]) (?:[\w-]*-)? {_KEY} (?:[ ]\d+(?=[ ](?:md5|type|sha|cmac|hmac)))?
      | (?<![\w-]) md5[ ]\d+[ ]key
      | (?<![\w-]) (?:(?:ah-)?md5|key-string|key-octet-string|cak)
      | \bpre-shared-key (?:[ ]address[ ]\S+(?:[ ][\d.:]+)?[ ]key)?
      | \bisakmp[ ]key
      | \b(?:hash-algo|algorithm)[ ]\S+(?:[ ]rfc-\d+)?[ ]key
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
#: The rest of these lines is secret, spaces and all: FRR and IOS take it so, and IPsec has several
#: keys.
_REST: Final = rf"""
    (?P<word>
      (?:
        \bneighbor[ ]\S+[ ]password
      | \bsession-key[ ](?:inbound|outbound)[ ](?:ah|esp)[ ]\d+
      | ^(?:enable[ ])?(?:password|secret)
      | ^username[ ]\S+(?:[ ]\S+)*?[ ](?:password|secret)
      | ^key-string
      | ^(?:tacacs|radius)-server[ ](?:\S+[ ])*?key
      ){_TYPE}
    )[ ](?P<secret>.+)
"""


def _compiled(text: str) -> re.Pattern[str]:
    """Return a pattern in which ``[ ]`` is the gap between two words, as wide as it may be."""
    return re.compile(text.replace("[ ]", r"[ \t]++"), re.IGNORECASE | re.VERBOSE)


#: Patterns by what they are about; each has a group ``secret``, and before it ``word``.
_WHOLE: Final = _compiled(_REST)
_COMMUNITY: Final = _compiled(
    rf"(?P<word>(?<![\w-])community(?:-name)?(?:[ ](?:encrypted|clear)(?=[ ]))?)[ ]"
    # A single digit is a community, or the type of the one that follows.
    rf"(?P<secret>(?:\d[ ])?{_ANY})"
)
_PATTERNS: Final = tuple(
    _compiled(text)
    for text in (
        _WORDS,
        _TRAPS,
        # The key of an AAA server, in its line or in a line of its own inside its block.
        rf"(?P<word>^(?:(?:tacacs|radius)[- ]server|server-private)\b.*?[ ]key{_TYPE})[ ]{_VALUE}",
        rf"(?P<word>^key[ ](?:[\da-f]+[ ])?(?:\d|encrypted|clear))[ ]{_VALUE}",
        # A number alone is that of a key in a chain, unless it is too long for one.
        r"(?P<word>^key)[ ](?!chain\b|\d{1,4}\s*$)(?P<secret>\"[^\"]*\"|[^ \t\n]+)(?=\s*$)",
        # Arista's streaming agent.
        r"(?P<word>auth=(?:key|token-secure|token),)(?P<secret>[^ \t\n/][^ \t\n]*)",
        r"(?P<word>://[^/\s:@]*:)(?P<secret>[^ \t\n/]+)(?=@)",
        # Hashes as crypt(3) writes them, and what Junos and EOS scramble.
        r"(?P<word>)(?P<secret>\"?\$(?:\d{1,2}|sha\d+|[\da-z]{1,2}|argon2\w*)\$[^ \t\n\";]*\"?)",
    )
)
#: Both keys of a user of SNMP version 3.
_SNMP_USER: Final = _compiled(r"\bsnmp-server[ ]user[ ]")
_SNMP_KEYS: Final = _compiled(
    r"""
    (?P<word>
      \b(?:auth|priv)
      (?:[ ]
        (?:md5|sha(?:-?\d+)?|des(?:56)?|3des|aes(?:-?\d+)?|128|192|256|encrypted|clear)
      (?=[ ]))*+
    )[ ](?P<secret>[^ \t\n]+)
    """
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
    # As in `policies.dialects.line_ends`, which imports what quotes from here.
    return "\n".join(map(_line, text.split("\n")))


def _line(line: str) -> str:
    said = line.rstrip("\r")
    _, lead, rest = _LEAD.split(said, maxsplit=1)
    return lead + _without_secrets(rest) + line[len(said) :]


def _without_secrets(line: str) -> str:
    if _WHOLE.search(line):
        return _WHOLE.sub(_hidden, line)
    if _SNMP_USER.search(line):
        return _SNMP_KEYS.sub(_hidden, line)
    if not _HARMLESS.match(line):
        line = _COMMUNITY.sub(_hidden, line)
    for pattern in _PATTERNS:
        line = pattern.sub(_hidden, line)
    return line


def _hidden(match: re.Match[str]) -> str:
    """Return what was matched without its secret; what stood between the word and it stays."""
    between = match.string[match.end("word") : match.start("secret")]
    return f"{match['word']}{between}<hidden>"
