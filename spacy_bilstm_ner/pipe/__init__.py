"""The trainable pipe `bilstm_ner`. Importing it registers `span._.confidence`."""

from .confidence import register

register()
