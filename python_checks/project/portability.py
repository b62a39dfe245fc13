"""Find code that works on Linux but not on Windows.

The rules find modules and names that Windows lacks, as does `mypy --platform win32`. They also find
calls that behave differently there. For example, text is in the machine's code page, line ends are
translated, and a rename fails if the target exists.

The rules skip branches that Windows never runs: `if sys.platform != "win32":`, the `else` of `if
sys.platform == "win32":`, and tests with `skipif(sys.platform == "win32")`.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

POSIX_MODULES = frozenset(
    {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
)
POSIX_NAMES = re.compile(
    r"os\.(fork|forkpty|get[e]?[ug]id|set\w*id|[gs]etpgid|getpgrp|killpg|mkfifo|l?chown|fchmod|"
    r"sched_\w+|uname|statvfs|sysconf|pread|pwrite|O_(DIRECTORY|NOFOLLOW|CLOEXEC|NONBLOCK))"
    r"|signal\.(alarm|setitimer|SIG(KILL|ALRM|HUP|USR1|USR2|CHLD|STOP|CONT|QUIT|PIPE))"
    r"|time\.tzset"
)
OTHER_OPENS = frozenset({"gzip.open", "os.open", "tarfile.open", "webbrowser.open"})
"""Functions named `open` that do not open text files by default."""
LINKS = frozenset({"symlink_to", "symlink", "hardlink_to"})
PLACES = re.compile(r"/(tmp|dev|proc|bin|usr|etc|var)(/|$)")
DAY_WITHOUT_ZERO = re.compile(r"%-[dHIjmMSUWyY]")
IS_WINDOWS = ast.dump(ast.parse('sys.platform == "win32"', mode="eval").body)
IS_NOT_WINDOWS = ast.dump(ast.parse('sys.platform != "win32"', mode="eval").body)


@dataclass(frozen=True, order=True)
class Finding:
    """One place that works differently on Windows.

    Attributes:
        file: path relative to the project, with slashes.
        line: number of the line.
        rule: name of the rule, as in `ALLOWED`.
        detail: what to do instead.
    """

    file: str
    line: int
    rule: str
    detail: str


ALLOWED: Mapping[tuple[str, str], str] = {
    ("bank_warehouse/publish/releases.py", "link"): "falls back to a text file",
    ("bank_warehouse/publish/releases.py", "rename"): "a new release: the target never exists",
    ("python_checks/testing/oddities.py", "link"): "the test of this oddity is skipped on Windows",
    ("python_checks/tests/builds/test_pages.py", "link"): "skipped on Windows",
    ("python_checks/tests/warehouse/test_dashboard.py", "link"): "NTFS has hard links for any user",
}
"""The reason for each accepted finding, by file and rule."""


def findings(project: Path) -> list[Finding]:
    """Return the findings, accepted or not, in the parts of the project that run on Windows.

    Some rules do not apply to tests, which write to new folders and run with PYTHONUTF8=1 in CI.
    """
    found: list[Finding] = []
    for path in sorted(
        [*project.glob("bank_warehouse/**/*.py"), *project.glob("python_checks/**/*.py")]
    ):
        file = path.relative_to(project).as_posix()
        if "/spark" in file:
            continue
        is_test = file.startswith(("python_checks/tests/", "python_checks/testing/"))
        tree = ast.parse(path.read_text("utf-8"), file)
        found += [
            Finding(file, node_line, rule, detail)
            for node_line, rule, detail in check(tree)
            if not (is_test and rule in PACKAGE_ONLY)
        ]
    return sorted(found)


PACKAGE_ONLY = frozenset({"encoding", "newline", "place", "rename"})
"""Rules that do not apply to tests."""


def check(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    """Yield the line, rule and remedy of each finding in a module."""
    for node in _on_windows(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
            )
            for module in POSIX_MODULES.intersection(modules):
                yield line, "module", f"{module} does not exist on Windows: guard it"
        elif isinstance(node, ast.Attribute) and POSIX_NAMES.fullmatch(ast.unparse(node)):
            yield line, "name", f"{ast.unparse(node)} does not exist on Windows: guard it"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if PLACES.match(node.value):
                yield line, "place", f"{node.value!r}: use tempfile, os.devnull or shutil.which"
        elif isinstance(node, ast.FormattedValue) and node.format_spec:
            yield from ((line, *found) for found in _format(node.format_spec))
        elif isinstance(node, ast.Call):
            for rule, detail in _call(node):
                yield line, rule, detail


def _call(node: ast.Call) -> Iterator[tuple[str, str]]:
    """Yield the rule and remedy of each finding in a call."""
    name = ast.unparse(node.func)
    method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    words = {each.arg: each.value for each in node.keywords if each.arg}
    if method in LINKS:
        yield "link", "Windows users often cannot create links: fall back to a copy or a text file"
    if method == "rename" and (name == "os.rename" or (len(node.args) == 1 and not words)):
        yield "rename", "on Windows, rename fails if the target exists: use replace"
    if method == "strftime":
        for argument in node.args:
            yield from _format(argument)
    if name.startswith("subprocess."):
        if _is_true(words.get("shell")) or "preexec_fn" in words or "start_new_session" in words:
            yield "process", "shells and sessions differ: give a list of arguments"
        if _is_true(words.get("text")) and "encoding" not in words:
            yield "encoding", "text=True uses the machine's code page: pass encoding='utf-8'"
    mode = _mode(node, name, method)
    if mode is None:
        return
    given = len(node.args)
    # read_text(encoding), write_text(data, encoding, errors, newline), open(mode, buffering, ...)
    encoding_at = {"read_text": 0, "write_text": 1}.get(method, 3 if name == "open" else 2)
    if "encoding" not in words and given <= encoding_at:
        yield "encoding", "text is in the machine's code page: pass encoding='utf-8'"
    newline_at = 3 if method == "write_text" else encoding_at + 2
    if mode != "r" and "newline" not in words and given <= newline_at:
        yield "newline", "line ends become CRLF on Windows: pass newline"


def _format(node: ast.expr) -> Iterator[tuple[str, str]]:
    if DAY_WITHOUT_ZERO.search(ast.unparse(node)):
        yield "format", "Windows refuses formats such as %-d: use a number such as date.day"


def _mode(node: ast.Call, name: str, method: str) -> str | None:
    """Return `r` if a call opens a text file only to read, and `w` if to write, else None."""
    if method in ("read_text", "write_text"):
        return method[0]
    if name != "open" and (method != "open" or name in OTHER_OPENS):
        return None
    place = 1 if name == "open" else 0
    words = {each.arg: each.value for each in node.keywords}
    mode = node.args[place] if len(node.args) > place else words.get("mode")
    if mode is None:
        return "r"
    if not (isinstance(mode, ast.Constant) and isinstance(mode.value, str)):
        return None  # probably not a mode: the open method of another object
    if not re.fullmatch("[rwax+bt]+", mode.value) or "b" in mode.value:
        return None
    return "r" if mode.value in ("r", "rt") else "w"


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _on_windows(node: ast.AST) -> Iterator[ast.AST]:
    """Yield those descendants of a node that Windows may run."""
    for child in _children(node):
        if _is_skipped(child):
            continue
        yield child
        yield from _on_windows(child)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the children of a node, except branches that Windows never runs."""
    if isinstance(node, ast.If) and ast.dump(node.test) in (IS_WINDOWS, IS_NOT_WINDOWS):
        yield from node.body if ast.dump(node.test) == IS_WINDOWS else node.orelse
    else:
        yield from ast.iter_child_nodes(node)


def _is_skipped(node: ast.AST) -> bool:
    """Return whether a node is a test that is skipped on Windows."""
    return isinstance(node, ast.FunctionDef) and any(
        isinstance(each, ast.Call)
        and ast.unparse(each.func).endswith("mark.skipif")
        and each.args
        and ast.dump(each.args[0]) == IS_WINDOWS
        for each in node.decorator_list
    )
