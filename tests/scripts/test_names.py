import pytest

from spacy_bilstm_ner.errors import UserError
from scripts.names import check_name


@pytest.mark.parametrize("name", ["shop-ner", "", "1shop", "shop ner", "shop__ner", "größe", "_x", "../x"])
def test_bad_names(name: str) -> None:
    with pytest.raises(UserError, match="cannot be the name"):
        check_name(name, lang="de", own=True)


def test_name_with_the_language() -> None:
    with pytest.raises(UserError, match=r"give --vars\.name shop_ner"):
        check_name("de_shop_ner", lang="de", own=True)
    check_name("de_shop_ner", lang="en", own=True)
    check_name("shop_ner", lang="de", own=True)


def test_own_data_does_not_take_the_name_of_ours() -> None:
    with pytest.raises(UserError, match="trained on the GMB corpus"):
        check_name("gmb_bilstm", lang="en", own=True)
    check_name("gmb_bilstm", lang="en", own=False)
