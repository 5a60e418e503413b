# SPDX-License-Identifier: GPL-2.0-or-later
"""Puts the extension of the build tree, and the library of the other tests, on Python's path."""

import os
import pathlib
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(pathlib.Path(os.environ.get("BUILD_TREE", TOP / "build")) / "pump"))
sys.path.insert(1, str(TOP / "test" / "e2e"))
