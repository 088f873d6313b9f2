"""Topics of texts: a few of each script, named by their words.

Topics are the parts of a non-negative factorisation (Lee and Seung 1999) of how much more often two words stand in one
text than by chance, from a start that follows from the texts (NNDSVD): neither a seed nor the order of the texts
changes them. Of equal texts one counts.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from sklearn.decomposition import NMF
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from experiments.texts.reading import Floats, stored_table
from features.texts.ngrams import BITS, HAN_SCRIPT, SCRIPTS, Places, grams
from features.texts.normalising import HAN

DECIMALS = 4
WORDS_OF_A_NAME = 3
MOST_WORDS, FEWEST_TEXTS, LARGEST_SHARE = 2000, 5, 0.2
FEWEST_TEXTS_OF_A_SCRIPT = 100
MOST_STEPS, FEW, MUCH = 400, 3, 20
LATIN_WORD = re.compile(r"(?<![^\W_]|['@#_])[^\W\d_]{3,}(?:'[a-z]+)?(?![\w@#])")
HAN_RUN = re.compile(f"[{HAN}]{{2,}}")
# Two characters are a word where they stand together more often than by chance, by this factor.
COHESION, MOSTLY = 8.0, 0.5
# Characters that join words, and of which none begins or ends.
PARTICLES = frozenset(
    "的了是在有和也都就很不没我你他她它这那个一们还对于与及但而且或被把给让从到要会能可以上下里去来吗呢吧啊说着过"
)


def learn(texts: Sequence[str], script: Places, *, n_topics: int) -> dict[str, Any]:
    """The topics of normalised texts (script as an index of SCRIPTS), as plain data: names, and a weight of each word.

    n_topics of each script with FEWEST_TEXTS_OF_A_SCRIPT texts.
    """
    names: list[str] = []
    words: dict[str, Floats] = {}
    total = n_topics * len(SCRIPTS)
    for one in range(1, len(SCRIPTS)):
        mine = sorted({text for text, of in zip(texts, script, strict=True) if of == one})
        if n_topics < 1 or len(mine) < FEWEST_TEXTS_OF_A_SCRIPT:
            continue
        vocabulary, counts = counted(mine, of_characters=one == HAN_SCRIPT)
        if len(vocabulary) <= n_topics:
            continue
        weights = factorised(counts, n_topics)
        names += _names(vocabulary, weights * np.log1p(np.asarray(counts.sum(axis=0))), names)
        for place, word in enumerate(vocabulary):
            row = words.setdefault(word, np.zeros(total))
            row[len(names) - n_topics : len(names)] = weights[:, place]
    return {"names": names, "table": _table(words, len(names))}


def counted(texts: Sequence[str], *, of_characters: bool) -> tuple[list[str], csr_array]:
    """The words that can tell topics, ascending, and which of them each text has: ones, shape (n_texts, n_words)."""
    found = [sorted(set(_pairs(text) if of_characters else _words(text))) for text in texts]
    texts_of: dict[str, int] = {}
    for each in found:
        for word in each:
            texts_of[word] = texts_of.get(word, 0) + 1
    fit = [word for word, n in texts_of.items() if FEWEST_TEXTS <= n <= LARGEST_SHARE * len(texts)]
    if of_characters:
        fit = _cohesive(fit, texts_of, texts)
    vocabulary = sorted(sorted(fit, key=lambda word: (-texts_of[word], word))[:MOST_WORDS])
    place_of = {word: place for place, word in enumerate(vocabulary)}
    places = [[place_of[word] for word in each if word in place_of] for each in found]
    ends = np.cumsum([0, *map(len, places)])
    flat = np.array([place for each in places for place in each], dtype=np.int32)
    return vocabulary, csr_array((np.ones(len(flat)), flat, ends.astype(np.int32)), shape=(len(texts), len(vocabulary)))


def _words(text: str) -> list[str]:
    """The words of a text that mean something by themselves."""
    return [word for word in LATIN_WORD.findall(text.lower().replace("\u2019", "'")) if word not in ENGLISH_STOP_WORDS]


def _pairs(text: str) -> list[str]:
    """Two Chinese characters in a row, as most words are; none of them a particle."""
    runs = HAN_RUN.findall(text)
    pairs = (run[start : start + 2] for run in runs for start in range(len(run) - 1))
    return [pair for pair in pairs if not PARTICLES & set(pair)]


def _cohesive(pairs: Sequence[str], texts_of: Mapping[str, int], texts: Sequence[str]) -> list[str]:
    """The pairs that are words: they cohere, and mostly more than the pairs that overlap with them.

    Cohesion is how many more texts have the pair than if its characters stood anywhere.
    """
    length = sum(map(len, texts)) / len(texts)
    characters = Counter(one for text in texts for one in set(text))
    cohesion = {pair: n / (characters[pair[0]] * characters[pair[1]]) for pair, n in texts_of.items()}
    whole: Counter[str] = Counter()
    for text in texts:
        for run in HAN_RUN.findall(text):
            along = [0.0, *(cohesion.get(run[at : at + 2], 0.0) for at in range(len(run) - 1)), 0.0]
            inner = range(1, len(along) - 1)
            whole.update(run[at - 1 : at + 1] for at in inner if along[at - 1] < along[at] >= along[at + 1])
    return [
        pair
        for pair in pairs
        if cohesion[pair] * len(texts) * length > COHESION and whole[pair] > MOSTLY * texts_of[pair]
    ]


def factorised(counts: csr_array, n_topics: int) -> Floats:
    """The weight of each word for each topic, shape (n_topics, n_words): its part in it times its idf."""
    model = NMF(n_topics, init="nndsvd", solver="cd", max_iter=MOST_STEPS, tol=1e-4, random_state=0)
    parts = model.fit(associations(counts)).components_
    lengths = np.maximum(np.sqrt((parts**2).sum(axis=1, keepdims=True)), 1e-12)
    inverse = np.log((1 + counts.shape[0]) / (1 + np.asarray(counts.sum(axis=0)))) + 1
    return np.asarray(np.round(parts / lengths * inverse, DECIMALS))


def associations(counts: csr_array) -> Floats:
    """How much more often than by chance two words are in one text, shape (n_words, n_words); 0 on the diagonal.

    The positive part of ln(n n_ab / (n_a n_b)), times the root of n_ab, of at most MUCH texts: pairs that few texts
    have say little, and one phrase that is often repeated is no topic. Pairs of fewer than FEW texts count as none.
    """
    together = np.asarray((counts.T @ counts).todense(), dtype=np.float64)
    texts = np.diag(together).copy()
    np.fill_diagonal(together, 0.0)
    ratio = together * counts.shape[0] / np.outer(texts, texts)
    often = together >= FEW
    return np.where(often, np.log(np.maximum(ratio, 1.0)) * np.sqrt(np.minimum(together, MUCH)), 0.0)


def _names(vocabulary: Sequence[str], weights: Floats, taken: Sequence[str]) -> list[str]:
    """The words of most weight of each topic; a name that is taken gets a number."""
    names: list[str] = []
    for row in weights:
        order = sorted(range(len(vocabulary)), key=lambda place: (-row[place], vocabulary[place]))
        name = " ".join(vocabulary[place] for place in order[:WORDS_OF_A_NAME])
        again = sum(one == name or one.startswith(f"{name} (") for one in (*taken, *names))
        names.append(f"{name} ({again + 1})" if again else name)
    return names


def _table(words: Mapping[str, Floats], n_topics: int) -> dict[str, Any]:
    """The weights by the bucket of each word; of two words in one bucket, the first."""
    by_bucket: dict[int, Floats] = {}
    for word in sorted(words):
        if words[word].any():
            by_bucket.setdefault(int(grams([word], bits=BITS).units.bucket[-1]), words[word][:n_topics])
    buckets = sorted(by_bucket)
    values = np.array([by_bucket[one] for one in buckets]).reshape(len(buckets), n_topics)
    return stored_table(np.array(buckets, dtype=np.int64), values)
