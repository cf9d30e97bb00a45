"""The example that ranks documents for queries, run as a user runs it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from golden import golden

import hypiler
from hypiler import ModelConfig

EXAMPLE = Path(__file__).parents[2] / "examples/registry_similarity.py"
# What sentence-transformers says of the same texts.
EXPECTED = [[0.7770, 0.2834, 0.3960, 0.3389], [0.5040, 0.5231, 0.3549, 0.3363], [0.3140, 0.0971, 0.7478, 0.2748]]
PRINTED = """\
sentence-transformers/all-MiniLM-L6-v2, 384 dimensions, by onnx; space {space}

            D1        D2        D3        D4
Q1      {}    {}    {}    {}
Q2      {}    {}    {}    {}
Q3      {}    {}    {}    {}

What is machine learning?
  1. {}  Machine learning is a branch of artificial intelligence that learns patterns from data
  2. {}  Natural language processing lets computers read, understand and write human language
  3. {}  A computer vision system recognizes objects in images and videos
  4. {}  Deep learning trains neural networks with many layers, each on the output of the one before

How does deep learning work?
  1. {}  Deep learning trains neural networks with many layers, each on the output of the one before
  2. {}  Machine learning is a branch of artificial intelligence that learns patterns from data
  3. {}  Natural language processing lets computers read, understand and write human language
  4. {}  A computer vision system recognizes objects in images and videos

Explain natural language processing
  1. {}  Natural language processing lets computers read, understand and write human language
  2. {}  Machine learning is a branch of artificial intelligence that learns patterns from data
  3. {}  A computer vision system recognizes objects in images and videos
  4. {}  Deep learning trains neural networks with many layers, each on the output of the one before
"""
SCORE = r"\d\.\d{4}"


def run(*arguments: object, options: tuple[str, ...] = (), **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *options, str(EXAMPLE), *map(str, arguments)]
    variables = os.environ | {"HF_HUB_OFFLINE": "1", "COLUMNS": "80"} | environment
    return subprocess.run(command, env=variables, capture_output=True, text=True, encoding="utf-8", check=False)


# The example on a registry without a lock: the ONNX file of the tests is not that of the repository.
WITHOUT_LOCK = """
import runpy, sys
import hypiler
record = hypiler.Registry.load(sys.argv[1])["all-minilm-l6-v2"]
hypiler.ModelConfig.from_registry = lambda id, *, dimension: hypiler.ModelConfig.from_model(record, dimension)
del sys.argv[:2]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_documents_are_ranked_for_each_query(minilm_onnx: Path, tmp_path: Path) -> None:
    copied = shutil.copy(EXAMPLE.parents[1] / "models.json", tmp_path)
    done = run("all-minilm-l6-v2", "--local", minilm_onnx, options=("-c", WITHOUT_LOCK, copied))
    assert (done.returncode, done.stderr) == (0, "")
    scores = [float(score) for score in re.findall(SCORE, done.stdout)]
    ranked = [sorted(row, reverse=True) for row in EXPECTED]
    np.testing.assert_allclose(scores, np.concatenate([*EXPECTED, *ranked]), atol=2e-4)
    printed = re.sub(r"space d2-[0-9a-f]{16}$", "space {space}", done.stdout, flags=re.MULTILINE)
    assert re.sub(SCORE, "{}", printed) == PRINTED


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["all-minilm-l6-v3"],
            "no model 'all-minilm-l6-v3' in the shipped registry of hypiler; did you mean 'all-minilm-l6-v2'?",
        ),
        (["bert"], "no model 'bert' in the shipped registry of hypiler"),
        (
            ["snowflake-arctic-l", "--dimension", "100"],
            "'snowflake-arctic-l' has no vectors of dimension 100; choose one of: 256, 1024",
        ),
        (
            ["snowflake-arctic-embed-xs", "--local", "{folder}"],
            "`encoding.pooling` of `snowflake-arctic-embed-xs` is 'cls' in the registry and 'mean' in the model's files"
            " ({folder}): one of them is wrong",
        ),
        (
            ["all-minilm-l6-v2", "--local", "{folder}/nothing", "--engine", "onnx"],
            "`local` must be a folder with the files of `all-minilm-l6-v2`; {folder}/nothing does not exist",
        ),
        (
            ["all-minilm-l6-v2", "--local", "{folder}", "--engine", "model2vec"],
            "`model2vec` runs static models, and `all-minilm-l6-v2` is a dense one: use `onnx`, `sentence-transformers`"
            " or `fastembed`",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments: list[str], message: str, minilm_onnx: Path) -> None:
    done = run(*[argument.format(folder=minilm_onnx) for argument in arguments])
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == golden(f"error: {message.format(folder=minilm_onnx)}\n")


def test_without_engines_the_commands_that_install_them_are_named(minilm_onnx: Path) -> None:
    # Of what is installed, the interpreter finds hypiler alone.
    source = Path(hypiler.__file__).parents[1]
    done = run("all-minilm-l6-v2", "--local", minilm_onnx, options=("-S",), PYTHONPATH=str(source))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == golden(
        "error: no engine that is installed can run `all-minilm-l6-v2`, a dense model; install one of these, the best"
        " first: `onnx` (python -m pip install 'hypiler[onnx]'; it reads onnx/model.onnx), `sentence-transformers`"
        " (python -m pip install 'hypiler[sentence-transformers]'; it reads model.safetensors), `fastembed` (python -m"
        " pip install 'hypiler[fastembed]'; it reads onnx/model.onnx)\n"
    )


def test_help_says_what_it_does() -> None:
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: registry_similarity.py [-h] ")
    assert "\n\nRanks documents for queries with a model of the registry.\n\n" in done.stdout
