"""``python -m rmpe`` is the command ``rmpe``."""

import sys

from .cli import main

sys.exit(main())
