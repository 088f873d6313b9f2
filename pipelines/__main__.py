"""`python -m pipelines <command> <spec>`: the one way in."""

import sys

from pipelines.stopping import guard

if __name__ == "__main__":
    sys.exit(guard(sys.argv[1:]))
