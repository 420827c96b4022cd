"""Invented names: of the district, its parts, roads, compounds, towers, shops and people.

Names are put together from small lists of syllables. They should sound as if they could be met in the city;
none is meant to be a real place or person.
"""

from dataclasses import dataclass

import numpy as np

from gridmap.demo.dice import dice

DISTRICT = "云汀区"
_HEAD = (
    "云", "青", "竹", "枫", "鹭", "槐", "棠", "砚", "墨", "锦", "芦", "杏", "榆", "梧", "菱", "荻",
    "霁", "溪", "岚", "苇", "松", "柏", "桂", "莲", "梅", "兰", "鹤", "燕", "雁", "萤", "汀", "渚",
    "晴", "雪", "霞", "虹", "泉", "月", "星", "晓", "暮", "春", "秋", "素", "丹", "碧", "白", "朱",
)  # fmt: skip
_TAIL = (
    "砚", "桥", "溪", "塘", "浦", "泾", "湾", "洲", "渡", "亭", "台", "阁", "园", "林", "坡", "岭",
    "川", "谷", "影", "声", "石", "门", "井", "坊", "庭", "原", "沙", "岸", "波", "帆", "歌", "屏",
)  # fmt: skip
_COMPOUND = ("里", "坊", "邨", "村", "别墅", "弄堂")
_SLAB = ("新村", "小区", "公寓", "苑", "花园")
_TOWER = ("大厦", "中心", "广场", "国际大厦", "金融中心", "商务楼")
_SURNAMES = (
    "赵钱孙李周吴郑王冯陈卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜谢邹苏潘葛范彭鲁韦马方俞任袁柳史唐费岑"
    "薛雷贺倪汤滕罗毕郝安常乐于傅齐康伍余顾孟黄萧尹姚邵汪毛米贝臧戴宋庞熊纪舒屈项祝董梁"
)
_GIVEN = (
    "安邦宝斌昌承达德东芳飞凤刚光国海航浩红宏华辉慧佳建健江杰洁金晶静娟军君俊凯康兰磊蕾丽莉力立琳玲龙"
    "梅美敏明娜宁平萍奇琪倩强勤青清庆琼秋群荣蓉瑞珊尚少胜诗世淑爽思松涛婷伟文武霞翔小晓欣新星秀旭雪雅"
    "艳阳洋怡义毅英莹永勇友玉媛远月云泽珍振正志智忠子"
)
_DIGITS = "零一二三四五六七八九十"


@dataclass(frozen=True)
class Names:
    """The names of areas; `neighbourhoods` by sub-district."""

    district: str
    subdistricts: list[str]
    neighbourhoods: list[list[str]]


def numeral(number: int) -> str:
    """Write 1 to 19 in Chinese."""
    if number <= 10:
        return _DIGITS[number]
    return "十" + _DIGITS[number - 10]


def pairs(seed: int, purpose: str) -> list[str]:
    """Give all two-syllable names in an order of their own for each purpose."""
    every = [head + tail for head in _HEAD for tail in _TAIL if head != tail]
    order = dice(seed, "names", purpose).permutation(len(every))
    return [every[i] for i in order]


def area_names(seed: int, scale: int) -> Names:
    """Name the district, `scale` sub-districts and their eleven neighbourhoods each."""
    pool = _endless(pairs(seed, "areas"))
    subs = [f"{pool(i)}街道" for i in range(scale)]
    hoods = [[pool(scale + sub * 11 + i) for i in range(11)] for sub in range(scale)]
    return Names(DISTRICT, subs, hoods)


class _endless:  # noqa: N801 - reads as a function
    """A list of names that never ends: after the last it starts again with a numeral."""

    def __init__(self, names: list[str]) -> None:
        self.names = names

    def __call__(self, index: int) -> str:
        turn, place = divmod(index, len(self.names))
        return self.names[place] + (numeral(turn + 1) if turn else "")


class Roads:
    """Names for roads: through roads 路 (one of them 大道), small streets 街 and lanes 小路."""

    def __init__(self, seed: int) -> None:
        self._pool = _endless(pairs(seed, "roads"))
        self._next = 0

    def name(self, kind: str) -> str:
        """Give the next road name, unlike all before."""
        word = self._pool(self._next)
        self._next += 1
        return word + ("支路" if kind == "lane" else "路")


class Compounds:
    """Names for compounds and towers."""

    def __init__(self, seed: int) -> None:
        self._homes = _endless(pairs(seed, "homes"))
        self._towers = _endless(pairs(seed, "towers"))
        self._rng = dice(seed, "endings")
        self._count = 0

    def home(self, use: str) -> str:
        """Name a compound: 里, 坊 … for old lanes, 新村, 小区 … for slabs."""
        self._count += 1
        endings = _COMPOUND[:4] if use == "lilong" else _SLAB
        return self._homes(self._count) + str(self._rng.choice(endings))

    def plain(self) -> str:
        """Give a name without an ending."""
        self._count += 1
        return self._homes(self._count)

    def tower(self) -> str:
        """Name a tower."""
        self._count += 1
        return self._towers(self._count) + str(self._rng.choice(_TOWER))


def person_names(rng: np.random.Generator, count: int) -> list[str]:
    """Invent people's names; a name may come twice, as names do."""
    surnames = rng.integers(len(_SURNAMES), size=count)
    first, second = rng.integers(len(_GIVEN), size=(2, count))
    short = rng.random(count) < 0.3
    return [
        _SURNAMES[s] + _GIVEN[a] + ("" if brief else _GIVEN[b])
        for s, a, b, brief in zip(surnames, first, second, short, strict=True)
    ]
