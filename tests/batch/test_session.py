"""Before Spark starts: what is missing or too old is told, with the way to mend it."""

import importlib.metadata
import os

import pytest

from gridmap.batch import session as module
from gridmap.batch.session import is_local, refuse_setup, session
from gridmap.model.errors import InputError, SetupError


@pytest.fixture
def java(tmp_path, monkeypatch):
    """Return a function that puts a java into the PATH that says of itself what it is told to."""

    def put(words):
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "java").write_text(f"#!/bin/sh\necho '{words}' >&2\n")
        (folder / "java").chmod(0o755)
        monkeypatch.delenv("JAVA_HOME", raising=False)
        monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
        return tmp_path

    return put


@pytest.mark.parametrize("words", ['openjdk version "17.0.15" 2025-04-15', 'java version "25" 2025-09-16'])
def test_a_java_that_is_new_enough(java, words):
    java(words)
    refuse_setup()


@pytest.mark.parametrize(
    ("words", "told"),
    [('java version "1.8.0_402"', "is 8"), ('openjdk version "11.0.22"', "is 11"), ("no java", "does not say")],
)
def test_a_java_that_is_too_old(java, words, told):
    java(words)
    with pytest.raises(SetupError, match=rf"Java 17 or newer, and .*java {told}.*openjdk-17-jre-headless"):
        refuse_setup()


def test_java_home_comes_before_the_path(java, tmp_path, monkeypatch):
    home = java('openjdk version "17.0.1"')
    monkeypatch.setenv("JAVA_HOME", str(home / "nothing"))
    with pytest.raises(SetupError, match="needs Java, which was not found"):
        refuse_setup()
    monkeypatch.setenv("JAVA_HOME", str(home))
    monkeypatch.setenv("PATH", "")
    refuse_setup()


def test_no_java_at_all(tmp_path, monkeypatch):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="needs Java, which was not found"):
        refuse_setup()


def test_pyspark_that_is_too_old_or_missing(monkeypatch):
    monkeypatch.setattr(module, "version", lambda name: "3.5.4")
    with pytest.raises(
        SetupError, match=r"pyspark 4 or newer, and 3.5.4 is installed: pip install \"gridmap\[spark\]\""
    ):
        refuse_setup()

    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(module, "version", missing)
    with pytest.raises(SetupError, match="needs pyspark, which is not installed"):
        refuse_setup()


@pytest.mark.parametrize("master", ["mars", "", "localhost:7077", "spark:", "local[]"])
def test_what_is_no_master_is_told_before_java_starts(master, tmp_path):
    with pytest.raises(InputError, match="is no master of Spark"), session(master, tmp_path):
        pass


def test_a_spark_that_does_not_start(tmp_path):
    environment = dict(os.environ)
    told = r"does not start with master local\[many\]: .*Exception: .*local\[many\]"
    with pytest.raises(SetupError, match=told), session("local[many]", tmp_path):
        pass
    assert dict(os.environ) == environment


@pytest.mark.parametrize(
    ("master", "local"),
    [
        ("local", True),
        ("local[2]", True),
        ("local-cluster[2,1,1024]", True),
        ("yarn", False),
        ("spark://a:7077", False),
    ],
)
def test_which_masters_are_this_machine(master, local):
    assert is_local(master) == local
