"""Read labelled files.

A source becomes Docs in steps. Each step returns new records and a `Report` of its own.

| step | module | from -> to |
|---|---|---|
| unpack | `unpack`, `encoding` | path -> `Content` |
| read | a reader for each container | `read_X(content, options)` -> records and what was left out |
| unite | `conflicts` | several annotations of one text -> one |
| count offsets | `offsets.to_characters(texts, options)` | offsets of any unit -> characters |
| find words | `docs` | `TextWithSpans` -> `TaggedWords` in BIO, with a tokenizer |
| read tags | `sentences.build(sentences, options)` | tags of any scheme -> BIO |

`read` does all of it. Tables whose rows hold a text and its entities go through
`exports.read_records(records, name, options)`, as JSON does: a record is a line and a dict.
"""

from .reading import read

__all__ = ["read"]
