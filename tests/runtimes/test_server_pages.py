"""The pages of servers: the line that connects hypiler with one loads from a server that answers as that one does."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import config_of, write_tiny

pytest.importorskip("openai", reason="pip install 'hypiler[server]'")

from served_models import INFINITY, OLLAMA, TEI, VLLM, Kind, Served

PAGES = {"tei": TEI, "infinity": INFINITY, "vllm": VLLM, "ollama": OLLAMA}


@pytest.mark.parametrize(("name", "kind"), PAGES.items(), ids=PAGES)
def test_line_of_a_page_loads_what_the_server_serves(name: str, kind: Kind, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / f"docs/runtimes/{name}.md").read_text("utf-8")
    (line,) = re.findall(r"^```py glue\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    folder = write_tiny(tmp_path / "model")
    config: Any = config_of(tmp_path, encoding={"query_prefix": "q: ", "document_prefix": "d: "})
    with Served(kind) as served:
        names: dict[str, Any] = {"config": config}
        local = f'"{served.url}", local={str(folder)!r})'
        exec(re.sub(r'"http://localhost:\d+/v1"\)', lambda _: local, line), names)
        found = names["encoder"].encode_queries(["a b"])
    np.testing.assert_allclose(found, config.load("onnx", local=folder).encode_queries(["a b"]), atol=1e-6)
    assert "q: a b" in served.texts
