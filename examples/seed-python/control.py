"""Modelyard's control API: JSON over HTTP, and files by their digests."""

import hashlib
import time
from collections.abc import Callable
from typing import Any

import urllib3

PART_BYTES = 8 * 1024 * 1024
PATIENCE_S = 60.0
POLL_S = 0.2


class Modelyard:
    """A server, as the holder of a key sees it."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self.headers = {"Authorization": f"Bearer {key}"}

    def get(self, path: str, **query: Any) -> Any:
        return self._request("GET", path, fields=query)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._request("POST", path, json=body)

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        return self._request("PATCH", path, json=body)

    def upload(self, content: bytes) -> str:
        """Sends a file in parts, from where an earlier try stopped; returns the digest."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        path = f"/api/v1/blobs/{digest}"
        state = self.get(path)
        while not state["complete"]:
            part = content[state["bytes"] : state["bytes"] + PART_BYTES]
            share = f"bytes {state['bytes']}-{state['bytes'] + len(part) - 1}/{len(content)}"
            headers = {"Content-Type": "application/octet-stream", "Content-Range": share}
            state = self._request("PUT", path, body=part, headers=headers)
        return digest

    def _request(self, method: str, path: str, **content: Any) -> Any:
        headers = self.headers | content.pop("headers", {})
        answer = urllib3.request(method, self.url + path, headers=headers, **content)
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.data.decode()}")
        return answer.json()


def until(is_so: Callable[[], bool]) -> None:
    """Waits until it is so; raises TimeoutError when it is not within a minute."""
    give_up_at = time.monotonic() + PATIENCE_S
    while not is_so():
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"nothing came of it within {PATIENCE_S:.0f} s")
        time.sleep(POLL_S)
