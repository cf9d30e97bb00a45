"""`python -m hypiler`."""

import sys

from hypiler.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
