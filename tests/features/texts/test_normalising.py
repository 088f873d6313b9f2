import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.texts.normalising import LONGEST, is_pronunciation, normalise

# What the steps do to one another is found among the characters that they are about.
ODD = "a b預号號警(（)）ùǔü1㈱ﷺﬁ\u200b\u0301\u0316\u3164\ufa12薴ㄩˋ \u3000\n\t\x00Ａ．\ud800乾后"
TEXTS = st.one_of(st.text(alphabet=ODD, max_size=40), st.text(st.characters(), max_size=40))


def normal(text: object) -> str:
    return normalise([text]).texts[0]


@given(TEXTS)
def test_a_normalised_text_stays_as_it_is(text: str) -> None:
    once = normalise([text])
    again = normalise(once.texts)
    assert again.texts == once.texts
    assert not any(again.counts.values())


@given(st.lists(TEXTS, max_size=5))
def test_each_text_is_normalised_by_itself(texts: list[str]) -> None:
    assert normalise(texts).texts == tuple(normal(text) for text in texts)


@given(TEXTS)
def test_nothing_invisible_and_no_compatible_form_is_left(text: str) -> None:
    left = normal(text)
    assert left == unicodedata.normalize("NFKC", left)
    assert not {unicodedata.category(one) for one in left} & {"Cc", "Cs"}
    assert left == " ".join(left.split())


@pytest.mark.parametrize(
    ("text", "clean", "kind", "times"),
    [
        ("預(yù)警", "预警", "pronunciation", 1),
        ("號（hào）碼", "号码", "pronunciation", 1),
        ("预(yù)(yù3)警(yùjǐng)", "预警", "pronunciation", 3),
        ("绿(lǜ)女(nü3)房(hao4)", "绿女房", "pronunciation", 3),
        ("预(ㄩˋ)警", "预警", "pronunciation", 1),
        ("投 诉", "投诉", "spaced", 1),
        ("我要 c a n c e l now", "我要 cancel now", "spaced", 5),
        ("b a d room", "bad room", "spaced", 2),
        ("zero\u200bwidth\ufeff", "zerowidth", "invisible", 2),
        ("臺灣 hotel", "台湾 hotel", "traditional", 1),
        ("Ｆｕｌｌ　ｗｉｄｔｈ", "Full width", "compatible", 1),
        ("a\x00b\x07", "ab", "control", 2),
        ("lone\ud800", "lone", "control", 1),
        ("z" + "\u0301" * 9, "ź" + "\u0301" * 3, "marks", 5),
        ("x" * (LONGEST + 7), "x" * LONGEST, "cut", 7),
        (None, "", "missing", 1),
        (float("nan"), "", "missing", 1),
    ],
)
def test_by_hand(text: object, clean: str, kind: str, times: int) -> None:
    found = normalise([text])
    assert found.texts == (clean,)
    assert found.counts[kind] == times


@pytest.mark.parametrize(
    "text",
    ["I a man", "很好(wifi)的", "纸(A4)", "咖啡(café)", "房间(5)", "I am a b", "在(de)", "plan b", "很好 good 房间"],
)
def test_what_is_ordinary_stays(text: str) -> None:
    assert normal(text) == text


@pytest.mark.parametrize(("text", "is_one"), [("yù", True), ("yu4", True), ("yu", False), ("vip1", False), ("", False)])
def test_a_pronunciation_has_tones_and_syllables(text: str, is_one: bool) -> None:
    assert is_pronunciation(text) is is_one


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "預(yù)",
        "\u0301\u0316",
        " a",
        "(",
        "预(",
        "預 ",
        "ﷺ",
        " ",
        "預(" + "a" * 39 + ")",
        "預(ao",
        "\ud800",
        "\u200b",
    ],
)
def test_ten_megabytes_are_read_to_the_longest_in_no_time(unit: str) -> None:
    text = unit * (10_000_000 // len(unit))
    normal("預")  # the dictionaries are loaded
    start = time.process_time()
    found = normalise([text])
    assert time.process_time() - start < 1.0
    assert len(found.texts[0]) <= LONGEST
    assert found.counts["cut"] >= len(text) - LONGEST


def test_time_is_linear_where_more_is_read() -> None:
    def seconds(n: int) -> float:
        start = time.process_time()
        normalise(["預(yù) 警c a n" * n], longest=10**8)
        return time.process_time() - start

    seconds(100)
    assert seconds(16_000) < 16 * max(seconds(2_000), 0.005)
