"""Shops on ground floors, a little inside the façade that faces a street."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from shapely import LineString, Point, STRtree

from gridmap.demo.buildings import Building
from gridmap.demo.dice import dice
from gridmap.demo.parcels import Block, Parcel
from gridmap.demo.streets import Road

SHOPS = 550
INSIDE = 2.2
"""How far behind the façade a shop's point lies, metres."""
_SLOT = 7.0

TRADES: tuple[tuple[str, str, str, float, tuple[str, ...]], ...] = (
    ("restaurant", "餐饮", "Restaurant", 24, ("面馆", "小笼馆", "菜馆", "饭店", "生煎铺", "火锅店", "粥铺")),
    ("cafe", "咖啡茶饮", "Café and tea", 10, ("咖啡", "茶铺", "奶茶店")),
    ("convenience", "便利店", "Convenience store", 10, ("便利店", "杂货店", "烟酒店")),
    ("hairdresser", "理发", "Hairdresser", 7, ("理发店", "美发沙龙")),
    ("clothing", "服装", "Clothing", 11, ("衣铺", "服装店", "旗袍店", "鞋店")),
    ("fruit", "水果蔬菜", "Fruit and vegetables", 7, ("水果店", "菜摊", "果蔬店")),
    ("pharmacy", "药店", "Pharmacy", 4, ("大药房", "药店")),
    ("bakery", "糕点", "Bakery", 5, ("糕团店", "面包房", "点心铺")),
    ("repair", "维修", "Repairs", 5, ("修车铺", "钟表维修", "锁具维修", "手机维修")),
    ("bank", "银行网点", "Bank branch", 3, ("银行网点",)),
    ("estate", "房产中介", "Estate agent", 4, ("房产中介",)),
    ("books", "文具书店", "Books and stationery", 3, ("书店", "文具店")),
    ("hotel", "旅馆", "Guest house", 2, ("旅馆", "宾馆")),
    ("fitness", "健身休闲", "Fitness and leisure", 3, ("健身房", "足浴店", "棋牌室")),
    ("laundry", "洗衣", "Laundry", 2, ("洗衣店",)),
)
"""Key, Chinese name, English name, weight, endings of shop names."""
_MOODS = "福顺泰和兴隆祥瑞康宁吉利丰裕恒源永昌德聚宝鑫荣盛义诚信达通安乐喜来旺"


@dataclass(frozen=True)
class Slot:
    """A place for a shop: on the façade of a building, facing a road."""

    building: int
    road: int
    point: Point
    along: float


@dataclass(frozen=True)
class Shop:
    """A shop in a slot."""

    slot: Slot
    trade: str
    name: str


def facades(buildings: list[Building], parcels: list[Parcel], blocks: list[Block], roads: list[Road]) -> list[Slot]:
    """Find every slot along façades that face a street or an arterial road."""
    tree = STRtree([road.line for road in roads])
    slots: list[Slot] = []
    for number, building in enumerate(buildings):
        if not _sells(building):
            continue
        block = blocks[parcels[building.parcel].block].outline
        near = block.exterior.buffer(building.setback + 1.0)
        face = building.outline.exterior.intersection(near)
        own: list[Slot] = []
        for wall in _walls(face):
            found = _along_wall(number, building, wall, roads, tree)
            own += [slot for slot in found if all(slot.point.distance(other.point) > 4 for other in own)]
        slots += own
    return slots


def _sells(building: Building) -> bool:
    """Tell whether shops may open on a building's ground floor."""
    if not building.front or building.tower:
        return False
    return building.role == "market" or building.use in ("mixed", "office", "hotel")


def _walls(face: shapely.Geometry) -> list[LineString]:
    """Straight walls of a façade that are wide enough for a shop."""
    merged = shapely.line_merge(face) if face.geom_type == "MultiLineString" else face
    walls: list[LineString] = []
    for part in shapely.get_parts(merged):
        if part.geom_type != "LineString":
            continue
        sides = [LineString(ends) for ends in pairwise(part.coords)]
        walls += [side for side in sides if side.length > 5.5]
    return walls


def _along_wall(number: int, building: Building, wall: LineString, roads: list[Road], tree: STRtree) -> list[Slot]:
    """Part one wall into slots; none when it looks at a lane, a yard or the building's own side."""
    middle = wall.interpolate(0.5, normalized=True)
    road = int(tree.nearest(middle))
    if roads[road].kind == "lane":
        return []
    if middle.distance(roads[road].line) > roads[road].width / 2 + building.setback + 6:
        return []
    (x0, y0), (x1, y1) = wall.coords
    along = np.array([x1 - x0, y1 - y0]) / wall.length
    inward = np.array([-along[1], along[0]]) * INSIDE
    count = max(1, int(wall.length // _SLOT))
    slots = []
    for step in range(count):
        spot = np.array([x0, y0]) + along * wall.length * (step + 0.5) / count
        for side in (1, -1):
            point = Point(np.round(spot + inward * side, 3))
            if building.outline.covers(point) and point.distance(building.outline.exterior) > 0.8:
                place = round(roads[road].line.project(point), 3)
                outer = roads[road].line.distance(point)
                if outer > roads[road].line.distance(Point(spot)) + INSIDE * 0.6:
                    slots.append(Slot(number, road, point, place))
                break
    return slots


def open_shops(seed: int, sub: int, slots: list[Slot], roads: list[Road]) -> list[Shop]:
    """Open SHOPS shops in one sub-district: dense along the middle road and a few streets, thin elsewhere.

    Two or three streets are food streets; there most shops cook.
    """
    rng = dice(seed, "shops", sub)
    if len(slots) < SHOPS:
        raise AssertionError(f"only {len(slots)} shop fronts in sub-district {sub}")
    by_road = sorted({slot.road for slot in slots})
    liking = {road: float(rng.gamma(1.6)) + 0.25 for road in by_road}
    liking.update({road: 5.0 for road in by_road if roads[road].role == "ew" and roads[road].index == 2})
    food = food_streets(seed, sub, slots, roads)
    weights = np.array([liking[slot.road] * (3.0 if slot.road in food else 1.0) for slot in slots])
    weights = np.round(weights, 6)
    chosen = np.sort(rng.choice(len(slots), SHOPS, replace=False, p=weights / weights.sum()))
    usual = np.array([trade[3] for trade in TRADES], dtype=float)
    cooking = usual * np.where([t[0] in ("restaurant", "cafe", "bakery") for t in TRADES], 5.0, 0.7)
    shops = []
    for index in chosen:
        slot = slots[index]
        odds = cooking if slot.road in food else usual
        trade = TRADES[int(rng.choice(len(TRADES), p=odds / odds.sum()))]
        shops.append(Shop(slot, trade[0], _shop_name(rng, trade[4])))
    return shops


def food_streets(seed: int, sub: int, slots: list[Slot], roads: list[Road]) -> set[int]:
    """Choose the food streets of a sub-district: small streets with room for many shops."""
    room: dict[int, int] = {}
    for slot in slots:
        if roads[slot.road].kind == "street":
            room[slot.road] = room.get(slot.road, 0) + 1
    rng = dice(seed, "food", sub)
    ranked = sorted(room, key=lambda road: -room[road] * float(rng.uniform(0.6, 1.0)))
    return set(ranked[1:4])


def _shop_name(rng: np.random.Generator, endings: tuple[str, ...]) -> str:
    first, second = (_MOODS[int(i)] for i in rng.integers(len(_MOODS), size=2))
    return first + second + str(rng.choice(endings))
