"""Whole collections of texts: Arrow tables in, Arrow tables with entities out. Needs the extra `[bulk]`."""

from ..errors import UserError

try:
    import pyarrow  # noqa: F401
except ModuleNotFoundError as error:
    raise UserError("This needs pyarrow: pip install 'spacy-bilstm-ner[bulk]'") from error

from .annotator import Annotator as Annotator
