"""What changed, which version, what to say: from specs to a catalog."""

from chartgen.release.build import build
from chartgen.release.result import AppResult, BuildResult, Status

__all__ = ["AppResult", "BuildResult", "Status", "build"]
