"""Settings of the measured server: what `dev.py run` uses, with two addresses more, and one trusted proxy.

The load plays many people, so each brings an address of its own in the header of that proxy.
"""

import os
from pathlib import Path

os.environ["VISA_TRUSTED_PROXY_HOPS"] = "1"
os.environ.setdefault("VISA_LOG_LEVEL", "WARNING")

from visa_booking.settings.development import *  # noqa: F403  (the environment has to be complete first)

ROOT_URLCONF = "bench.urls"
WHITENOISE_AUTOREFRESH = False
EMAIL_FILE_PATH = str(Path(os.environ["DATA_DIR"]) / "mailbox")
