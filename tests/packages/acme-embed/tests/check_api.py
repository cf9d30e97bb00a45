"""What users of acme-embed rely on, from one version to the next."""

import unittest

import acme_embed


class TestAPI(unittest.TestCase):
    def test_models_are_found_by_id(self) -> None:
        self.assertEqual(acme_embed.MODELS["nomic-embed-v1.5"].license, "Apache-2.0")
        self.assertNotIn("gpt-4", acme_embed.MODELS)

    def test_functions_take_an_id(self) -> None:
        self.assertEqual(acme_embed.dimension("bge-small-en-v1.5"), 384)
        self.assertEqual(acme_embed.query_text("e5-small-v2", "cats"), "query: cats")


if __name__ == "__main__":
    unittest.main()
