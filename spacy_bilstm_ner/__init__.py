"""A BiLSTM named-entity recogniser for spaCy.

Nothing needs to be imported from here: spaCy finds the factory, the architectures and the colours
through the entry points in setup.cfg.
"""
