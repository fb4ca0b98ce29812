"""Gateways for tests: a stand-in that answers what a real one answered once, and how to start the real one."""

import json
import shutil
import subprocess
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
# Recorded from the built worker on workerd, behind tests/support/gateway.mjs; the lists cut short.
RECORDED = json.loads((Path(__file__).parent / "fixtures" / "ledger.json").read_text(encoding="utf-8"))
TOKEN = "admin-token-0123456789"  # noqa: S105 - opens nothing

# Status, body, headers; or what makes them of path and parameters.
Answer = tuple[int, Any, dict[str, str]]
Answers = Callable[[str, dict[str, str]], Answer]


def recorded(path: str, query: dict[str, str]) -> Answer:
    """What the real one said."""
    name = path.rpartition("/")[2]
    if (name == "ledger" and "hours" in query) or name == "dead-letters":
        pages = RECORDED["lines" if name == "ledger" else "letters"]
        cursors = [None, *(body["cursor"] for _, body in pages if "cursor" in body)]
        status, body = pages[cursors.index(query.get("cursor"))]
    else:
        status, body = RECORDED.get(name) or RECORDED["refused"]["path"]
    return status, body, {}


class Stub:
    """A server on this machine; ``asked`` has what it was asked for: path, parameters, headers."""

    def __init__(self, answers: Answers = recorded) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict[str, str], dict[str, str]]] = []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urllib.parse.urlsplit(self.path)
                query = dict(urllib.parse.parse_qsl(parts.query))
                stub.asked.append((parts.path, query, dict(self.headers)))
                if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    status, body, headers = *RECORDED["refused"]["token"], {}
                else:
                    status, body, headers = stub.answers(parts.path, query)
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)
                self.close_connection = True

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def stub(answers: Answers = recorded) -> Iterator[Stub]:
    """A stand-in for as long as the block lasts."""
    made = Stub(answers)
    try:
        yield made
    finally:
        made.close()


def is_built() -> bool:
    """Whether there is a worker to start."""
    return (
        (ROOT / "worker/build/index.js").is_file() and (ROOT / "node_modules").exists() and bool(shutil.which("node"))
    )


@contextmanager
def gateway() -> Iterator[dict[str, Any]]:
    """The built worker on workerd, with a shop's day in its ledger, for as long as the block lasts."""
    command = ["node", "tests/support/gateway.mjs"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line, "the gateway did not start; its own words are above"
            yield json.loads(line)
        finally:
            # It stops when nobody speaks to it any more.
            process.stdin.close()
            assert process.wait(30) == 0
