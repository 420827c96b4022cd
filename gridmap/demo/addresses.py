"""Addresses: numbers that grow along each road, odd on the left and even on the right, and lanes 弄.

Whatever opens on a road (a house, a shop, the gate of a compound) gets the next number on its side. Houses
behind a gate are numbered within the lane: 532弄50号.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import Point, STRtree

from gridmap.demo.buildings import Building
from gridmap.demo.parcels import Parcel
from gridmap.demo.shops import Shop
from gridmap.demo.streets import Road


@dataclass(frozen=True)
class Address:
    """Where a place is reached; `floor` is given for shops inside towers."""

    road: str
    number: int
    lane: int | None = None
    floor: int | None = None
    room: str = ""

    @property
    def text(self) -> str:
        """The address as people write it."""
        lane = f"{self.lane}弄" if self.lane is not None else ""
        floor = f"{self.floor}层" if self.floor is not None else ""
        return f"{self.road}{lane}{self.number}号{floor}{self.room}"


@dataclass(frozen=True)
class Addresses:
    """The addresses of buildings and shops by position, and of each parcel's gate as (road, lane)."""

    buildings: list[Address]
    shops: list[Address]
    gates: dict[int, tuple[str, int]]


def number_places(
    buildings: list[Building],
    parcels: list[Parcel],
    shops: list[Shop],
    roads: list[Road],
    road_names: list[str],
) -> Addresses:
    """Give everything along the roads its number."""
    tree = STRtree([road.line for road in roads])
    doors: list[tuple[int, int, float, str, int]] = []

    def door(kind: str, index: int, point: Point, road: int | None = None) -> None:
        way = int(tree.nearest(point)) if road is None else road
        line = roads[way].line
        along = line.project(point)
        doors.append((way, _side(line, along, point), round(along, 2), kind, index))

    behind: dict[int, list[int]] = {}
    for index, building in enumerate(buildings):
        if building.front:
            door("building", index, building.outline.representative_point())
        else:
            behind.setdefault(building.parcel, []).append(index)
    for parcel in sorted(behind):
        front = parcels[parcel].front
        longest = max(front.geoms, key=lambda line: line.length) if len(front.geoms) else None
        spot = longest.interpolate(0.37, normalized=True) if longest else parcels[parcel].outline.centroid
        door("gate", parcel, spot)
    inside = {i for i, b in enumerate(buildings) if b.role == "podium"}
    for index, shop in enumerate(shops):
        if shop.slot.building not in inside:
            door("shop", index, shop.slot.point, shop.slot.road)
    numbers = _count_along(doors)
    return _write(buildings, shops, behind, numbers, road_names, inside)


def _side(line: shapely.LineString, along: float, point: Point) -> int:
    """1 on the left of a line, 0 on its right."""
    a, b = line.interpolate(max(0.0, along - 1)), line.interpolate(along + 1)
    cross = (b.x - a.x) * (point.y - a.y) - (b.y - a.y) * (point.x - a.x)
    return int(cross > 0)


def _count_along(
    doors: list[tuple[int, int, float, str, int]],
) -> dict[tuple[str, int], tuple[int, int]]:
    """Give each door its road and number: about one number for every four metres, always growing."""
    last: dict[tuple[int, int], int] = {}
    numbers: dict[tuple[str, int], tuple[int, int]] = {}
    for road, side, along, kind, index in sorted(doors):
        wish = 2 * int(along // 8) + (1 if side else 2)
        number = max(wish, last.get((road, side), -1 if side else 0) + 2)
        last[(road, side)] = number
        numbers[(kind, index)] = (road, number)
    return numbers


def _write(
    buildings: list[Building],
    shops: list[Shop],
    behind: dict[int, list[int]],
    numbers: dict[tuple[str, int], tuple[int, int]],
    road_names: list[str],
    inside: set[int],
) -> Addresses:
    """Turn numbers into addresses."""
    own: dict[int, Address] = {}
    gates: dict[int, tuple[str, int]] = {}
    for parcel, members in behind.items():
        road, lane = numbers[("gate", parcel)]
        gates[parcel] = (road_names[road], lane)
        middles = [buildings[i].outline.centroid for i in members]
        order = np.lexsort([np.round([m.x for m in middles], 1), -np.round([m.y for m in middles], 0)])
        for place, position in enumerate(order, start=1):
            own[members[int(position)]] = Address(road_names[road], place, lane)
    for index, building in enumerate(buildings):
        if building.front:
            road, number = numbers[("building", index)]
            own[index] = Address(road_names[road], number)
    rooms: dict[int, int] = {}
    told = []
    for index, shop in enumerate(shops):
        host = shop.slot.building
        if host in inside:
            rooms[host] = rooms.get(host, 0) + 1
            base = own[host]
            told.append(Address(base.road, base.number, None, 1, f"1{rooms[host]:02d}室"))
        else:
            road, number = numbers[("shop", index)]
            told.append(Address(road_names[road], number))
    return Addresses([own[i] for i in range(len(buildings))], told, gates)
