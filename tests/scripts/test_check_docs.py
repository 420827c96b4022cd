"""Links between documents lead somewhere."""

from scripts import check_docs


def test_the_repository_has_no_dead_link():
    assert check_docs.main() == 0


def test_a_dead_link_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(check_docs, "ROOT", tmp_path)
    page = tmp_path / "a.md"
    page.write_text("[b](b.md#x) [web](https://example.org) [here](#here) `[code](no.md)` [c](no.md)\n")
    (tmp_path / "b.md").touch()
    assert check_docs.dead_links(page) == ["a.md: no.md"]
