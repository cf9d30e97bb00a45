"""Adapters of frameworks: one module per framework, each with the framework's own base classes.

- `hypiler.frameworks.langchain`: LangChain, extra `hypiler[langchain]`; sparse vectors for its store of Qdrant are in
  `hypiler.frameworks.langchain_qdrant`
- `hypiler.frameworks.llama_index`: LlamaIndex, extra `hypiler[llama-index]`
- `hypiler.frameworks.haystack`: Haystack, extra `hypiler[haystack]`

Each adapter takes a loaded encoder, a config or the id of a shipped model. Its method `check` compares the stamp of an
index with the encoder. docs/frameworks has a page per framework.

This package itself imports nothing.
"""

__all__: list[str] = []
