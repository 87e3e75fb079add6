"""Runs the jobs of the ready CI files as a runner would: :class:`GitHub`, :class:`GitLab`.

The commands are the files' own and run in a real shell; what the platform itself does (checkout,
artifacts, conditions, variables) is done here. Law: ``ran`` has every command that was run, so that
a test can say that none was left out.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ci_expressions
from forge import TOKEN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forge import Forge

_PATH = f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(slots=True)
class Job:
    """How a job ended: the exit code of the first step that failed, or 0, and all that it said."""

    folder: Path
    code: int = 0
    log: str = ""
    summary: str = ""

    def run(self, script: str, shell: list[str], environment: Mapping[str, str]) -> None:
        """Run one script in the job's folder, and note how it ended."""
        file = self.folder.parent / "script.sh"
        file.write_text(script, encoding="utf-8")
        done = subprocess.run(
            [*shell, str(file)],
            cwd=self.folder,
            env={"PATH": _PATH, "HOME": str(self.folder.parent), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.log += done.stdout
        self.code = self.code or done.returncode


def _workspace(folder: Path, repository: Path) -> Path:
    """Return a fresh copy of ``repository``, as checkout leaves it."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "temp").mkdir(parents=True)
    shutil.copytree(repository, folder / "work")
    return folder / "work"


@dataclass(slots=True)
class GitHub:
    """A self-hosted runner of GitHub Actions with one repository."""

    workflow: dict[str, Any]
    forge: Forge
    repository: Path
    folder: Path
    settings: dict[str, str]
    ran: set[tuple[str, str]] = field(default_factory=set)

    def jobs(self, event: str, **facts: object) -> list[str]:
        """Return the jobs that an event starts."""
        known = self._known(event, facts)
        jobs: dict[str, Any] = self.workflow["jobs"]
        return [name for name, job in jobs.items() if ci_expressions.github(job["if"], known)]

    def run(self, name: str, event: str, **facts: object) -> Job:
        """Run a job that an event starts."""
        assert self.jobs(event, **facts) == [name]
        known = self._known(event, facts)
        job = Job(_workspace(self.folder, self.repository))
        temp = self.folder / "temp"
        for one in ("env", "output", "summary"):
            (temp / one).touch()
        for step in self.workflow["jobs"][name]["steps"]:
            condition = step.get("if", "success()")
            if not ci_expressions.github(condition, known, failed=bool(job.code)):
                continue
            if "uses" in step:
                self._use(step, job, known)
                continue
            self.ran.add((name, step["name"]))
            environment = self._environment(step, known)
            shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail"]
            job.run(step["run"], shell, {**environment, **_pairs(temp / "env")})
            for key, value in _pairs(temp / "output").items():
                known[f"steps.{step.get('id')}.outputs.{key}"] = value
            (temp / "output").write_text("", encoding="utf-8")
        job.summary = (temp / "summary").read_text(encoding="utf-8")
        return job

    def _known(self, event: str, facts: Mapping[str, object]) -> dict[str, object]:
        request = "github.event.pull_request"
        return {
            "vars.RINGFENCE_SITE": "",
            "vars.RINGFENCE_CONFIGS": "",
            "secrets.RINGFENCE_PASSWORD": "",
            "secrets.RINGFENCE_SSH_KEY": "",
            "secrets.RINGFENCE_WEBHOOK_URL": "",
            **self.settings,
            "github.event_name": event,
            "github.repository": "acme/network",
            "github.token": TOKEN,
            "github.event.action": facts.get("action", ""),
            "github.event.number": facts.get("number", ""),
            f"{request}.merged": facts.get("merged", False),
            f"{request}.merge_commit_sha": "merge",
            f"{request}.labels.*.name": facts.get("labels", []),
            f"{request}.head.sha": facts.get("head", ""),
            f"{request}.head.repo.full_name": facts.get("source", "acme/network"),
        }

    def _environment(self, step: Mapping[str, Any], known: Mapping[str, object]) -> dict[str, str]:
        temp = self.folder / "temp"
        given = {**self.workflow["env"], **step.get("env", {})}
        return {
            "GITHUB_API_URL": self.forge.url,
            "GITHUB_REPOSITORY": "acme/network",
            "GITHUB_ENV": str(temp / "env"),
            "GITHUB_OUTPUT": str(temp / "output"),
            "GITHUB_STEP_SUMMARY": str(temp / "summary"),
            "RUNNER_TEMP": str(temp),
            **{key: _filled(str(value), known) for key, value in given.items()},
        }

    def _use(self, step: Mapping[str, Any], job: Job, known: Mapping[str, object]) -> None:
        """Do what one of GitHub's own actions does."""
        given = {key: _filled(str(value), known) for key, value in step["with"].items()}
        match re.split("[/@]", step["uses"])[1]:
            case "checkout":
                pass
            case "upload-artifact":
                found = {one.name: one.read_bytes() for one in job.folder.glob(given["path"])}
                if found:
                    head = str(known["github.event.pull_request.head.sha"])
                    self.forge.keep(given["name"], found, head=head)
                elif given["if-no-files-found"] == "error":
                    job.code = job.code or 1
            case "download-artifact":
                (artifact,) = [
                    one
                    for one in self.forge.artifacts
                    if (str(one.number), str(one.run)) == (given["artifact-ids"], given["run-id"])
                ]
                folder = job.folder / given["path"]
                folder.mkdir()
                for name, content in artifact.files.items():
                    (folder / name).write_bytes(content)
            case other:
                raise AssertionError(f"no runner here does {other}")


def _filled(text: str, known: Mapping[str, object]) -> str:
    return re.sub(r"\$\{\{.*?\}\}", lambda one: str(ci_expressions.github(one[0], known)), text)


def _pairs(path: Path) -> dict[str, str]:
    pairs = (line.partition("=") for line in path.read_text(encoding="utf-8").splitlines())
    return {key: value for key, _, value in pairs}


@dataclass(slots=True)
class GitLab:
    """A runner of GitLab's with one project."""

    pipeline: dict[str, Any]
    forge: Forge
    repository: Path
    folder: Path
    settings: dict[str, str]
    ran: set[tuple[str, str]] = field(default_factory=set)

    def jobs(self, source: str, **variables: str) -> list[str]:
        """Return the jobs of the pipeline that an event makes; none where it makes no pipeline."""
        known = self._variables(source, variables)
        for rule in self.pipeline["workflow"]["rules"]:
            if ci_expressions.gitlab(rule["if"], known):
                if rule.get("when") == "never":
                    return []
                break
        else:
            return []
        return [
            name
            for name, job in self.pipeline.items()
            if name.startswith("ringfence-")
            and any(ci_expressions.gitlab(rule["if"], known) for rule in job["rules"])
        ]

    def run(self, name: str, source: str, **variables: str) -> Job:
        """Run a job of the pipeline that an event makes."""
        assert self.jobs(source, **variables) == [name]
        known = self._variables(source, variables)
        job = Job(_workspace(self.folder, self.repository))
        given = self.pipeline[name]
        lines = [*self.pipeline["default"]["before_script"], *given["script"]]
        self.ran |= {(name, line) for line in given["script"]}
        job.run("\n".join(lines), ["bash", "-eo", "pipefail"], known)
        kept = given.get("artifacts")
        if kept and (job.code == 0 or kept["when"] == "always"):
            found = {one: job.folder / one for one in (*kept["paths"], kept["reports"]["junit"])}
            files = {one: path.read_bytes() for one, path in found.items() if path.exists()}
            # Only those of a pipeline that ended well are found by their ref.
            head = variables.get("CI_MERGE_REQUEST_IID", "") if job.code == 0 else "failed"
            self.forge.keep(name, files, head=head)
        return job

    def _variables(self, source: str, variables: Mapping[str, str]) -> dict[str, str]:
        return {
            "CI_API_V4_URL": f"{self.forge.url}/api/v4",
            "CI_PROJECT_ID": "7",
            "CI_DEFAULT_BRANCH": "main",
            "CI_PIPELINE_SOURCE": source,
            "RINGFENCE_TOKEN": TOKEN,
            **self.settings,
            **variables,
        }
