"""`python -m hypiler`."""

import sys

from hypiler.cli import main

if __name__ == "__main__":
    sys.exit(main())
