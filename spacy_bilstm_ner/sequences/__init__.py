"""Sequences of tags and words: tags, gold annotation, conditional random field, decoding. numpy only."""
