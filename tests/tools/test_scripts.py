"""The shell scripts in tools/, with commands on the PATH that only say what a Python or the system would."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Optional

import pytest

PROJECT = Path(__file__).resolve().parent.parent.parent
SECONDS = 30.0

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no sh")


def write_command(path: Path, body: str) -> Path:
    """Write an executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def run_tool(
    tool: str, *arguments: str, home: Path, path: str, python: Optional[Path] = None
) -> subprocess.CompletedProcess[str]:
    """Run a script of tools/ with `path` before the system's commands and, where given, PYTHON set."""
    environment = {"HOME": str(home), "PATH": f"{path}:/usr/bin:/bin", "PYTHON": str(python or "")}
    command = ["/bin/sh", str(PROJECT / "tools" / tool), *arguments]
    return subprocess.run(
        command, env=environment, cwd=PROJECT, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def test_a_python_that_does_not_start_is_passed_over_for_a_later_one_on_the_path(tmp_path: Path) -> None:
    write_command(tmp_path / "shims" / "python3.9", "echo 'command not found' >&2; exit 127")
    good = write_command(tmp_path / "bin dir" / "python3.9", "echo 3.9")
    found = run_tool("pythons.sh", home=tmp_path, path=f"{tmp_path}/shims:{tmp_path}/bin dir")
    assert f"3.9 {good}" in found.stdout.splitlines()
    assert "shims" not in found.stdout


def test_pyenv_versions_are_found_and_the_oldest_comes_first(tmp_path: Path) -> None:
    newer = write_command(tmp_path / ".pyenv/versions/3.10.1/bin/python", "echo 3.10")
    older = write_command(tmp_path / ".pyenv/versions/3.8.18/bin/python", "echo 3.8")
    found = run_tool("pythons.sh", home=tmp_path, path=str(tmp_path))
    lines = [line for line in found.stdout.splitlines() if str(tmp_path) in line]
    assert lines == [f"3.8 {older}", f"3.10 {newer}"]


def test_a_python_under_the_wrong_name_is_missing_and_that_is_said(tmp_path: Path) -> None:
    write_command(tmp_path / "python3.8", "echo 3.12")
    found = run_tool("pythons.sh", home=tmp_path, path=str(tmp_path))
    assert str(tmp_path) not in found.stdout
    assert "Python 3.8 is not installed here" in found.stderr
    assert found.returncode == 0


def test_a_python_that_is_too_old_is_refused(tmp_path: Path) -> None:
    old = write_command(tmp_path / "python3", "exit 1")
    ended = run_tool("venv.sh", str(tmp_path / "venv"), "run", home=tmp_path, path=str(tmp_path), python=old)
    assert ended.returncode == 1
    assert f"Python 3.8 or later is needed; {old} is not" in ended.stderr
    assert not (tmp_path / "venv").exists()


def write_python_without_venv(path: Path) -> Path:
    """Write a Python like Debian's, which lacks what makes a virtual environment."""
    return write_command(path, 'case "$2" in *ensurepip*) exit 1;; *version_info\\[*) echo 3.11;; esac')


def test_a_person_is_told_which_package_to_install(tmp_path: Path) -> None:
    write_command(tmp_path / "id", "echo 1000")
    write_command(tmp_path / "apt-get", "echo called >&2")
    python = write_python_without_venv(tmp_path / "python3")
    ended = run_tool("venv.sh", str(tmp_path / "venv"), "run", home=tmp_path, path=str(tmp_path), python=python)
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        "Missing on this system. On Debian or Ubuntu: sudo apt install python3.11-venv"
    ]


def test_root_gets_the_package_installed(tmp_path: Path) -> None:
    write_command(tmp_path / "id", "echo 0")
    write_command(tmp_path / "apt-get", 'echo "apt-get $*" >&2')
    python = write_python_without_venv(tmp_path / "python3")
    ended = run_tool("venv.sh", str(tmp_path / "venv"), "run", home=tmp_path, path=str(tmp_path), python=python)
    update, install = (line for line in ended.stderr.splitlines() if line.startswith("apt-get"))
    assert "update" in update
    assert "install" in install
    assert install.endswith("python3.11-venv")


def test_packages_are_installed_once(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    write_command(tmp_path / "venv/bin/python", f'echo "$*" >>"{calls}"')
    for _ in range(2):
        ended = run_tool("venv.sh", str(tmp_path / "venv"), "run", home=tmp_path, path=str(tmp_path))
        assert ended.returncode == 0, ended.stderr
    installs = [call for call in calls.read_text().splitlines() if "pip install" in call]
    assert len(installs) == 1
    assert installs[0].endswith("-r requirements.txt")


def test_the_demo_gets_its_model_in_plain_sight_and_no_test_tools(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    write_command(tmp_path / "venv/bin/python", f'echo "$*" >>"{calls}"')
    ended = run_tool("venv.sh", str(tmp_path / "venv"), "demo", home=tmp_path, path=str(tmp_path))
    assert ended.returncode == 0, ended.stderr
    bot, model = (call for call in calls.read_text().splitlines() if "pip install" in call)
    assert bot.endswith("-r requirements.txt")
    assert model.endswith("-r demo/requirements.txt")
    assert ("--quiet" in bot, "--quiet" in model) == (True, False)


def test_an_environment_whose_making_was_broken_off_is_made_anew(tmp_path: Path) -> None:
    write_command(tmp_path / "venv/bin/python", 'case "$2" in *pip*) exit 1;; esac')
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    python = write_command(tmp_path / "python3", f'case "$2" in venv) echo "$*" >"{tmp_path}/made"; exit 1;; esac')
    run_tool("venv.sh", str(tmp_path / "venv"), "run", home=tmp_path, path=str(tmp_path), python=python)
    assert (tmp_path / "made").read_text() == f"-m venv --clear {tmp_path}/venv\n"


def test_a_folder_that_is_no_virtual_environment_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "venv" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    ended = run_tool("venv.sh", str(mine.parent), "run", home=tmp_path, path=str(tmp_path), python=Path(sys.executable))
    assert ended.returncode == 1
    assert "is no virtual environment" in ended.stderr
    assert mine.read_text() == "mine"


def _audit(tmp_path: Path, script: str) -> int:
    """What tools/audit.py makes of a pip-audit that does this; `report` is where it writes to."""
    program = tmp_path / "audit.py"
    program.write_text(f"import sys\nreport = open(sys.argv[-1], 'w')\n{script}\n")
    module = runpy.run_path(str(PROJECT / "tools" / "audit.py"))
    status: int = module["audit"](tmp_path / "requirements.txt", (sys.executable, str(program)))
    return status


def test_known_vulnerabilities_are_named_and_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = {"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1"}]}, {"name": "b"}]}
    assert _audit(tmp_path, f"report.write({json.dumps(report)!r}); report.close(); sys.exit(1)") == 1
    assert capsys.readouterr().out == "a 1: CVE-1\n"


def test_packages_without_any_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = {"dependencies": [{"name": "a", "version": "1", "vulns": []}]}
    assert _audit(tmp_path, f"report.write({json.dumps(report)!r})") == 0
    assert capsys.readouterr().out == "No known vulnerabilities in 1 packages\n"


def test_a_service_that_can_not_be_reached_is_told_and_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = "import os; report.close(); os.remove(report.name); sys.exit('no route to host')"
    assert _audit(tmp_path, script) == 0
    assert "no route to host" in capsys.readouterr().out
