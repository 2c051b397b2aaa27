"""One name in many spellings has one skeleton; another name has another."""

import pytest

from kernel.errors import Refused
from services.antifraud.domain.names import skeleton


@pytest.mark.parametrize(
    "spellings",
    [
        ("Қуаныш Әбдіхалықов", "Kuanysh Abdikhalykov", "ABDIHALYQOV QUANYSH"),
        ("Ерлан Жүнісов", "Yerlan Zhunisov", "Erlan Junisov", "Junısov Erlan"),
        ("Шынғыс Хасенұлы", "Shyngys Khasenuly", "Şynğys Hasenuly"),
        ("Юлия Цой", "Iuliia Tsoi", "Yuliya Tsoy", "TSOY YULIYA"),
        ("Дмитрий Щукин", "Dmitriy Shchukin", "Dmitrii Shukin"),
        ("Джамиля Бек-Али", "Dzhamilya Bek Ali", "Jamilia Bekʼ Ali"),
        ("Иванов Иван", "Ivanov Ivan", "Ивaнoв Ивaн"),
    ],
)
def test_spellings_of_one_name_meet(spellings: tuple[str, ...]) -> None:
    """Across Cyrillic and Latin, old and new; also with letters of both in a word."""
    assert len({skeleton(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ерлан Жүнісов", "Нурлан Жүнісов"),
        ("Иванов Иван", "Иванова Инна"),
        ("Айгуль Ким", "Айгуль Цой"),
    ],
)
def test_other_names_do_not(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


@pytest.mark.parametrize("name", ["", "  ", "123", "張", "x" * 151])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="name_unfit"):
        skeleton(name)
