"""How a labelled file is to be read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import UserError

CHOICES = {
    "format": ("csv", "conll", "json", "spacy", "excel", "parquet", "brat", "pubtator"),
    "sentences": ("gather", "runs", "starts"),
    "unit": ("characters", "words", "utf16", "bytes"),
    "conflicts": ("first", "drop"),
    "nested": ("outer", "inner", "longest"),
}
# Keys of `fields`: the parts of a record of a JSON export, and of an entity
FIELDS = ("text", "entities", "start", "end", "label", "own_text", "words", "tags", "id")


@dataclass(frozen=True)
class Options:
    """What the user says about files. By default, everything is detected.

    format (Optional[str]): One of CHOICES["format"].
    encoding (str): Name of an encoding, or "auto".
    sep (Optional[str]): The character between two fields.
    no_quotes (bool): Read a quotation mark as a plain character.
    member (Optional[str]): Name of the file to read in a zip that has several.
    sheet (Optional[str]): Name of the sheet to read in an Excel file.
    sentence_column (Sequence[str]): Names of the columns that number the sentences.
    word_column, tag_column, text_column (Optional[str]): Names of these columns; their numbers,
        from 1, in a file without a header.
    sentences (Optional[str]): How a column of numbers divides rows into sentences. "gather": all
        rows with the same number form a sentence. "runs": each consecutive run of a number does.
        "starts": each non-empty cell starts a sentence.
    fields (Mapping[str, str]): For a JSON export: key of FIELDS -> the export's own key. A path has
        dots: "data.text".
    unit (Optional[str]): What offsets count, one of CHOICES["unit"]; None to detect.
    end_inclusive (Optional[bool]): Whether the end is the last character rather than the one after.
    shift (int): Number that is added to each offset.
    outside (Optional[Sequence[str]]): The tags that mean "in no entity".
    tag_names (Sequence[str]): Names of the tags 0, 1, 2 …
    strict (bool): Accept only the tags O, B-x, and I-x after B-x or I-x.
    label (Mapping[str, str]): Label in the file -> its new name, or "" to drop its entities.
    annotated (Sequence[str]): Labels that were looked for, such as "MED,DOSIS" for all files and
        "old.csv=MED" for one.
    strip (Sequence[str]): Marks to remove from words: "##" joins word pieces, "_" becomes a space,
        "digits" removes the last digit of a word.
    skip_empty (bool): Leave out texts without an entity.
    conflicts (Optional[str]): What to do with different annotations of one text: take the "first",
        or "drop" the text.
    nested (Optional[str]): Which of several overlapping entities to keep: "outer", "inner" or
        "longest".
    RAISES UserError: If a value is not one of its choices.
    """

    format: str | None = None
    encoding: str = "auto"
    sep: str | None = None
    no_quotes: bool = False
    member: str | None = None
    sheet: str | None = None
    sentence_column: Sequence[str] = ()
    word_column: str | None = None
    tag_column: str | None = None
    text_column: str | None = None
    sentences: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    unit: str | None = None
    end_inclusive: bool | None = None
    shift: int = 0
    outside: Sequence[str] | None = None
    tag_names: Sequence[str] = ()
    strict: bool = False
    label: Mapping[str, str] = field(default_factory=dict)
    annotated: Sequence[str] = ()
    strip: Sequence[str] = ()
    skip_empty: bool = False
    conflicts: str | None = None
    nested: str | None = None

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            if value is not None and value not in choices:
                raise UserError(f"{name} must be one of {', '.join(choices)}, but it is {value!r}.")
        for name in ("word_column", "tag_column", "text_column"):
            if isinstance(getattr(self, name), int):  # in a config, a number may be written as one
                self._set(name, str(getattr(self, name)))
        for name in ("sentence_column", "outside", "annotated", "strip", "tag_names"):
            if isinstance(getattr(self, name), str):
                self._set(name, (getattr(self, name),))
        if self.sep in ("tab", r"\t"):
            self._set("sep", "\t")
        if unknown := sorted(set(self.fields) - set(FIELDS)):
            raise UserError(
                f"fields must have keys of {', '.join(FIELDS)}, but it has {', '.join(unknown)}."
            )

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def labels_looked_for(self, name: str) -> tuple[str, ...] | None:
        """Return the labels that were looked for in a file, None for all labels.

        name (str): Name of the file in messages.
        """
        labels = None
        for annotated in self.annotated:
            file, equals, of_file = annotated.rpartition("=")
            if not equals:
                labels = annotated
            elif file in (name, Path(name).name):
                labels = of_file
                break
        return None if labels is None else tuple(label.strip() for label in labels.split(","))


def parse_pairs(option: str, values: Sequence[str]) -> dict[str, str]:
    """Return "PERSON=per" as {"PERSON": "per"}.

    option (str): Name of the option, for the message.
    RAISES UserError: If a value has no "=".
    """
    pairs = {}
    for value in values:
        name, equals, new_name = value.partition("=")
        if not equals:
            raise UserError(f"{option} takes OLD=NEW, such as PERSON=per, but it is {value!r}.")
        pairs[name] = new_name
    return pairs


def parse_fields(value: str) -> dict[str, Any]:
    """Return the value of --fields as options.

    value (str): Such as "text=content,entities=annotation,start=from,unit=words,end_inclusive=yes".
    RETURNS (dict[str, Any]): Options: "fields", and "unit", "end_inclusive" and "shift" if they are
        in the value.
    RAISES UserError: If a part has no "=", or end_inclusive or shift cannot be read.
    """
    pairs = parse_pairs("--fields", value.split(","))
    options: dict[str, Any] = {}
    if "unit" in pairs:
        options["unit"] = pairs.pop("unit")
    if "end_inclusive" in pairs:
        answer = pairs.pop("end_inclusive")
        if answer not in ("yes", "no"):
            raise UserError(f"end_inclusive must be yes or no, but it is {answer!r}.")
        options["end_inclusive"] = answer == "yes"
    if "shift" in pairs:
        shift = pairs.pop("shift")
        if not shift.lstrip("-").isdigit():
            raise UserError(f"shift must be a whole number, but it is {shift!r}.")
        options["shift"] = int(shift)
    options["fields"] = pairs
    return options
