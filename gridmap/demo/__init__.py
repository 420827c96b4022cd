"""The invented demo city: a town that never was, for trying gridmap without anybody's data."""

from gridmap.demo.city import DemoCity, build

__all__ = ["DemoCity", "build"]
