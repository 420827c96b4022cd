"""The log of imports."""

from gridmap.store import imports


def test_an_import_is_found_again_by_what_was_in_the_file(database):
    with database.load() as connection:
        for name in ("a.csv", "copy of a.csv"):
            imports.record(connection, "shops", name, b"a" * 32, {"datum": "wgs84"}, {"added": 3})
        imports.record(connection, "firms", "a.csv", b"a" * 32, {}, {})
    with database.read() as connection:
        assert imports.find(connection, "shops", b"a" * 32)["file_name"] == "copy of a.csv"
        assert imports.find(connection, "shops", b"b" * 32) is None
        assert [run["layer"] for run in imports.recent(connection)] == ["firms", "shops", "shops"]
        assert imports.recent(connection, limit=1)[0]["report"] == {}
