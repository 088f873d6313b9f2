"""Two kernels of OpenBLAS that add in different orders, and a processor without what numpy would use."""

import platform

import pytest
from threadpoolctl import ThreadpoolController

KERNELS = ("Nehalem", "Haswell")
# Every level of x86-64 beyond the second: numpy then has the exponential of the C library.
AS_NUMPY_WILL = {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR", "PYTHONWARNINGS": "ignore"}


def _has_both() -> bool:
    """Whether this is OpenBLAS on an x86-64 processor that has the newer of the two kernels."""
    libraries = ThreadpoolController().select(internal_api="openblas").info()
    old = {"Nehalem", "Prescott", "Katmai", "Core2", "Generic"}
    return platform.machine() in ("x86_64", "AMD64") and any(one["architecture"] not in old for one in libraries)


needs_kernels = pytest.mark.skipif(not _has_both(), reason="no OpenBLAS with both kernels")
