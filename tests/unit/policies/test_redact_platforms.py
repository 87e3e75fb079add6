"""The secrets of every platform, as its own configuration prints them, and lines that have none."""

from __future__ import annotations

import pytest

from policies.redact import redact

#: In each line what begins with S3 or is in the marks «» is the secret.
SECRETS = {
    "ios": """\
enable secret 9 «$9$nhEmQVczB7dqsO$X.HsgL6x1il0RxkOSSvyQYwucySCt7qFm4v7pqCxkKM»
enable password level 15 7 «0822455D0A16»
username admin privilege 15 secret 9 «$9$abc$def»
username oper password 0 S3cret
snmp-server community S3cret RO 10
snmp-server community «12345» RO
snmp-server community 7 «0822455D0A16» RO
snmp-server host 10.0.0.9 S3cret
snmp-server host 10.0.0.9 vrf MGMT informs version 2c S3cret bgp
snmp-server host 10.0.0.9 version 3 priv S3user
tacacs-server host 10.0.0.9 single-connection key 7 «0822455D0A16»
tacacs-server key S3cret
 key 7 «0822455D0A16»
 key S3cret
 key 7 «1234»
radius-server host 10.0.0.9 auth-port 1812 acct-port 1813 key 7 «0822455D0A16»
radius-server key 7 «0822455D0A16»
 server-private 10.0.0.9 auth-port 1812 key S3cret
 client 10.0.0.9 server-key 7 «0822455D0A16»
  key-string 7 «0822455D0A16»
  key-string S3cret
 neighbor 10.0.0.1 password 7 «0822455D0A16»
mpls ldp neighbor 10.0.0.1 password 7 «0822455D0A16»
crypto isakmp key S3cret address 192.0.2.1
crypto isakmp key 6 «PAXTJfJ_QdO» address 192.0.2.1 255.255.255.0
  pre-shared-key address 192.0.2.1 key S3cret
  pre-shared-key address 192.0.2.1 255.255.255.0 key 6 «PAXTJfJ_QdO»
  pre-shared-key local S3cret
  pre-shared-key remote 6 «PAXTJfJ_QdO»
  pre-shared-key hex «0a1b2c»
 set session-key inbound esp 256 cipher «0a1b2c3d authenticator 0a1b2c»
 ip ospf message-digest-key 1 md5 7 «0822455D0A16»
 ip ospf authentication-key S3cret
 area 0 virtual-link 10.0.0.1 message-digest-key 1 md5 S3cret
 standby 1 authentication md5 key-string 7 «0822455D0A16»
 standby 1 authentication S3cret
 vrrp 1 authentication text S3cret
 glbp 1 authentication md5 key-string S3cret
 ip nhrp authentication S3cret
 isis password S3cret level-2
 ppp chap password 7 «0822455D0A16»
 ppp pap sent-username me password 0 S3cret
ntp authentication-key 1 md5 «0822455D0A16» 7
ip ftp password 7 «0822455D0A16»
 path scp://backup:«S3cret»@10.0.0.9/$h-$t
 wpa-psk ascii 0 «S3cret»
 event psk S3cret
""",
    "nxos": """\
username admin password 5 «$5$LCFMCB$zy5yNFWxBYCpq»  role network-admin
snmp-server user admin network-admin auth md5 «0xd6f3» priv aes-128 «0x2aa8» localizedkey
snmp-server user op network-operator auth sha-256 «0xd6f3» priv «0x2aa8» localizedkey
snmp-server community S3cret group network-operator
snmp-server host 10.0.0.9 traps version 2c S3cret
snmp-server host 10.0.0.9 traps version 3 auth S3user udp-port 163
  ip pim hello-authentication ah-md5 3 «9125d59c18a9b015»
tacacs-server key 7 «"fewhg123"»
tacacs-server host 10.0.0.9 key 7 «"fewhg123"» port 49
radius-server host 10.0.0.9 key 7 «"fewhg123"» authentication accounting
    password 3 «9125d59c18a9b015»
    key-string 7 «070c285f4d06»
    key-octet-string 7 «075f72» cryptographic-algorithm AES_128_CMAC
  ip ospf message-digest-key 1 md5 3 «9125d59c18a9b015»
  ip ospf authentication-key 3 «9125d59c18a9b015»
    authentication text S3cret
    authentication md5 key-string 7 «070c285f»
  ip eigrp 1 authentication-key S3cret
ntp authentication-key 1000 md5 «fewhg12345» 7
""",
    "eos": """\
username admin privilege 15 role network-admin secret sha512 «$6$eJ5TvI8oru5i9e8G$R1X»
enable password sha512 «$6$eJ5TvI8oru5i9e8G$R1X»
tacacs-server key 7 «070E234F1F5B4A»
tacacs-server host 10.0.0.9 vrf MGMT key 7 «070E234F1F5B4A»
radius-server host 10.0.0.9 timeout 5 key 7 «070E234F1F5B4A»
snmp-server community S3cret ro
snmp-server host 10.0.0.9 vrf MGMT version 2c S3cret
snmp-server user u g v3 localized f5717f auth sha «0a1b2c» priv aes «0a1b2c»
   neighbor 10.0.0.1 password 7 «yfcAUTjxBG1Yyg==»
   neighbor SPINES password S3cret
ntp authentication-key 1 md5 7 «070E234F1F5B4A»
   ip ospf authentication-key 7 «070E234F1F5B4A»
   ip ospf message-digest-key 1 md5 7 «070E234F1F5B4A»
   isis authentication key 7 «070E234F1F5B4A»
   isis authentication key-id 2 algorithm sha-512 key 7 «070E234F1F5B4A» level-1
   authentication key-id 3 algorithm sha-1 rfc-5310 key 0 S3cret
      key 0abcdef1 7 «06070D221D1C5A»
      shared-key 7 «0303480E0F1C»
      secret 1 7 «$1c$abcdefgh»
   vrrp 1 peer authentication text S3cret
   exec /usr/bin/TerminAttr -ingestgrpcurl=10.0.0.9:9910 -ingestauth=key,«S3cret» -taillogs
""",
    "iosxr": """\
 secret 10 «$6$dmnuj/ceNsMqj/..$kZ»
 password 7 «14141B180F0B»
 key 7 «0822455D0A16»
radius-server key 7 «0822455D0A16»
snmp-server community S3cret RO SystemOwner
snmp-server community encrypted «0822455D0A16» RO
snmp-server community clear S3cret RO
snmp-server host 10.0.0.9 traps version 2c encrypted «0822455D0A16» bgp
snmp-server host 10.0.0.9 traps version 2c clear S3cret
snmp-server user u g v3 auth md5 encrypted «0822455D0A16» priv aes 128 encrypted «0822455D0A»
  password encrypted «0822455D0A16»
  key-string password «0822455D0A16»
  key-string clear S3cret
  authentication-key encrypted «0822455D0A16»
  message-digest-key 1 md5 encrypted «0822455D0A16»
 lsp-password hmac-md5 encrypted «0822455D0A16»
  hello-password text clear S3cret
ntp authentication-key 1 md5 encrypted «0822455D0A16»
  neighbor 10.0.0.1:0 password encrypted «0822455D0A16»
crypto isakmp key S3cret address 192.0.2.1
  key-string password «0822455D0A16» cryptographic-algorithm AES-128-CMAC
""",
    "junos": """\
set system root-authentication encrypted-password «"$6$iH0$abc"»
set system root-authentication plain-text-password-value «"S3 cret"»
set system login user op authentication encrypted-password «"$6$iH0$abc"»
set system tacplus-server 10.0.0.9 secret «"$9$abc"»
set system radius-server 10.0.0.9 secret «"$9$abc"»
set access radius-server 10.0.0.9 secret «"$9$abc"»
set snmp community S3cret authorization read-only
    community S3cret {
set snmp v3 snmp-community index1 community-name «"$9$abc"»
set snmp v3 usm local-engine user u authentication-md5 authentication-key «"$9$abc"»
set snmp v3 usm local-engine user u authentication-sha authentication-password S3cret
set snmp v3 usm local-engine user u privacy-aes128 privacy-key «"$9$abc"»
set snmp v3 usm local-engine user u privacy-aes128 privacy-password S3cret
set protocols bgp group SPINES authentication-key «"$9$abc"»
set protocols bgp group SPINES neighbor 10.0.0.1 authentication-key «"S3 cret"»
set protocols ospf area 0 interface ge-0/0/0.0 authentication md5 1 key «"$9$abc"»
set protocols ospf area 0 interface ge-0/0/1.0 authentication md5 1 key «"S3 cret"»
set protocols ospf area 0 interface ge-0/0/0.0 authentication simple-password «"$9$abc"»
set protocols isis level 2 authentication-key «"$9$abc"»
set protocols isis interface ge-0/0/0.0 level 2 hello-authentication-key «"$9$abc"»
set protocols ldp session 10.0.0.1 authentication-key «"$9$abc"»
set security authentication-key-chains key-chain K key 1 secret «"$9$abc"»
set security ike policy P pre-shared-key ascii-text «"$9$abc"»
set security ike policy P pre-shared-key hexadecimal «"$9$abc"»
set security ipsec security-association S manual direction x encryption key ascii-text «"$9$abc"»
set security ipsec security-association S manual direction x encryption key hexadecimal «0a1b2c»
set security macsec connectivity-association CA pre-shared-key cak «"$9$abc"»
set system ntp authentication-key 1 type md5 value «"$9$abc"»
set system archival configuration archive-sites "scp://op@10.0.0.9" password «"$9$abc"»
set system archival configuration archive-sites "ftp://op:«S3cret»@10.0.0.9/"
set access profile P client C chap-secret «"$9$abc"»
set access profile P client C pap-password «"$9$abc"»
set interfaces xe-0 unit 0 family inet address 10.0.0.1 vrrp-group 1 authentication-key «"$9$abc"»
authentication-key «"$9$abc"»; ## SECRET-DATA
            something-new «"$9$abc"»; ## SECRET-DATA
""",
    "frr": """\
password S3cret
enable password 8 «WuN0UOEsh./0U»
 neighbor 10.0.0.1 password S3 cret with spaces
 neighbor SPINES password S3cret
 neighbor 10.0.0.2 password S3cret
  key-string S3cret
 ip ospf authentication-key S3cret
 ip ospf message-digest-key 1 md5 S3cret
 area 0 virtual-link 10.0.0.1 message-digest-key 1 md5 S3cret
 ipv6 ospf6 authentication key-id 1 hash-algo md5 key S3cret
 ip rip authentication string S3cret
 area-password clear S3cret
 domain-password md5 S3cret
 isis password md5 S3cret
 ip nhrp authentication S3cret
""",
}
#: Lines about the same things that hold nothing secret.
PLAIN = {
    "ios": """\
key chain RACKS
 key 1
  cryptographic-algorithm hmac-sha-256
service password-encryption
aaa authentication login default group tacacs+ local
tacacs server T1
 address ipv4 10.0.0.9
snmp-server enable traps bgp
snmp-server location rack 1
 neighbor 10.0.0.1 send-community both
 neighbor 10.0.0.1 ao RACKS include-tcp-options
 standby 1 authentication md5 key-chain RACKS
 ip ospf authentication message-digest
 match community BLUE
""",
    "nxos": """\
feature tacacs+
key chain RACKS
  key 1
snmp-server host 10.0.0.9 use-vrf management
tacacs-server host 10.0.0.9 port 49
  authentication key-chain RACKS
""",
    "eos": """\
username admin privilege 15 role network-admin nopassword
snmp-server vrf MGMT
   neighbor SPINES send-community
   set community 65000:1 additive
""",
    "iosxr": """\
key chain RACKS
 key 1
  accept-lifetime 00:00:00 january 01 2020 infinite
  send-community-ebgp
  keychain RACKS
community-set RACKS
""",
    "junos": """\
set protocols bgp group SPINES authentication-algorithm hmac-sha-1-96
set protocols bgp group SPINES authentication-key-chain K
set policy-options community RACK1 members 65000:201
set policy-options policy-statement X term 1 then community add RACK1
""",
    "frr": """\
key chain RACKS
 key 1
 neighbor 10.0.0.1 send-community both
bgp community-list standard BLUE seq 5 permit 65000:100
 set community 65000:1
 neighbor 10.0.0.1 route-map FROM-NODE in
""",
}
EACH = [(platform, line) for platform, text in SECRETS.items() for line in text.splitlines()]
HARMLESS = [(platform, line) for platform, text in PLAIN.items() for line in text.splitlines()]


def parts(line: str) -> tuple[str, list[str]]:
    """Return the line as a switch prints it, and what is secret in it."""
    secrets = [piece.split("»")[0] for piece in line.split("«")[1:]]
    plain = line.replace("«", "").replace("»", "")
    return plain, secrets or [word for word in plain.split() if word.startswith("S3")]


@pytest.mark.parametrize("lead", ["", "+", "-", "+ ", "no "])
@pytest.mark.parametrize(("platform", "line"), EACH)
def test_no_secret_stays(platform: str, line: str, lead: str) -> None:
    plain, secrets = parts(line)
    assert secrets, platform
    said = redact(f"{lead}{plain}\n")
    for secret in secrets:
        assert secret.strip('"') not in said, said
    assert said.count("<hidden>") >= 1
    assert said.startswith(lead)
    assert said.endswith("\n")
    assert redact(said) == said


@pytest.mark.parametrize("lead", ["", "+", "-", "+ "])
@pytest.mark.parametrize(("platform", "line"), HARMLESS)
def test_what_is_no_secret_stays_as_it_is(platform: str, line: str, lead: str) -> None:
    assert redact(f"{lead}{line}\n") == f"{lead}{line}\n", platform


def test_a_private_key_goes_wholly() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nAAAA\n-----END RSA PRIVATE KEY-----"
    assert redact(f"a\n{key}\nb\n") == "a\n<hidden>\nb\n"
    assert redact(f'set x "{key}"\n') == 'set x "<hidden>"\n'
    assert "MIIE" not in redact(key[:40])


def test_a_long_line_takes_no_time_to_speak_of() -> None:
    """A line that nearly matches must not be tried in every way there is."""
    for words in ("key 7 ", "snmp-server host x ", "snmp-server host x vrf v ", "a-", "$9", "md5 "):
        line = words * 20_000
        assert redact(line)
