"""Arrays of the generator: one element per person or row."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Words = NDArray[np.object_]


def missing_where(gone: Any, values: Any) -> Words:
    """The values as objects, None where they are gone."""
    result = np.array(values, dtype=object)
    result[np.asarray(gone, dtype=bool)] = None
    return result
