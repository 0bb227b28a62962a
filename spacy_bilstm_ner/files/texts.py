"""Read unlabelled texts: a text on each line, or JSON records with a text."""

from collections.abc import Iterator
from pathlib import Path

from ..errors import UserError
from .encoding import decode
from .json_records import decode_values
from .options import Options
from .unpack import read_content


def read_texts(path: Path) -> Iterator[str]:
    """Yield the texts of a file, without empty ones.

    path (Path): A text on each line, or JSON with a "text" in each record.
    RAISES UserError: If the file cannot be read, or a record has no text.
    """
    content = decode(read_content(path), Options())
    if not content.text.lstrip().startswith(("[", "{")):
        yield from filter(None, map(str.strip, content.text.split("\n")))
        return
    for line, value in decode_values(content):
        for record in value if isinstance(value, list) else [value]:
            text = record.get("text") if isinstance(record, dict) else record
            if not isinstance(text, str):
                raise UserError(
                    f"{content.name}, line {line}: expected a record with a text, such as "
                    '{"text": "…"}.'
                )
            if text.strip():
                yield text
