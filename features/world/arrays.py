"""Array types of the simulation; index i is the i-th customer who ever joined."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int64]
Positions = NDArray[np.int64]
Instants = NDArray[np.int64]
Texts = NDArray[np.object_]

NEVER = int(np.iinfo(np.int64).max)
MISSING_INSTANT = int(np.iinfo(np.int64).min)
