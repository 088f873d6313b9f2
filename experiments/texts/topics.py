"""Topics of texts (stub)."""

import numpy as np

from experiments.texts.reading import stored_table


def learn(clean, script, *, n_topics):
    return {"names": [], "table": stored_table(np.zeros(0, dtype=np.int64), np.zeros((0, 0)))}
