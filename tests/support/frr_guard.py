"""The change that the driver's tests make: a guard in front of an operator's route-map."""

from __future__ import annotations

GUARD = """\
ip prefix-list RF-OUT seq 5 deny 10.65.0.0/16 ge 26 le 26
ip prefix-list RF-OUT seq 10 permit any
ipv6 prefix-list RF-OUT6 seq 5 deny fd00:65::/48 ge 122 le 122
ipv6 prefix-list RF-OUT6 seq 10 permit any
route-map FROM-NODE deny 1
 match ip address prefix-list RF-OUT
exit
route-map FROM-NODE deny 2
 match ipv6 address prefix-list RF-OUT6
exit
"""

ADDED = """\
+ip prefix-list RF-OUT seq 5 deny 10.65.0.0/16 ge 26 le 26
+ip prefix-list RF-OUT seq 10 permit any
+ipv6 prefix-list RF-OUT6 seq 5 deny fd00:65::/48 ge 122 le 122
+ipv6 prefix-list RF-OUT6 seq 10 permit any
+route-map FROM-NODE deny 1
+ match ip address prefix-list RF-OUT
+exit
+!
+route-map FROM-NODE deny 2
+ match ipv6 address prefix-list RF-OUT6
+exit
+!
"""
