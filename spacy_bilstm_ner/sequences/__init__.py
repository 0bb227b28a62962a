"""Sequences of words and tags, computed with numpy: gold tags, losses, decoding."""
