import json
import math

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gridmap.maps.payload import coloured, embed, payload, pinyin
from gridmap.maps.ramps import DIVERGING, rgb
from tests.maps.towns import figured, town

HOSTILE = "</script><!--<script>&\u2028\u2029"


class TestEmbed:
    def test_nothing_in_it_can_end_the_element(self):
        text = embed({"name": HOSTILE})
        assert not set("<>&\u2028\u2029") & set(text)
        assert json.loads(text)["name"] == HOSTILE

    def test_figures_that_json_cannot_say_are_refused(self):
        with pytest.raises(ValueError, match="JSON"):
            embed(math.nan)


class TestPayload:
    def test_popup_rows_speak_the_language(self):
        (building,) = payload(town(lang="en"), show="overview")["places"]["building"]
        assert ["Use", "Offices"] in building["rows"]

    def test_levels_come_top_first(self, tiny):
        assert [level["key"] for level in payload(tiny, show="overview")["levels"]] == ["neighbourhood", "microgrid"]

    def test_missing_cells_are_left_out(self, tiny):
        (hood, *_) = payload(tiny, show="overview")["levels"][0]["grids"]
        assert "parent" not in hood

    def test_the_heading_names_measure_and_level(self):
        assert payload(figured(lang="en"), show="choropleth")["title"] == "Incidents by micro-grid"

    def test_a_grid_without_figure_has_none(self):
        figures = payload(figured(), show="choropleth")["figures"]
        assert set(figures["values"]) == {"11", "12", "21"}
        assert figures["none"] == 12

    def test_another_datum_is_refused(self):
        frame = gpd.GeoDataFrame({"id": [1], "name": ["x"]}, geometry=[shapely.Point(0, 0)], crs=3857)
        with pytest.raises(ValueError, match="4326"):
            payload(town(places={"shop": frame}), show="overview")

    def test_numpy_cells_become_json(self, tiny):
        frame = tiny.places["shop"].assign(id=np.array([5], dtype=np.int64))
        (shop,) = payload(town(places={"shop": frame}), show="overview")["places"]["shop"]
        assert json.loads(embed(shop))["id"] == 5


class TestColours:
    def test_darker_is_more(self):
        _, colours = coloured(list(range(60)))
        light = [sum(rgb(colour)) for colour in colours]
        assert light == sorted(light, reverse=True)

    def test_diverging_keeps_its_middle(self):
        classes, colours = coloured([-30, -20, -10, 10, 20, 30], diverges_from=0)
        assert 5 <= len(classes.labels) <= 7
        assert rgb(colours[0])[0] > rgb(colours[0])[2]
        assert colours[-1] == DIVERGING[-1]


def test_pinyin():
    assert pinyin("愚园路") == "yuyuanlu yyl"
    assert pinyin("SOHO") == ""
