"""Read and run settings.py. It is the operator's own Python: Python's errors are said with the line and what to do."""

from __future__ import annotations

import io
import os
import re
import shlex
import stat
import tokenize
import traceback
import warnings
from pathlib import Path
from typing import Dict, List, Optional

from chat.settings.fields import Settings, nearest_name, parse
from chat.settings.problems import Wrong
from chat.wording import settings as wording
from chat.wording.sentence import Language

# What to do about a line of code that is no Python: that of the first pattern that is found in it.
_HINTS = (
    ("[“”„‟‘’‚‛＂＇″〝〞〟「」『』`´]", wording.SETTINGS_HINT_QUOTE_MARKS),
    ("[\u3000\uff01-\uff5e、。]", wording.SETTINGS_HINT_FULL_WIDTH),
    # An odd number of one kind of quote marks.
    (r"""^[^"]*"([^"]*"[^"]*")*[^"]*$|^[^']*'([^']*'[^']*')*[^']*$""", wording.SETTINGS_HINT_QUOTE_MISSING),
    (r"=[^'\"(\[{]*([A-Za-z]|\d\.\d+\.)[^'\"]*$", wording.SETTINGS_HINT_NO_QUOTES),
    ("", wording.SETTINGS_HINT_LOOK),
)


def load(path: Path) -> Settings:
    """Run the settings file and check what it sets. Raises SettingsError with everything that is wrong."""
    values: Dict[str, object] = {}
    broken: Optional[Wrong] = None
    try:
        run(read(path), path, values)
    except Wrong as wrong:
        broken = wrong
    return parse(values, broken)


def open_file_warning(path: Path, language: Language) -> str:
    """Say what to type if others can read the settings file, with the token in it; else empty. OSError: no file."""
    if os.name != "posix" or not path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        return ""
    is_here = path.absolute().parent == Path.cwd()
    return wording.SETTINGS_OPEN.say(language, file=shlex.quote(path.name if is_here else str(path)))


def read(path: Path) -> str:
    """Return the text of a Python file, by its byte order mark or coding line if it has one. Raises Wrong."""
    where = {"file": path.name, "folder": path.parent.absolute()}
    try:
        if path.is_dir():  # reading it says IsADirectoryError on Linux, PermissionError on Windows
            raise Wrong(wording.SETTINGS_FILE_IS_FOLDER, **where)
        data = path.read_bytes()
    except FileNotFoundError:
        named_txt = path.with_name(f"{path.name}.txt").exists()
        sentence = wording.SETTINGS_FILE_NAMED_TXT if named_txt else wording.SETTINGS_FILE_MISSING
        raise Wrong(sentence, **where) from None
    except OSError as error:
        raise Wrong(wording.SETTINGS_FILE_UNREADABLE, reason=error.strerror, **where) from None
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except (SyntaxError, LookupError, UnicodeError):  # SyntaxError and LookupError: an unknown name in the coding line
        text = "\0"
    if "\0" in text:  # as in UTF-16 without a byte order mark
        raise Wrong(wording.SETTINGS_FILE_NOT_UTF8, file=path.name)
    return text


def run(source: str, path: Path, values: Dict[str, object]) -> None:
    """Run the file in `values`, which holds what was set even when Wrong is raised."""
    lines = re.split(r"\r\n|\r|\n", source)
    # Python looks up no source line for a name in <>: no traceback and no warning can show one.
    filename = f"<{path.name}>"
    values.update(__name__="settings", __file__=str(path))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "\d" in a token warns with the token
        try:
            # dont_inherit: the operator's file does not get this module's __future__ import.
            code = compile(source, filename, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as error:
            raise _syntax_problem(error, lines, path.name) from None
        try:
            exec(code, values)  # noqa: S102 - settings.py is the operator's own Python
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the file raises is said to the operator
            frames = traceback.walk_tb(error.__traceback__)
            number = next((line for frame, line in frames if frame.f_code.co_filename == filename), 1)
            where = {"file": path.name, "line": number, "setting": _setting_in(lines[number - 1])}
            if isinstance(error, NameError):
                raise Wrong(wording.SETTINGS_NAME_ERROR, hint=wording.SETTINGS_HINT_NO_QUOTES, **where) from None
            # Its name alone: what an error says may quote a secret.
            raise Wrong(wording.SETTINGS_RUN_ERROR, error=type(error).__name__, **where) from None


def _syntax_problem(error: Exception, lines: List[str], file: str) -> Wrong:
    """Say where Python stops to understand the file, and what to do there."""
    number = min(getattr(error, "lineno", None) or 1, len(lines))
    while number > 1 and not lines[number - 1].strip():  # the file ends before something is closed
        number -= 1
    line = lines[number - 1]
    if isinstance(error, IndentationError) and line[:1].isspace():
        hint = wording.SETTINGS_HINT_INDENTED
    else:
        code = line.split("#", maxsplit=1)[0]
        hint = next(hint for pattern, hint in _HINTS if re.search(pattern, code))
    return Wrong(wording.SETTINGS_SYNTAX, file=file, line=number, setting=_setting_in(line), hint=hint)


def _setting_in(line: str) -> str:
    """Return " (NAME)" for a line that sets NAME or something near to it, and never a part of the line: a secret is."""
    word = re.match(r"\s*([^\W\d]\w*)", line)
    name = nearest_name(word[1], cutoff=0.8) if word else None  # "import" is near to LLM_PORT
    return f" ({name})" if name else ""
