"""The one place where onnxruntime is imported, so that its telemetry is always off.

Since version 1.32 the library writes an identifier of the device under the home folder and looks up
a host to send events to, as soon as it is used.
"""

from __future__ import annotations

import os
from typing import Any

__all__ = ["import_onnxruntime"]


def import_onnxruntime() -> Any:
    """Import onnxruntime with its telemetry switched off."""
    # Read when the library is loaded.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    # For a process that has loaded it before.
    onnxruntime.disable_telemetry_events()
    return onnxruntime
