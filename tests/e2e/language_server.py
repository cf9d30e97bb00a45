"""An editor without a window: it asks a real language server what a user would see while typing.

    with Editor(project, python) as editor:
        editor.completions("main.py", 'config = from_registry("▮')
        editor.hover("main.py", "NOMIC▮_EMBED_V1_5")

The text of a file ends or goes on at the cursor, which is the character `▮`. The server is basedpyright's, and the
conversation is that of the Language Server Protocol: messages of JSON-RPC, each after a header with its length.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

CURSOR = "▮"


class Editor:
    """A language server for one project, whose packages are those of the environment of `python`."""

    def __init__(self, project: Path, python: Path) -> None:
        self.project = project
        self._settings = {"pythonPath": str(python), "analysis": {"typeCheckingMode": "standard"}}
        self._last_id = 0
        self._open: dict[str, int] = {}
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        self._server = subprocess.Popen(
            [Path(sys.executable).with_name("basedpyright-langserver"), "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )

    def __enter__(self) -> Self:
        folder = {"uri": self.project.as_uri(), "name": self.project.name}
        abilities = {
            "workspace": {"configuration": True, "workspaceFolders": True},
            "textDocument": {"hover": {"contentFormat": ["plaintext"]}, "diagnostic": {}},
        }
        self._ask(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": folder["uri"],
                "workspaceFolders": [folder],
                "capabilities": abilities,
            },
        )
        self._send({"method": "initialized", "params": {}})
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.kill()
        self._server.communicate()

    def completions(self, name: str, text: str) -> list[str]:
        """What the server offers at the cursor of the text, in the order of the list that an editor shows."""
        found = self._ask("textDocument/completion", self._type(name, text))
        items = found["items"] if isinstance(found, dict) else found or []
        return [item["label"] for item in sorted(items, key=lambda item: item.get("sortText", item["label"]))]

    def hover(self, name: str, text: str) -> str:
        """What an editor shows about the word at the cursor; empty if it shows nothing."""
        found = self._ask("textDocument/hover", self._type(name, text))
        return found["contents"]["value"] if found else ""

    def errors(self, name: str, text: str) -> list[str]:
        """The first line of each error that an editor marks in the text, in order."""
        found = self._ask("textDocument/diagnostic", self._type(name, text))
        return [item["message"].partition("\n")[0] for item in found["items"] if item["severity"] == 1]

    def _type(self, name: str, text: str) -> dict[str, Any]:
        """Give the file this text without the cursor; the position of the cursor, or of the end, in it."""
        before, _, after = text.partition(CURSOR)
        document = {"uri": (self.project / name).as_uri()}
        version = self._open[name] = self._open.get(name, 0) + 1
        if version == 1:
            opened = {**document, "languageId": "python", "version": version, "text": before + after}
            self._send({"method": "textDocument/didOpen", "params": {"textDocument": opened}})
        else:
            params = {"textDocument": {**document, "version": version}, "contentChanges": [{"text": before + after}]}
            self._send({"method": "textDocument/didChange", "params": params})
        line = before.rpartition("\n")[2]
        return {"textDocument": document, "position": {"line": before.count("\n"), "character": len(line)}}

    def _ask(self, method: str, params: dict[str, Any]) -> Any:
        """The result of a request. Questions of the server that come before it are answered."""
        self._last_id += 1
        self._send({"id": self._last_id, "method": method, "params": params})
        while True:
            message = self._receive()
            if "method" in message and "id" in message:
                self._send({"id": message["id"], "result": self._answer(message)})
            elif message.get("id") == self._last_id:
                assert "error" not in message, message
                return message["result"]

    def _answer(self, question: dict[str, Any]) -> Any:
        if question["method"] != "workspace/configuration":
            return None
        found = {"python": self._settings, "basedpyright.analysis": self._settings["analysis"]}
        return [found.get(item["section"], {}) for item in question["params"]["items"]]

    def _send(self, message: dict[str, Any]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._server.stdin is not None
        self._server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
        self._server.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        stream = self._server.stdout
        assert stream is not None
        length = 0
        while (line := stream.readline()) != b"\r\n":
            assert line, "the language server has ended"
            name, _, value = line.decode("ascii").partition(":")
            if name.lower() == "content-length":
                length = int(value)
        message: dict[str, Any] = json.loads(stream.read(length))
        return message
