"""Whole collections of texts: Arrow tables in, Arrow tables with entities out. Needs the extra `[bulk]`."""

from .annotator import Annotator as Annotator
