"""``python -m attest``."""

import sys

from attest.cli.main import main

sys.exit(main())
