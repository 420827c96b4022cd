"""The town's features as rows of places and addresses, in degrees."""

from dataclasses import dataclass, field
from typing import cast

import numpy as np
import shapely
from shapely import Polygon

from gridmap.demo import names, population
from gridmap.demo.addresses import Address, Addresses, number_places
from gridmap.demo.buildings import Building, Yard, build_on
from gridmap.demo.furniture import Component, furnish
from gridmap.demo.parcels import Block, Parcel, give_uses, lay_blocks, lay_parcels
from gridmap.demo.plane import geometry_to_degrees
from gridmap.demo.shops import TRADES, Shop, facades, open_shops
from gridmap.demo.streets import CREEK_HALF, Streets

_STOREY = {"residential": 3.0, "school": 3.7, "office": 4.0, "public": 4.0, "hotel": 3.5, "mixed": 3.6}
_PUBLIC = {"school": "小学", "hospital": "医院", "market": "菜市场", "park": "公园", "pocket": "街心花园"}


@dataclass
class Town:
    """Streets and what stands between them, in metres; one yard and one list of shops a sub-district."""

    streets: Streets
    road_names: list[str]
    blocks: list[Block]
    parcels: list[Parcel]
    banks: list[tuple[int, Polygon]]
    yards: list[Yard] = field(default_factory=list)
    shops: list[list[Shop]] = field(default_factory=list)
    furniture: list[list[Component]] = field(default_factory=list)
    outlines: list[Polygon] = field(default_factory=list)
    titles: dict[int, str] = field(default_factory=dict)


@dataclass
class Rows:
    """Rows of the places and addresses frames; geometries still in metres."""

    places: list[tuple[object, ...]] = field(default_factory=list)
    shapes: list[shapely.Geometry] = field(default_factory=list)
    addresses: list[tuple[object, ...]] = field(default_factory=list)
    towers: list[list[str]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def add(
        self,
        kind: str,
        name: str,
        address: str,
        shape: shapely.Geometry,
        parent: str | None,
        properties: dict[str, object],
    ) -> str:
        """Add a place and give its key."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        key = f"{kind}-{self.counts[kind]:05d}"
        self.places.append((kind, key, name, address, parent, properties))
        self.shapes.append(shape)
        return key


def found_town(seed: int, streets: Streets, scale: int) -> Town:
    """Build the town on its streets."""
    pool = names.Roads(seed)
    road_names = [pool.name(road.kind) for road in streets.roads]
    blocks, banks = lay_blocks(streets)
    parcels = lay_parcels(seed, streets, blocks)
    give_uses(seed, streets, parcels)
    town = Town(streets, road_names, blocks, parcels, banks)
    town.titles = _titles(seed, parcels)
    whole = build_on(seed, blocks, parcels)
    faces = np.array(streets.faces)
    for sub in range(scale):
        yard = _part(whole, parcels, sub)
        slots = facades(yard.buildings, parcels, blocks, streets.roads)
        own = faces[np.array(streets.face_sub) == sub]
        outline = cast("Polygon", shapely.coverage_union_all(own))
        town.yards.append(yard)
        town.shops.append(open_shops(seed, sub, slots, streets.roads))
        town.furniture.append(furnish(seed, sub, streets.roads, road_names, outline))
        town.outlines.append(outline)
    return town


def _part(whole: Yard, parcels: list[Parcel], sub: int) -> Yard:
    """Take one sub-district's part of what was built."""
    return Yard(
        [b for b in whole.buildings if parcels[b.parcel].sub == sub],
        [g for g in whole.greens if parcels[g[0]].sub == sub],
        [p for p in whole.ponds if parcels[p[0]].sub == sub],
        [lane for lane in whole.lanes if parcels[lane[0]].sub == sub],
    )


def _titles(seed: int, parcels: list[Parcel]) -> dict[int, str]:
    """Name the parcels that have a name: compounds, schools, parks and the like; a park is one name a block."""
    pool = names.Compounds(seed)
    titles: dict[int, str] = {}
    parks: dict[int, str] = {}
    for number, parcel in enumerate(parcels):
        if parcel.use in ("lilong", "slab"):
            titles[number] = pool.home(parcel.use)
        elif parcel.use == "park":
            parks.setdefault(parcel.block, pool.plain() + "公园")
            titles[number] = parks[parcel.block]
        elif parcel.use in _PUBLIC:
            titles[number] = pool.plain() + _PUBLIC[parcel.use]
    return titles


def write_places(seed: int, town: Town) -> Rows:
    """Write every feature of the town as rows."""
    rows = Rows()
    tower_names = names.Compounds(seed + 1)
    _write_roads_and_water(town, rows)
    for sub, yard in enumerate(town.yards):
        told = number_places(yard.buildings, town.parcels, town.shops[sub], town.streets.roads, town.road_names)
        keys = _write_buildings(seed, sub, town, told, tower_names, rows)
        _write_compounds(town, yard, told, rows)
        _write_lanes_and_greens(town, yard, told, rows)
        for shop, address in zip(town.shops[sub], told.shops, strict=True):
            trade = next(row[1] for row in TRADES if row[0] == shop.trade)
            host = keys[shop.slot.building]
            key = rows.add("shop", shop.name, address.text, shop.slot.point, host, {"trade": trade})
            _write_address(rows, key, address)
        for thing in town.furniture[sub]:
            road = town.road_names[thing.road]
            if thing.kind == "camera":
                rows.add("camera", thing.name, road, thing.point, None, {})
            else:
                rows.add("component", thing.name, road, thing.point, None, {"sort": thing.kind})
    return rows


def _write_roads_and_water(town: Town, rows: Rows) -> None:
    for road, name in zip(town.streets.roads, town.road_names, strict=True):
        rows.add("road", name, "", road.line, None, {"class": road.kind, "width_m": float(road.width)})
    creek = town.streets.creek.buffer(CREEK_HALF, cap_style="flat")
    rows.add("water", "鹭芦河", "", creek, None, {})
    for _, bank in town.banks:
        rows.add("green", "鹭芦河滨河绿地", "", bank, None, {})


def _write_buildings(
    seed: int, sub: int, town: Town, told: Addresses, tower_names: names.Compounds, rows: Rows
) -> list[str]:
    """Write the buildings of one sub-district; their keys in the same order."""
    buildings = town.yards[sub].buildings
    residents, workers = population.settle(seed, sub, buildings)
    keys: list[str] = []
    towers: list[str] = []
    last = ""
    for index, building in enumerate(buildings):
        address = told.buildings[index]
        name, last = _building_name(building, address, town.titles, tower_names, last)
        properties: dict[str, object] = {
            "floors": building.floors,
            "height_m": round(building.floors * _STOREY[building.use] + 1.2, 1),
            "use": building.use,
            "residents": int(residents[index]),
            "workers": int(workers[index]),
            "tower": building.tower,
        }
        key = rows.add("building", name, address.text, building.outline, None, properties)
        _write_address(rows, key, address)
        keys.append(key)
        if building.tower:
            towers.append(key)
    rows.towers.append(towers)
    return keys


def _building_name(
    building: Building, address: Address, titles: dict[int, str], pool: names.Compounds, last: str
) -> tuple[str, str]:
    """Name a building; a podium is named after the tower written just before it."""
    title = titles.get(building.parcel)
    name = address.text
    if building.tower:
        name = last = pool.tower()
    elif building.role == "podium":
        name = f"{last}裙房"
    elif building.role in ("pavilion", "kiosk"):
        name = f"{title}{'茶室' if building.role == 'pavilion' else '管理房'}"
    elif title and building.role == "market":
        name = title
    elif title and building.front and building.use == "public":
        name = f"{title}门诊楼"
    elif title and not building.front:
        name = f"{title}{address.number}号{'楼' if building.use in ('school', 'public') else ''}"
    return name, last


def _write_address(rows: Rows, key: str, address: Address) -> None:
    rows.addresses.append(
        (key, address.text, address.road, _text(address.lane), str(address.number), _text(address.floor))
    )


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _write_compounds(town: Town, yard: Yard, told: Addresses, rows: Rows) -> None:
    """Write compounds; households follow from their homes' floor space."""
    homes: dict[int, float] = {}
    doors: dict[int, str] = {}
    for index, building in enumerate(yard.buildings):
        doors.setdefault(building.parcel, told.buildings[index].text)
        if town.parcels[building.parcel].use in ("lilong", "slab"):
            space = building.outline.area * building.floors * (0.35 if building.use == "mixed" else 1.0)
            homes[building.parcel] = homes.get(building.parcel, 0.0) + space
    per_household = sum(homes.values()) / (population.RESIDENTS / 2.6)
    for parcel in sorted(homes):
        gate = told.gates.get(parcel)
        address = f"{gate[0]}{gate[1]}弄" if gate else doors[parcel]
        ground = town.parcels[parcel].outline
        households = max(1, round(homes[parcel] / per_household))
        rows.add("compound", town.titles[parcel], address, ground, None, {"households": households})


def _write_lanes_and_greens(town: Town, yard: Yard, told: Addresses, rows: Rows) -> None:
    for parcel, lane in yard.lanes:
        gate = told.gates.get(parcel)
        if gate:
            rows.add("road", f"{gate[0]}{gate[1]}弄", "", lane, None, {"class": "lane", "width_m": 4.0})
    for parcel, kind, green in yard.greens:
        if kind == "plaza":
            continue
        ending = {"lawn": "绿地", "field": "操场"}.get(kind, "")
        rows.add("green", f"{town.titles.get(parcel, '')}{ending}", "", green, None, {})
    for parcel, pond in yard.ponds:
        rows.add("water", f"{town.titles[parcel]}池塘", "", pond, None, {})


def in_degrees(rows: Rows) -> np.ndarray:
    """Give all places' geometries in WGS84."""
    return np.asarray(geometry_to_degrees(np.array(rows.shapes, dtype=object)))
