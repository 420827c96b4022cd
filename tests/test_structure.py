"""How the house is built: sizes, docstrings, words, hosts and twins, looked at file by file."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import gridmap
from gridmap.model.words import catalogue

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "gridmap"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "vendor" not in path.parts)
SCRIPTS = sorted(
    path
    for folder in ("maps", "pages")
    for path in (PACKAGE / folder).rglob("*")
    if path.suffix in {".js", ".css", ".html", ".svg"} and "vendor" not in path.parts
)
MOST_LINES, MOST_FUNCTION_LINES = 450, 60
NAMESPACES = ("http://www.w3.org/",)
# Tested through what is built of them: the test that would fail, and the modules.
TESTED_ELSEWHERE = {
    "tests/api/test_lists.py": "api: categories docs generations grids heat limits parameters places responses stats",
    "tests/demo/test_city.py": "demo: footprints furniture hotspots names parcels places population",
    "tests/maps/test_saved.py": "maps: choropleth data drawing heat overview registry",
    "tests/model/test_layers.py": "model: categories schemes",
    "tests/cli/test_plans.py": "cli: plan_tables",
    "tests/api/test_changeovers.py": "api: incidents services: responsible model: changeovers store: changeovers",
    "tests/api/test_histories.py": "services: codes histories past_owners successors generation_diff store: histories",
    "tests/pages/test_routes.py": "pages: frame languages security",
    "tests/services/test_generations.py": "model: generations",
    "tests/services/test_locate.py": "services: spots",
    "tests/services/test_locate_file.py": "services: locate_table",
    "tests/services/test_plan_drawing.py": "services: drafts plan_codes plan_edits plan_requests",
    "tests/services/test_plans.py": "services: plan_conflicts plan_views planning publishing",
    "tests/services/test_plan_checks.py": "services: plan_places plan_subjects plan_titles",
    "tests/spatial/test_coverage.py": "spatial: defects",
    "tests/spatial/test_edits.py": "spatial: _pieces _settle",
    "tests/spatial/test_repair.py": "spatial: faces outlines",
    "tests/test_notebooks.py": "gridmap: city",
    "tests/test_docs.py": "cli: console db demo exports imports incidents joins loading locate maps serve"
    " services: checking geojson grids heat incidents maps places writing"
    " spatial: joins store: cities gaps invariants",
}

Defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _public(tree: ast.Module) -> Iterator[Defined]:
    """List what a module offers: its public functions and classes, and the public methods of those."""
    for node in tree.body:
        if isinstance(node, Defined) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (
                    each
                    for each in node.body
                    if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
                    and not each.name.startswith("_")
                    and not any("overload" in ast.dump(one) for one in each.decorator_list)
                )


def test_nothing_is_left_undone():
    word = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XXX|HACK)\b")
    left = [
        f"{_name(path)}:{number}"
        for path in [*MODULES, *SCRIPTS, *PACKAGE.rglob("*.toml"), *PACKAGE.rglob("*.sql")]
        if "vendor" not in path.parts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if word.search(line)
    ]
    assert left == []


def test_modules_have_one_subject():
    lengths = {_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in [*MODULES, *SCRIPTS]}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function; what it says about itself does not make it long."""
    said = function.body[0] if ast.get_docstring(function) else None
    return function.end_lineno - function.lineno + 1 - (said.end_lineno - said.lineno + 1 if said else 0)


def test_functions_fit_a_screen():
    long = [
        f"{_name(path)}: {node.name} has {_lines(node)} lines"
        for path in MODULES
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _lines(node) > MOST_FUNCTION_LINES
    ]
    assert long == []


def test_everything_public_says_what_it_is():
    silent = [
        f"{_name(path)}: {node.name}"
        for path in MODULES
        for node in _public(_tree(path))
        if not ast.get_docstring(node) and "migrations" not in path.parts
    ]
    assert silent == []
    assert [_name(path) for path in MODULES if not ast.get_docstring(_tree(path))] == []


def test_no_module_is_a_drawer():
    assert [_name(path) for path in MODULES if path.stem in {"utils", "util", "helpers", "common", "misc"}] == []


@pytest.mark.parametrize("path", SCRIPTS, ids=_name)
def test_pages_and_maps_name_no_foreign_host(path):
    text = path.read_text(encoding="utf-8")
    found = re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z0-9./-]+", text, re.IGNORECASE)
    assert [address for address in found if not address.startswith(NAMESPACES)] == []


def test_python_of_pages_and_maps_names_no_foreign_host():
    found = [
        f"{_name(path)}: {address}"
        for path in MODULES
        if path.parts[len(PACKAGE.parts)] in {"pages", "maps", "api"}
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for address in re.findall(r"https?://[^\s'\"]+", node.value)
        if not address.startswith(NAMESPACES)
    ]
    assert found == []


def _asked(call: ast.expr) -> Iterator[tuple[str, bool]]:
    """Give each key that an argument may be, and whether it is whole."""
    if isinstance(call, ast.Constant) and isinstance(call.value, str):
        yield call.value, True
    elif isinstance(call, ast.IfExp):
        yield from _asked(call.body)
        yield from _asked(call.orelse)
    elif isinstance(call, ast.JoinedStr) and isinstance(call.values[0], ast.Constant):
        yield str(call.values[0].value), False


def _words_of_python() -> Iterator[tuple[str, str, bool]]:
    for path in MODULES:
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"say", "words"}:
                for key, whole in _asked(node.args[0]):
                    yield _name(path), key, whole


def _words_of_scripts() -> Iterator[tuple[str, str, bool]]:
    sections = "|".join(sorted({key.split(".")[0] for key in catalogue()}))
    for path in SCRIPTS:
        text = path.read_text(encoding="utf-8")
        if path.suffix in {".js", ".html"}:
            for key in re.findall(rf"['\"`]((?:{sections})\.[a-z0-9_]+)['\"`]", text):
                if not key.endswith((".css", ".js", ".html")):
                    yield _name(path), key, True
            for key in re.findall(rf"`((?:{sections})\.[a-z0-9_]*)\$\{{", text):
                yield _name(path), key, False


@pytest.mark.parametrize("asked", [_words_of_python, _words_of_scripts])
def test_every_word_that_is_asked_for_exists(asked):
    known = catalogue()
    wanted = list(asked())
    assert len(wanted) > 20
    missing = [
        f"{where}: {key}"
        for where, key, whole in wanted
        if (key not in known if whole else not any(each.startswith(key) for each in known))
    ]
    assert missing == []


def _twin(path: Path) -> Path:
    inside = path.relative_to(PACKAGE)
    name = inside.parent.name if inside.stem == "__init__" and inside.parent.name else inside.stem
    folder = inside.parent if inside.stem != "__init__" else inside.parent.parent
    return ROOT / "tests" / folder / f"test_{name.strip('_')}.py"


def _elsewhere() -> set[str]:
    listed, room = set(), ""
    for word in " ".join(TESTED_ELSEWHERE.values()).split():
        if word.endswith(":"):
            room = "" if word == "gridmap:" else f"{word[:-1]}/"
        else:
            listed.add(f"gridmap/{room}{word}.py")
    return listed


def _named_by_tests() -> set[str]:
    """List the modules that a test imports."""
    found = set()
    for path in (ROOT / "tests").rglob("*.py"):
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return found


def test_every_module_has_its_twin():
    named, elsewhere = _named_by_tests(), _elsewhere()
    alone = [
        _name(path)
        for path in MODULES
        if any(True for _ in _public(_tree(path)))
        and not path.stem.startswith("_")
        and "migrations" not in path.parts
        and not _twin(path).exists()
        and ".".join(path.relative_to(ROOT).with_suffix("").parts) not in named
        and _name(path) not in elsewhere
    ]
    assert alone == []


def test_what_is_tested_elsewhere_is():
    assert [test for test in TESTED_ELSEWHERE if not (ROOT / test).exists()] == []
    assert [module for module in _elsewhere() if not (ROOT / module).exists()] == []


def test_the_version_is_said_once():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == gridmap.__version__
    assert f"## {gridmap.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
