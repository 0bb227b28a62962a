"""A BiLSTM named-entity recogniser for spaCy.

spaCy finds the factory, the architectures and the colours through the entry points in setup.cfg, so
nothing has to be imported to use a pipeline.
"""
