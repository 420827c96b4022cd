"""What the documents promise: their commands run and say what is quoted, and their tables leave nothing out."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from click import Command, Context

from gridmap.app import create_app
from gridmap.cli import command_line
from gridmap.maps import MAPS
from gridmap.model import errors
from gridmap.model.layers import load_layers, load_schemes
from gridmap.services.import_columns import USUAL
from gridmap.settings import Settings
from gridmap.spatial.files import FORMATS
from gridmap.store.cluster import Cluster
from tests.clusters import TEST_SETTINGS, cluster_dir, drop_database, leave_cluster
from tests.documents import MARKS, ROOT, Block, blocks_of, documents

RUN = {"bash", "python"}
SECONDS = 240
# curl is what a reader has; the machine that tests may lack it
CURL = """
import sys, urllib.request
given, headers, data, url = sys.argv[1:], {}, None, ""
while given:
    word = given.pop(0)
    if word == "-H": key, value = given.pop(0).split(": "); headers[key] = value
    elif word == "-d": data = given.pop(0).encode()
    elif word == "--data-binary": data = open(given.pop(0)[1:], "rb").read()
    elif word != "-s": url = word
try: answer = urllib.request.urlopen(urllib.request.Request(url, data, headers))
except urllib.error.HTTPError as error: answer = error
print(answer.read().decode(errors="replace"))
"""


@pytest.fixture(scope="module")
def home(run_uid: str) -> Iterator[Path]:
    """Return a data folder as a reader's, with a private cluster that holds the demo city."""
    folder = cluster_dir(f"gridmap-test-docs-{run_uid}")
    # whoever cleans up after a killed run looks here
    (folder / "users").mkdir(exist_ok=True)
    (folder / "users" / str(os.getpid())).touch()
    Cluster(folder, settings=TEST_SETTINGS).start()
    _run("gridmap demo load", folder, folder, _port())
    yield folder
    leave_cluster(folder)


@pytest.fixture
def desk(home: Path) -> Iterator[Path]:
    """Return an empty folder to work in, with no city of one's own yet."""
    cluster = Cluster(home, settings=TEST_SETTINGS)
    cluster.start()
    drop_database(cluster, "gridmap")
    with tempfile.TemporaryDirectory(prefix="gridmap-docs-") as folder:
        yield Path(folder)


def _port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _environment(home: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GRIDMAP_")}
    if kept.pop("PYTHONDONTWRITEBYTECODE", None):
        # else each of some forty commands would compile all it imports
        kept["PYTHONPYCACHEPREFIX"] = str(home / "bytecode")
    paths = [str(Path(sys.executable).parent), kept.get("PATH", "")]
    return kept | {
        "GRIDMAP_DATA_DIR": str(home),
        "GRIDMAP_LANGUAGE": "en",
        "PATH": os.pathsep.join(paths),
        "COLUMNS": "200",
        "NO_COLOR": "1",
    }


def _script(body: str, port: int) -> str:
    curl = "" if shutil.which("curl") else f'curl() {{ {sys.executable} -c {_quoted(CURL)} "$@"; }}\n'
    return f"set -euo pipefail\n{curl}{body.replace('127.0.0.1:8000', f'127.0.0.1:{port}')}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _run(body: str, home: Path, folder: Path, port: int) -> subprocess.CompletedProcess[str]:
    command = ["bash", "-c", _script(body, port)]
    return subprocess.run(
        command, cwd=folder, env=_environment(home), capture_output=True, text=True, timeout=SECONDS, check=False
    )


def _serve(body: str, home: Path, folder: Path, port: int) -> subprocess.Popen[bytes]:
    """Start what serves forever, and come back when it says where."""
    words = body.split()
    chosen = words[: words.index("--port")] + words[words.index("--port") + 2 :] if "--port" in words else words
    server = subprocess.Popen(
        [*chosen, "--port", str(port)],
        cwd=folder,
        env=_environment(home) | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
    )
    for line in server.stdout or ():
        if f":{port}".encode() in line:
            break
    waiting = (
        f"for i in $(seq 200); do curl -s http://127.0.0.1:{port}/readyz >ready 2>/dev/null && break; sleep 0.1; done"
    )
    assert _run(f"{waiting}\ngrep -q ready ready", home, folder, port).returncode == 0, "it does not serve"
    return server


def _perform(block: Block, home: Path, folder: Path, port: int) -> str:
    if block.kind == "python":
        (folder / "example.py").write_text(block.body, encoding="utf-8")
        done = _run("python example.py", home, folder, port)
    else:
        done = _run(block.said if block.mark == "tested as" else block.body, home, folder, port)
    assert done.returncode == 0, f"line {block.line}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_commands_run_and_say_what_is_quoted(document, home, desk):
    said, servers = None, []
    try:
        for block in blocks_of(document):
            if block.kind == "text" and said is not None:
                lines = {line.rstrip() for line in said.splitlines()}
                quoted = [line.rstrip() for line in block.body.splitlines()]
                assert [line for line in quoted if line not in lines] == [], f"line {block.line}: not said: {said}"
            if block.kind not in RUN:
                continue
            said = None
            if block.mark == "serves":
                port = _port()
                servers.append(_serve(block.body, home, desk, port))
            elif block.mark != "not run":
                said = _perform(block, home, desk, port if servers else 0)
    finally:
        for server in servers:
            server.terminate()
            server.communicate(timeout=30)


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_every_block_can_be_run_or_says_why_not(document):
    for block in blocks_of(document):
        assert block.mark in MARKS, f"line {block.line}"
        assert (block.mark in {"not run", "tested as"}) == bool(block.said), f"line {block.line}"
        if block.kind == "bash":
            done = subprocess.run(["bash", "-n"], input=block.body, capture_output=True, text=True, check=False)
            assert done.stderr == "", f"line {block.line}"


def _commands() -> Iterator[tuple[str, Command]]:
    def below(command: Command, name: str) -> Iterator[tuple[str, Command]]:
        if hasattr(command, "list_commands"):
            for each in command.list_commands(Context(command)):
                yield from below(command.commands[each], f"{name} {each}")
        else:
            yield name, command

    yield from below(typer.main.get_command(command_line()), "gridmap")


def _section(text: str, heading: str) -> str:
    start = text.find(f"### `{heading}")
    assert start >= 0, f"{heading} is not documented"
    end = text.find("\n### ", start)
    return text[start : end if end >= 0 else None]


def test_every_command_and_option_is_documented():
    text = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    commands = list(_commands())
    assert len(commands) > 10
    for name, command in commands:
        section = _section(text, name)
        for one in command.params:
            for option in [*one.opts, *one.secondary_opts] if one.param_type_name == "option" else [one.name.upper()]:
                assert f"`{option}`" in section, f"{name} {option} is not documented"


def test_no_option_is_documented_that_does_not_exist():
    text = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    known = {option for _, command in _commands() for one in command.params for option in one.opts + one.secondary_opts}
    for line in text.splitlines():
        if line.startswith("| `--"):
            for option in line.split("|")[1].replace("`", "").split(","):
                assert option.strip() in known, line


def test_every_setting_is_in_the_readme():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in Settings.model_fields if f"`GRIDMAP_{name.upper()}`" not in text] == []


def test_every_layer_and_field_is_documented():
    text = (ROOT / "docs/layers.md").read_text(encoding="utf-8")
    for key, layer in load_layers().items():
        section = _section(text, key)
        wanted = [*layer.geometry, *layer.fields, *(c for f in layer.fields.values() for c in f.choices)]
        assert [each for each in wanted if f"`{each}`" not in section] == [], key
        assert layer.title.zh in section


def test_every_level_format_and_usual_column_is_documented():
    text = (ROOT / "docs/layers.md").read_text(encoding="utf-8")
    levels = [level.key for scheme in load_schemes().values() for level in scheme.levels]
    usual = [column for columns in USUAL.values() for column in columns]
    assert [each for each in [*levels, *FORMATS, *usual] if f"`{each}`" not in text] == []


def test_every_error_is_documented():
    text = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
    raised = [name for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, Exception)]
    assert len(raised) > 5
    assert [name for name in raised if f"`{name}`" not in text] == []


def test_every_route_and_map_is_documented():
    text = (ROOT / "docs/http.md").read_text(encoding="utf-8")
    paths = create_app(Settings()).openapi()["paths"]
    assert len(paths) > 10
    for path, methods in paths.items():
        for method, told in methods.items():
            call = f"| `{method.upper()} {path.removeprefix('/api/v1')}` |"
            rows = [line for line in text.splitlines() if line.startswith(call)]
            assert len(rows) == 1, call
            names = [one["name"] for one in told.get("parameters", ())]
            assert [each for each in names if f"`{each}`" not in rows[0] and f"{{{each}}}" not in path] == [], call
    assert [name for name in MAPS if f"`{name}`" not in text] == []
