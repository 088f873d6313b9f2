"""`python -m pipelines <command> <spec>`: the one way in."""

import sys

from pipelines.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
