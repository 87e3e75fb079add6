"""A code host's API on loopback, as far as the ready CI files speak to it: :class:`Forge`.

It stands for GitHub and for GitLab at once. Law: who has no token is refused, and a path that
neither has is an error, so that a workflow can't pass by asking nobody.
"""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TOKEN = "the-token-of-this-test"
BOT = "github-actions[bot]"
BOT_ID = 77
_REPOSITORY = 7


@dataclass(slots=True)
class Comment:
    """One comment of a request."""

    number: int
    body: str
    login: str
    author: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One artifact of GitHub's, or of GitLab's where ``name`` is a job's."""

    number: int
    name: str
    run: int
    head: str
    files: dict[str, bytes]
    is_foreign: bool = False


@dataclass(slots=True)
class Forge:
    """What the code host knows; ``merged`` is commit -> number of the request that brought it."""

    url: str = ""
    comments: dict[int, list[Comment]] = field(default_factory=dict)
    artifacts: list[Artifact] = field(default_factory=list)
    merged: dict[str, int] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    _last: int = 100

    def number(self) -> int:
        """Return a number that nothing has yet."""
        self._last += 1
        return self._last

    def say(self, request: int, body: str, *, login: str = "reviewer", author: int = 5) -> Comment:
        """Add a comment to a request."""
        comment = Comment(self.number(), body, login, author)
        self.comments.setdefault(request, []).append(comment)
        return comment

    def keep(self, name: str, files: dict[str, bytes], *, head: str, foreign: bool = False) -> None:
        """Keep an artifact of a run on the commit ``head``."""
        number, run = self.number(), self.number()
        self.artifacts.append(
            Artifact(number=number, name=name, run=run, head=head, files=files, is_foreign=foreign)
        )

    def bodies(self, request: int) -> list[str]:
        """Return the texts of a request's comments."""
        return [one.body for one in self.comments.get(request, [])]

    def _listed(self, request: int) -> list[dict[str, Any]]:
        return [_shown(one) for one in self.comments.get(request, [])]

    def _edited(self, number: int, body: str) -> dict[str, Any]:
        found = [one for those in self.comments.values() for one in those if one.number == number]
        found[0].body = body
        return _shown(found[0])

    def _github_artifacts(self, name: str) -> dict[str, Any]:
        found = [
            {
                "id": one.number,
                "name": one.name,
                "expired": False,
                "created_at": f"2026-01-01T00:00:00.{one.number:06}Z",
                "workflow_run": {
                    "id": one.run,
                    "head_sha": one.head,
                    "repository_id": _REPOSITORY,
                    "head_repository_id": 666 if one.is_foreign else _REPOSITORY,
                },
            }
            for one in self.artifacts
            if one.name == name
        ]
        # Newest first, as GitHub lists them.
        return {"total_count": len(found), "artifacts": found[::-1]}

    def _gitlab_file(self, ref: str, name: str, job: str) -> bytes | None:
        """Return a file of the newest ``job`` on ``ref``."""
        found = [one.files for one in self.artifacts if (one.name, one.head) == (job, ref)]
        return found[-1].get(name) if found else None

    def answer(self, method: str, path: str, query: dict[str, str], content: bytes) -> Any:  # noqa: ANN401
        """Return the JSON value, or the bytes, that a request is answered with; None: not found."""
        for (verb, pattern), reply in self._routes(query, content).items():
            if verb == method and (match := re.fullmatch(pattern, path)):
                return reply(*match.groups())
        self.unknown.append(f"{method} {path}")
        return None

    def _routes(
        self, query: dict[str, str], content: bytes
    ) -> dict[tuple[str, str], Callable[..., Any]]:
        github, gitlab = r"/repos/acme/network", rf"/api/v4/projects/{_REPOSITORY}"

        def json_body() -> str:
            return str(json.loads(content)["body"])

        def form_body() -> str:
            return parse_qs(content.decode())["body"][0]

        def ours(request: str, body: str) -> dict[str, Any]:
            return _shown(self.say(int(request), body, login=BOT, author=BOT_ID))

        return {
            ("GET", rf"{github}/issues/(\d+)/comments"): lambda n: self._listed(int(n)),
            ("POST", rf"{github}/issues/(\d+)/comments"): lambda n: ours(n, json_body()),
            ("PATCH", rf"{github}/issues/comments/(\d+)"): lambda n: self._edited(
                int(n), json_body()
            ),
            ("GET", rf"{github}/actions/artifacts"): lambda: self._github_artifacts(query["name"]),
            ("GET", r"/api/v4/user"): lambda: {"id": BOT_ID},
            ("GET", rf"{gitlab}/merge_requests/(\d+)/notes"): lambda n: self._listed(int(n)),
            ("POST", rf"{gitlab}/merge_requests/(\d+)/notes"): lambda n: ours(n, form_body()),
            ("PUT", rf"{gitlab}/merge_requests/\d+/notes/(\d+)"): lambda n: self._edited(
                int(n), form_body()
            ),
            ("GET", rf"{gitlab}/repository/commits/(\w+)/merge_requests"): lambda sha: (
                [{"iid": self.merged[sha], "state": "merged"}] if sha in self.merged else []
            ),
            (
                "GET",
                rf"{gitlab}/jobs/artifacts/refs%2Fmerge-requests%2F(\d+)%2Fhead/raw/([\w.]+)",
            ): lambda n, name: self._gitlab_file(n, name, query["job"]),
        }


def _shown(one: Comment) -> dict[str, Any]:
    """Return a comment with the fields of both, as far as they are asked for."""
    user = {"login": one.login, "id": one.author}
    return {"id": one.number, "body": one.body, "user": user, "author": user}


@contextmanager
def serving() -> Iterator[Forge]:
    """Yield a forge that listens on loopback."""
    forge = Forge()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            given = (self.headers.get("Authorization"), self.headers.get("PRIVATE-TOKEN"))
            if given not in {(f"Bearer {TOKEN}", None), (None, TOKEN)}:
                self._send(HTTPStatus.UNAUTHORIZED, b'{"message": "Bad credentials"}')
                return
            at = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(at.query).items()}
            found = forge.answer(self.command, at.path, query, content)
            if found is None:
                self._send(HTTPStatus.NOT_FOUND, b'{"message": "404 Not found"}')
            else:
                text = found if isinstance(found, bytes) else json.dumps(found).encode()
                self._send(HTTPStatus.OK, text)

        do_GET = do_POST = do_PUT = do_PATCH = _serve  # noqa: N815 - http.server's names

        def _send(self, status: HTTPStatus, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        forge.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield forge
        server.shutdown()
        thread.join()
