"""Promises, and the attempts to break each: `python -m tests.prove` makes all of them."""
