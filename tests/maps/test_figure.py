import re

import folium
import pytest
from folium.plugins import HeatMap, MarkerCluster

from gridmap.maps import MAPS, assets, render
from gridmap.maps import spec as find
from gridmap.model.errors import InputError, NotFoundError, SetupError
from tests.maps.towns import figured, heated, town

SCRIPT = re.compile(r"(?<=>)[^<]*Leaflet.*?(?=</script>)", re.DOTALL)
"""Leaflet's own text names its home in a credit that our maps do not show."""
BUNDLES = {"overview": town, "choropleth": figured, "heat": heated}
FOREIGN = re.compile(r"""(?:src|href)=["']?(?:https?:)?//|url\(\s*["']?(?:https?:)?//|@import""")


class TestRender:
    @pytest.mark.parametrize("name", MAPS)
    @pytest.mark.parametrize("way", ["linked", "inlined"])
    def test_nothing_leads_to_a_foreign_host(self, name, way):
        page = render(MAPS[name].build(BUNDLES[name]()), assets=way)
        assert not FOREIGN.search(SCRIPT.sub("", page))

    @pytest.mark.parametrize("name", MAPS)
    def test_an_inlined_page_links_to_nothing(self, name):
        page = render(MAPS[name].build(BUNDLES[name]()), assets="inlined")
        assert not re.search(r"<(?:script|img|iframe)[^>]*\bsrc=|<link[^>]*href=\"(?!data:)", page)

    def test_every_script_and_style_carries_the_nonce(self):
        page = render(MAPS["overview"].build(town()), nonce="abc")
        assert len(re.findall(r"<(?:script|style)[\s>]", page)) == page.count('nonce="abc"') > 3

    def test_linked_addresses_hold_the_hash_of_what_they_lead_to(self):
        page = render(MAPS["overview"].build(town()))
        assert assets.address(assets.OWN / "map.css") in page
        assert f"/static/map/scene.js?v={assets.digest(assets.OWN / 'scene.js')}" in page

    def test_rendering_twice_gives_the_same_page(self):
        drawn = MAPS["overview"].build(town())
        assert render(drawn) == render(drawn)

    def test_what_folium_brings_along_is_local_too(self):
        drawn = MAPS["overview"].build(town())
        folium.Marker([31.22, 121.45]).add_to(drawn)
        assert not FOREIGN.search(render(drawn))

    def test_an_unknown_script_is_refused_by_name(self):
        drawn = MAPS["overview"].build(town())
        HeatMap([[31.2, 121.4]]).add_to(drawn)
        with pytest.raises(SetupError, match="leaflet-heat"):
            render(drawn)

    def test_every_unknown_plugin_is_refused(self):
        drawn = MAPS["overview"].build(town())
        MarkerCluster([[31.2, 121.4]]).add_to(drawn)
        with pytest.raises(SetupError, match="no local file"):
            render(drawn)

    def test_foreign_tiles_are_not_ours_to_vouch_for(self):
        with pytest.raises(SetupError, match="not made by gridmap"):
            render(folium.Map(tiles=None))

    def test_a_script_tag_to_a_foreign_host_is_refused(self):
        drawn = MAPS["overview"].build(town())
        drawn.get_root().header.add_child(folium.Element('<script src="https://example.org/x.js"></script>'))
        with pytest.raises(SetupError, match="foreign host"):
            render(drawn)


class TestRegistry:
    def test_an_unknown_map(self):
        with pytest.raises(NotFoundError, match="overview, choropleth, heat"):
            find("overveiw")

    @pytest.mark.parametrize("name", ["choropleth", "heat"])
    def test_a_map_without_what_it_needs(self, name):
        with pytest.raises(InputError):
            MAPS[name].build(town())

    @pytest.mark.parametrize("name", MAPS)
    def test_titles_are_said_in_both_languages(self, name):
        assert MAPS[name].title.zh != MAPS[name].title.en


class TestAssets:
    def test_styles_that_refer_to_foreign_hosts_are_refused(self, tmp_path):
        sheet = tmp_path / "a.css"
        sheet.write_text("a{background:url(https://example.org/a.png)}")
        with pytest.raises(SetupError, match="foreign host"):
            assets.inlined_style(sheet)

    def test_pictures_in_styles_are_carried_inside(self):
        style = assets.inlined_style(assets.library("leaflet_css"))
        assert "data:image/png;base64," in style
        assert "images/" not in style

    def test_a_script_cannot_end_its_element(self, tmp_path):
        script = tmp_path / "a.js"
        script.write_text("x = '</script>'")
        assert "</script" not in assets.inlined_script(script)

    def test_fonts_come_for_the_characters_in_use_alone(self):
        assert assets.font_faces("street") == ""
        one, more = assets.font_faces("路"), assets.font_faces("路" + "愚园静安黄浦")
        assert 0 < len(one) < len(more)

    def test_every_name_of_the_catalogue_of_libraries_is_installed(self):
        assert all(assets.library(name).is_file() for name in assets.LIBRARIES)
