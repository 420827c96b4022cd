"""When and where each category of incident happens in the demo city.

The categories themselves are data (layers/categories/governance.toml); here stands only how the invented
city behaves: how often, at which hours and seasons, and at what kind of place.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gridmap.demo.people import YEAR

# Shares of a day's reports by hour, 0 to 23; scaled to 1 below.
_HOURS: dict[str, tuple[float, ...]] = {
    "office": (1, 1, 1, 1, 1, 2, 6, 18, 34, 38, 34, 26, 18, 24, 34, 36, 32, 24, 14, 9, 6, 4, 2, 1),
    "peaks": (2, 1, 1, 1, 2, 6, 18, 42, 44, 26, 18, 16, 18, 17, 16, 19, 28, 44, 42, 27, 17, 11, 6, 3),
    "meals": (3, 2, 1, 1, 1, 2, 6, 10, 11, 12, 20, 38, 40, 24, 13, 12, 17, 34, 46, 42, 32, 22, 12, 6),
    "morning": (1, 1, 1, 2, 5, 14, 32, 44, 38, 27, 18, 13, 11, 11, 11, 11, 11, 13, 15, 14, 10, 6, 3, 2),
    "evening": (7, 4, 2, 1, 1, 2, 4, 6, 8, 8, 8, 9, 11, 10, 9, 10, 13, 20, 31, 41, 46, 42, 30, 16),
    "night": (22, 16, 10, 6, 4, 5, 7, 8, 7, 6, 5, 5, 6, 6, 5, 5, 6, 8, 12, 18, 26, 34, 40, 32),
}
# Monday to Sunday.
_WEEKS: dict[str, tuple[float, ...]] = {
    "workdays": (1.18, 1.14, 1.12, 1.10, 1.14, 0.72, 0.60),
    "leisure": (0.84, 0.84, 0.88, 0.94, 1.12, 1.26, 1.12),
    "even": (1.04, 1.02, 1.00, 1.00, 1.02, 0.98, 0.94),
}
# January to December.
_SEASONS: dict[str, tuple[float, ...]] = {
    "even": (0.94, 0.84, 1.0, 1.02, 1.04, 1.02, 1.02, 1.0, 1.04, 1.0, 1.02, 1.0),
    "summer": (0.6, 0.6, 0.8, 0.95, 1.1, 1.3, 1.55, 1.5, 1.25, 1.0, 0.75, 0.62),
    "rain": (0.7, 0.8, 0.95, 0.95, 1.0, 1.6, 1.35, 1.4, 1.2, 0.8, 0.65, 0.6),
    "autumn": (0.8, 0.6, 0.85, 1.0, 0.9, 0.8, 0.8, 0.9, 1.0, 1.35, 1.6, 1.4),
    "festive": (1.5, 1.7, 0.8, 0.9, 1.0, 0.8, 0.8, 0.8, 1.1, 1.3, 0.9, 1.0),
}


@dataclass(frozen=True)
class Habit:
    """How one category behaves.

    Attributes
    ----------
    weight
        Its share of all incidents, against the other weights.
    place
        Kind of place: road, corner, shop, home, office, green, water, or a component's kind.
    pull
        How strongly hot spots draw it; 0 not at all.
    hours
        Middle of its handling time in hours, from report to closing.
    """

    code: str
    phrase: str
    weight: float
    place: str
    day: str = "office"
    week: str = "even"
    season: str = "even"
    pull: float = 1.0
    hours: float = 12.0


HABITS: tuple[Habit, ...] = (
    Habit("0101", "窨井盖松动作响", 2.2, "manhole", "peaks", season="rain", hours=8),
    Habit("0102", "雨水口堵塞", 1.8, "road", "morning", season="rain", hours=10),
    Habit("0103", "消火栓渗水", 0.5, "hydrant", hours=20),
    Habit("0104", "路灯不亮", 2.0, "lamp", "evening", pull=0.2, hours=30),
    Habit("0105", "配电箱门未关", 0.7, "road", "office", "workdays", hours=14),
    Habit("0201", "路面坑洼", 2.1, "road", "peaks", "workdays", "rain", hours=60),
    Habit("0202", "人行道板破损", 2.6, "road", "office", "workdays", hours=50),
    Habit("0203", "交通标志牌歪斜", 0.7, "corner", "office", "workdays", hours=40),
    Habit("0204", "隔离护栏移位", 1.4, "road", "peaks", "workdays", hours=12),
    Habit("0301", "废物箱满溢", 3.4, "bin", "evening", "leisure", "summer", 1.4, 4),
    Habit("0302", "垃圾房门损坏", 0.9, "home", "morning", pull=0.2, hours=30),
    Habit("0303", "公共厕所设施损坏", 0.6, "green", "office", "leisure", hours=24),
    Habit("0401", "行道树枯枝", 1.3, "road", "office", "workdays", "rain", 0.3, 48),
    Habit("0402", "绿地护栏破损", 0.7, "green", "office", hours=50),
    Habit("0501", "外墙饰面松动", 0.9, "home", "office", "workdays", "rain", 0.2, 72),
    Habit("0502", "楼道照明不亮", 1.3, "home", "evening", pull=0.1, hours=36),
    Habit("0601", "共享单车停放点标线磨损", 0.6, "corner", "office", "workdays", hours=90),
    Habit("1101", "暴露垃圾", 7.5, "road", "morning", "even", "summer", 1.2, 4),
    Habit("1102", "道路不洁", 4.2, "road", "morning", "even", "autumn", 0.8, 3),
    Habit("1103", "油污跑冒", 1.5, "shop", "meals", "leisure", "summer", 1.5, 10),
    Habit("1104", "装修垃圾堆放", 3.3, "home", "office", "leisure", "even", 0.2, 40),
    Habit("1105", "水面漂浮物", 0.8, "water", "morning", "even", "summer", 0.1, 12),
    Habit("1106", "绿地内垃圾", 1.4, "green", "morning", "leisure", "summer", 0.6, 8),
    Habit("1201", "违规张贴广告", 3.0, "road", "office", "workdays", "even", 0.8, 16),
    Habit("1202", "店招店牌松动", 1.0, "shop", "office", "workdays", "rain", 0.8, 40),
    Habit("1203", "占道广告牌", 2.2, "shop", "peaks", "leisure", "festive", 1.2, 6),
    Habit("1301", "工地夜间噪声", 1.6, "office", "night", "workdays", "summer", 0.6, 14),
    Habit("1302", "工地扬尘", 0.9, "office", "office", "workdays", "autumn", 0.6, 18),
    Habit("1303", "占道施工未围挡", 1.2, "road", "office", "workdays", "even", 0.8, 20),
    Habit("1401", "非机动车乱停放", 15.0, "road", "peaks", "workdays", "even", 2.4, 3),
    Habit("1402", "跨门营业", 8.2, "shop", "meals", "leisure", "summer", 1.8, 4),
    Habit("1403", "无照设摊", 5.2, "corner", "meals", "leisure", "summer", 2.0, 3),
    Habit("1404", "机动车违停", 6.4, "road", "peaks", "workdays", "even", 1.4, 2),
    Habit("1405", "沿街晾晒", 1.9, "home", "morning", "leisure", "summer", 0.3, 6),
    Habit("1406", "餐饮油烟扰民", 3.4, "shop", "meals", "leisure", "summer", 1.8, 60),
    Habit("1407", "夜间商业噪声", 2.5, "shop", "night", "leisure", "summer", 1.8, 20),
    Habit("1501", "道路积水", 1.2, "road", "morning", "even", "rain", 0.5, 3),
    Habit("1502", "高空抛物", 0.9, "home", "evening", "even", "even", 0.1, 24),
    Habit("1503", "楼道堆物", 3.2, "home", "office", "workdays", "festive", 0.1, 50),
    Habit("1504", "电动自行车违规充电", 2.5, "home", "evening", "even", "summer", 0.1, 12),
)


def times(habit: Habit, count: int, rng: np.random.Generator) -> np.ndarray:
    """Throw the moments of a category's incidents in the demo's year.

    Returns
    -------
    ndarray of int64
        Seconds since the epoch, UTC, not sorted.
    """
    days = pd.date_range(YEAR[0], YEAR[1], freq="D", inclusive="left")
    week = np.array(_WEEKS[habit.week])[days.day_of_week.to_numpy()]
    season = np.array(_SEASONS[habit.season])[days.month.to_numpy() - 1]
    weather = dice_of_days(len(days), rng)
    trend = np.linspace(0.94, 1.08, len(days))
    weights = np.round(week * season * weather * trend, 9)
    day = rng.choice(len(days), count, p=weights / weights.sum())
    hours = np.array(_HOURS[habit.day], dtype=float)
    hour = rng.choice(24, count, p=hours / hours.sum())
    second = rng.integers(3600, size=count)
    midnight = days.tz_convert("UTC").as_unit("s").asi8
    return np.asarray(midnight[day] + hour * 3600 + second)


def dice_of_days(count: int, rng: np.random.Generator) -> np.ndarray:
    """Let some days be busier than others, by up to a third."""
    return np.asarray(np.round(rng.uniform(0.8, 1.2, count) * rng.choice([1.0, 1.0, 1.0, 1.3], count), 6))
