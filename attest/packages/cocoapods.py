"""CocoaPods: the digest is that of the podspec in JSON."""

from __future__ import annotations

from typing import Final

from attest.packages.row import Ecosystem

ROW: Final = Ecosystem("cocoapods")
