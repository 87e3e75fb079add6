"""The alerts speak of metrics that there are, and go off when they should, as promtool judges."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from audit_reports import clean, every_kind, half_unknown, interrupted
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML

from runbooks.reports.prometheus import render

if TYPE_CHECKING:
    from runbooks.audit_report import AuditReport

CHECKOUT = Path(__file__).parents[2]
RULES = CHECKOUT / "runbooks" / "ready" / "prometheus" / "ringfence.rules.yml"

#: When the audits of the tests ended, in minutes after the clock of promtool's tests begins.
ENDED = 1795428007.25


def rules() -> list[dict[str, Any]]:
    (group,) = YAML(typ="safe").load(RULES.read_text(encoding="utf-8"))["groups"]
    return list(group["rules"])


def test_every_metric_and_label_is_one_that_there_is() -> None:
    labels: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(render(every_kind())):
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
    for rule in rules():
        used = re.findall(r"ringfence_\w+", rule["expr"])
        assert used, rule["alert"]
        assert set(used) <= labels.keys()
        told = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        assert told <= set.intersection(*(labels[name] for name in used))
        for name, matched in re.findall(r"(ringfence_\w+)\{(.*?)\}", rule["expr"]):
            assert set(re.findall(r"(\w+)=", matched)) <= labels[name]


def test_every_page_that_is_named_is_there() -> None:
    assert [
        one["alert"] for one in rules() if not (CHECKOUT / one["annotations"]["runbook"]).is_file()
    ] == []


def series(report: AuditReport, moved: float) -> list[dict[str, str]]:
    """Return the metrics of ``report`` for promtool, with times moved so that it ended at 0."""
    found = []
    for family in text_string_to_metric_families(render(report)):
        for sample in family.samples:
            labels = ",".join(f"{key}={json.dumps(value)}" for key, value in sample.labels.items())
            is_time = family.name.endswith("time_seconds")
            value = sample.value - moved if is_time else sample.value
            found.append({"series": f"{sample.name}{{{labels}}}", "values": f"{value:g}x1000"})
    return found


@pytest.mark.parametrize(
    ("report", "minute", "alerts"),
    [
        (clean(), 150, []),
        # The timer died: nothing is written any more.
        (clean(), 200, ["RingfenceNotAudited"]),
        (every_kind(), 1, ["RingfenceLeak"]),
        (every_kind(), 100, ["RingfenceDrift", "RingfenceLeak"]),
        (half_unknown(), 100, ["RingfenceDeviceUnknown", "RingfenceLeak", "RingfenceNotAudited"]),
        # No audit was whole so far.
        (interrupted(), 10, ["RingfenceNotAudited"]),
        (None, 100, []),
        (None, 130, ["RingfenceNoMetrics"]),
    ],
)
def test_which_alerts_go_off(
    report: AuditReport | None, minute: int, alerts: list[str], tmp_path: Path
) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("needs promtool: sudo apt-get install prometheus")
    # promtool wants to know labels and texts as well; they are judged above, so here they are bare.
    bare = [{key: one[key] for key in ("alert", "expr", "for") if key in one} for one in rules()]
    for one in bare:
        # One alert of each name, whoever it is about.
        one["expr"] = f"count({one['expr']}) > 0"
    names = sorted(one["alert"] for one in bare)
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "g", "rules": bare}]}))
    test = {
        "interval": "1m",
        "input_series": [] if report is None else series(report, ENDED),
        "alert_rule_test": [
            {
                "eval_time": f"{minute}m",
                "alertname": name,
                "exp_alerts": [{"exp_labels": {}}] if name in alerts else [],
            }
            for name in names
        ],
    }
    whole = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [test]}
    (tmp_path / "test.yml").write_text(json.dumps(whole))
    command = [promtool, "test", "rules", "test.yml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_takes_the_rules() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("needs promtool: sudo apt-get install prometheus")
    command = [promtool, "check", "rules", str(RULES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"SUCCESS: {len(rules())} rules found" in done.stdout
