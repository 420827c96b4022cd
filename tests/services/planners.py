"""Planners of the town of squares: a city of nine blocks and what two people do with it."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridmap.services import plan_drawing, plan_views, plans
from tests.services.squares import at, box

AUTHOR, REVIEWER = "王工", "李工"


def draw(city, plan, kind, after=None, actor=AUTHOR, **edit):
    """Draw one edit; coordinates are columns and rows of the drawing."""
    if "line" in edit:
        edit["line"] = [at(*point) for point in edit["line"]]
    if "polygon" in edit:
        edit["polygon"] = [[at(*point) for point in ring] for ring in edit["polygon"]]
    if "steps" in edit:
        edit["steps"] = [{"start": at(*start), "end": at(*end)} for start, end in edit["steps"]]
    if kind in {"split", "reshape", "draw", "move"}:
        edit["datum"] = "wgs84"
    asked = {"kind": kind, **edit}
    return plan_drawing.edit_plan(city, plan, asked, actor, after=after, follow=after is None)


def words(city, plan):
    """Say a word on every warning."""
    found = plan_views.check(city, plan)["findings"]
    return {each["key"]: "可以" for each in found if each["severity"] == "warning"}


def approved(city, plan, start=None):
    """Lead a plan through its review."""
    plans.submit(city, plan, AUTHOR, in_force_from=start)
    return plans.approve(city, plan, REVIEWER, words=words(city, plan))


def published(city, plan, start=None):
    """Lead a plan to its publication."""
    approved(city, plan, start)
    return plans.publish(city, plan, REVIEWER)


def shops(where):
    """Make a frame of shops at columns and rows, for `store.places.merge`."""
    points = shapely.points(np.array([at(*spot) for spot in where]))
    table = pd.DataFrame({"key": [f"s{k}" for k in range(len(where))], "name": "店", "address": "", "parent": None})
    return gpd.GeoDataFrame(table.assign(properties=[{} for _ in where]), geometry=points, crs=4326)


def building(key, west, south, east, north):
    """Make a frame of one building."""
    table = pd.DataFrame({"key": [key], "name": [key], "address": "", "parent": [None]})
    properties = [{"residents": 100, "workers": 50}]
    return gpd.GeoDataFrame(table.assign(properties=properties), geometry=[box(west, south, east, north)], crs=4326)
