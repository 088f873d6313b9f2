"""The Python API: rows, candidates, models and figures of a spec as pandas frames; installed as `holdfast`."""
