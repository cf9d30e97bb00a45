"""Asks the hub for the files of models: reading them safely, and comparing, drafting and watching entries by them."""
