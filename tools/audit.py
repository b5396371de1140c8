# ruff: noqa: INP001, T201 - a script, run by its path, which tells what it found
"""Looks for known vulnerabilities in the packages that the bot runs with (pip-audit).

Ends with 1 if there are any. Where the audit's service can't be reached it says so, and ends with 0: that a network is
missing is no error of the project.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Sequence

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements.txt"
SECONDS = 180.0
COMMAND = (sys.executable, "-m", "pip_audit", "--progress-spinner", "off", "--timeout", "15", "--format", "json")


def audit(requirements: Path, command: Sequence[str] = COMMAND) -> int:
    """Print what was found, and give the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        line = [*command, "--requirement", str(requirements), "--output", str(report)]
        try:
            ended = subprocess.run(line, timeout=SECONDS, capture_output=True, text=True, check=False)  # noqa: S603 - ours
            said = ended.stderr
        except subprocess.TimeoutExpired:
            said = f"no answer within {SECONDS:.0f} s"
        if not report.exists():
            print(f"The packages could not be looked up, so nothing is known of them:\n{said.strip()}")
            return 0
        return _tell(json.loads(report.read_text("utf-8"))["dependencies"])


def _tell(packages: List[Dict[str, Any]]) -> int:
    found = [f"{one['name']} {one['version']}: {bug['id']}" for one in packages for bug in one.get("vulns", ())]
    print("\n".join(found) or f"No known vulnerabilities in {len(packages)} packages")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(audit(REQUIREMENTS))
