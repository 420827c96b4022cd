// The grids of a draft, level by level as they are wanted, kept in step with what each edit answers.

import { get } from 'page/api';

function gridOf({ id, properties, geometry }) {
  return { ...properties, id, geometry };
}

export class Draft {
  constructor(number, levels) {
    this.path = `/plans/${number}/grids`;
    this.levels = levels;
    this.byLevel = new Map();
    this.byId = new Map();
    this.version = 0;
  }

  // Fetches the levels from the top down to this one, those that are not there yet.
  async ensure(key) {
    const last = this.levels.findIndex((level) => level.key === key);
    const missing = this.levels.slice(0, last + 1).filter((level) => !this.byLevel.has(level.key));
    const told = await Promise.all(missing.map((level) => get(this.path, { level: level.key })));
    missing.forEach((level, i) => {
      this.byLevel.set(level.key, new Map());
      told[i].features.map(gridOf).forEach((grid) => this.keep(grid));
    });
    this.version += missing.length ? 1 : 0;
    return missing.length > 0;
  }

  keep(grid) {
    this.byLevel.get(grid.level).set(grid.id, grid);
    this.byId.set(grid.id, grid);
  }

  forget() {
    this.byLevel.clear();
    this.byId.clear();
    this.version += 1;
  }

  // Takes over what an edit changed; gives the grids that are in memory.
  put({ features, gone }) {
    const fresh = features.map(gridOf).filter((grid) => this.byLevel.has(grid.level));
    gone.forEach((id) => {
      const grid = this.byId.get(id);
      if (grid) this.byLevel.get(grid.level).delete(id);
      this.byId.delete(id);
    });
    fresh.forEach((grid) => this.keep(grid));
    this.version += 1;
    return { raws: fresh, gone };
  }

  get(id) {
    return this.byId.get(id) ?? null;
  }

  of(key) {
    return [...(this.byLevel.get(key)?.values() ?? [])];
  }

  children(id) {
    return [...this.byId.values()].filter((grid) => grid.parent === id);
  }

  level(key) {
    return this.levels.find((level) => level.key === key) ?? null;
  }

  rank(key) {
    return this.level(key)?.rank ?? 0;
  }

  // Levels above one, the nearest first.
  above(key) {
    return this.levels.filter((level) => level.rank < this.rank(key)).reverse();
  }

  chain(id) {
    const found = [];
    for (let grid = this.get(id); grid; grid = this.get(grid.parent)) found.unshift(grid);
    return found;
  }

  // For the scene: every level in order, with the grids that hold ground.
  sceneLevels() {
    return this.levels.map((level) => ({ ...level, grids: this.of(level.key).filter((grid) => grid.geometry) }));
  }
}
