"""Each portability rule finds its mistake, and the project follows the rules."""

import ast

import pytest

from python_checks.project.portability import ALLOWED, check, findings
from python_checks.testing.paths import PROJECT

MISTAKES = {
    "import fcntl": "module",
    "from pwd import getpwnam": "module",
    "os.getuid()": "name",
    "os.open(path, os.O_RDONLY | os.O_DIRECTORY)": "name",
    "os.kill(process, signal.SIGKILL)": "name",
    "path.symlink_to(other)": "link",
    "os.symlink(path, other)": "link",
    "path.rename(other)": "rename",
    "os.rename(path, other)": "rename",
    "subprocess.run('ls', shell=True)": "process",
    "subprocess.Popen(command, preexec_fn=os.setsid)": "process",
    "subprocess.run(command, text=True)": "encoding",
    "path.read_text()": "encoding",
    "path.open()": "encoding",
    "path.open('r')": "encoding",
    "open(path, 'r')": "encoding",
    "path.write_text(text, newline='')": "encoding",
    "path.write_text(text, 'utf-8')": "newline",
    "path.open('w', encoding='utf-8')": "newline",
    "open(path, mode='a', encoding='utf-8')": "newline",
    "Path('/tmp/spill')": "place",
    "date.strftime('%-d %B')": "format",
    "f'{date:%-d %B}'": "format",
    "if sys.platform == 'win32':\n    import fcntl": "module",
    "if sys.platform != 'linux':\n    import fcntl": "module",
    "if sys.platform == 'win32':\n    pass\nos.fork()": "name",
}

RIGHT = (
    "path.read_text('utf-8')",
    "path.write_text(text, 'utf-8', newline='\\n')",
    "path.write_text(text, encoding='utf-8', newline='\\n')",
    "path.open('rb')",
    "tarfile.open(fileobj=archive)",
    "path.open('w', encoding='utf-8', newline='')",
    "open(path, 'wb')",
    "os.open(path, os.O_RDWR)",
    "path.replace(other)",
    "frame.rename(columns=names)",
    "subprocess.run(command, encoding='utf-8')",
    "date.strftime('%d %B')",
    "f'{date:%d %B}'",
    "connection.execute(\"select strftime(day, '%-d')\")",
    "Path('reports/tmp')",
    "if sys.platform == 'win32':\n    import msvcrt\nelse:\n    import fcntl",
    "if sys.platform != 'win32':\n    os.fork()",
    "@pytest.mark.skipif(sys.platform == 'win32', reason='forks')\ndef test():\n    os.fork()",
)


@pytest.mark.parametrize(("source", "rule"), MISTAKES.items())
def test_mistake_is_found(source: str, rule: str) -> None:
    found = [rule for _, rule, _ in check(ast.parse(source))]
    assert rule in found


@pytest.mark.parametrize("source", RIGHT)
def test_portable_code_has_no_finding(source: str) -> None:
    assert list(check(ast.parse(source))) == []


def test_project_follows_the_rules_and_needs_every_exception() -> None:
    found = findings(PROJECT)
    left = [each for each in found if (each.file, each.rule) not in ALLOWED]
    assert not left, "\n".join(f"{one.file}:{one.line}: {one.rule}: {one.detail}" for one in left)
    unused = set(ALLOWED) - {(each.file, each.rule) for each in found}
    assert not unused, f"Exceptions that are no longer needed: {sorted(unused)}"
