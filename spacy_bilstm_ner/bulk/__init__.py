"""Annotate collections of texts: Arrow tables and files. Needs the extra `[bulk]`."""

from .annotator import Annotator as Annotator
