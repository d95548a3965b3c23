"""The kit is part of the student's package, so that package is what these tests import."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "source" / "assignment3"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
