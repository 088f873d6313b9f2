"""Made-up texts of known class, English and Chinese, and ways to spell them otherwise."""

import numpy as np

from features.texts.ngrams import Places

WORDS = {
    "en": (
        ["terrible", "rude", "lost", "dirty", "waiting", "broken", "awful", "cancelled"],
        ["question", "asking", "wondering", "schedule", "information", "please", "where", "number"],
        ["great", "thanks", "lovely", "quick", "friendly", "perfect", "excellent", "helpful"],
        ["the", "hotel", "room", "flight", "staff", "was", "and", "today", "my", "service", "bag", "morning", "very"],
    ),
    "zh": (
        ["太差", "很脏", "失望", "吵闹", "破旧", "恶劣", "糟糕", "投诉"],
        ["请问", "询问", "多少", "地址", "几点", "电话", "什么", "资料"],
        ["很好", "干净", "满意", "热情", "舒适", "推荐", "方便", "漂亮"],
        ["酒店", "房间", "服务", "早餐", "前台", "位置", "我们", "这里", "今天", "入住", "空调", "价格", "设施"],
    ),
}


def texts_of(
    n_texts: int, *, language: str, seed: int, classes: tuple[int, ...] = (0, 1, 2)
) -> tuple[list[str], Places]:
    """Texts and their classes: one or two words of the class among others, and at times one of another class."""
    rng = np.random.default_rng(seed)
    *told, others = WORDS[language]
    truth = rng.choice(classes, n_texts)
    texts = []
    for one in truth:
        words = [*rng.choice(others, rng.integers(4, 9)), *rng.choice(told[one], rng.integers(1, 3))]
        if rng.random() < 0.25:
            words.append(rng.choice(told[rng.choice(classes)]))
        texts.append((" " if language == "en" else "").join(rng.permutation(words)))
    return texts, truth.astype(np.int64)


def polluted(text: str, *, seed: int) -> str:
    """A Chinese text with pronunciations, invisible characters and blanks after some of its characters."""
    rng = np.random.default_rng(seed)
    between = ("(hào)", "（yù3）", "\u200b", "\u200d", " ", "\ufeff", "(ㄩˋ)")
    return "".join(one + (between[rng.integers(len(between))] if rng.random() < 0.3 else "") for one in text)
