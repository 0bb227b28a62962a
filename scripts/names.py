"""What a pipeline may be called."""

from spacy_bilstm_ner.errors import UserError

# The project's own pipeline, which nobody shall take another for
RESERVED = "gmb_bilstm"


def check_name(name: str, *, lang: str, own: bool) -> None:
    """See that a Python package can have this name, and that it does not pass for another.

    name (str): The pipeline's name.
    lang (str): The language's code, which is put before it.
    own (bool): Whether it is trained on the user's own data.
    RAISES UserError: if it cannot.
    """
    if not name.isidentifier() or not name.isascii() or "__" in name or name.strip("_") != name:
        raise UserError(
            f"{name!r} cannot be the name of a Python package: "
            "use letters, digits and single underscores, as in --vars.name shop_ner"
        )
    if name.startswith(f"{lang}_"):
        raise UserError(
            f"the name {name!r} has the language in it, which is added for you: "
            f"give --vars.name {name.removeprefix(f'{lang}_')}"
        )
    if own and name == RESERVED:
        raise UserError(
            f"{name!r} is the name of the model trained on the GMB corpus: "
            "give yours its own, as in --vars.name shop_ner"
        )
