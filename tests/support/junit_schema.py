"""What Jenkins' and GitLab's readers of JUnit XML agree on, as a schema: :data:`SCHEMA`.

The elements and attributes are those of junit-10.xsd of Jenkins' xunit plugin, without what only
reruns of Surefire have; counts are numbers here, and a time is in seconds. GitLab reads suites,
cases by class and name, and the first failure, error or skip of each
(https://docs.gitlab.com/ci/testing/unit_test_reports/).
"""

from __future__ import annotations

from lxml import etree

_RESULT = """
  <define name="{0}"><element name="{0}">
    <optional><attribute name="type"/></optional>
    <optional><attribute name="message"/></optional>
    <text/>
  </element></define>"""

_TEXT = '<define name="{0}"><element name="{0}"><text/></element></define>'

_COUNT = '<attribute name="{0}"><data type="nonNegativeInteger"/></attribute>'

_SECONDS = '<optional><attribute name="time"><data type="decimal"/></attribute></optional>'

SCHEMA = etree.RelaxNG(
    etree.fromstring(
        f"""
<grammar xmlns="http://relaxng.org/ns/structure/1.0"
    datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes">
  <start><element name="testsuites">
    <optional><attribute name="name"/></optional>
    {_SECONDS}
    {_COUNT.format("tests")}{_COUNT.format("failures")}{_COUNT.format("errors")}
    <zeroOrMore><ref name="testsuite"/></zeroOrMore>
  </element></start>
  <define name="testsuite"><element name="testsuite">
    <attribute name="name"/>
    {_COUNT.format("tests")}{_COUNT.format("failures")}{_COUNT.format("errors")}
    <optional>{_COUNT.format("skipped")}</optional>
    {_SECONDS}
    <optional><attribute name="timestamp"><data type="dateTime"/></attribute></optional>
    <optional><attribute name="hostname"/></optional>
    <zeroOrMore><choice>
      <ref name="properties"/><ref name="testcase"/>
      <ref name="system-out"/><ref name="system-err"/>
    </choice></zeroOrMore>
  </element></define>
  <define name="properties"><element name="properties"><zeroOrMore>
    <element name="property"><attribute name="name"/><attribute name="value"/></element>
  </zeroOrMore></element></define>
  <define name="testcase"><element name="testcase">
    <attribute name="name"/>
    <attribute name="classname"/>
    {_SECONDS}
    <optional><choice>
      <ref name="skipped"/><ref name="error"/><ref name="failure"/>
    </choice></optional>
    <optional><ref name="system-out"/></optional>
    <optional><ref name="system-err"/></optional>
  </element></define>
  {"".join(_RESULT.format(name) for name in ("failure", "error", "skipped"))}
  {"".join(_TEXT.format(name) for name in ("system-out", "system-err"))}
</grammar>"""
    )
)
