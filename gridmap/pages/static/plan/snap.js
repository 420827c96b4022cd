// Catches a pointer at what lies near: a node of a border first, then a border, then a road. On a node the exact
// coordinates are kept, so that the service finds the same node.

const REACH_PX = 11;
const ROAD_PX = 8;

function nearest([ax, ay], [bx, by], [x, y]) {
  const long = (bx - ax) ** 2 + (by - ay) ** 2;
  const t = long ? Math.max(0, Math.min(1, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / long)) : 0;
  const spot = [ax + t * (bx - ax), ay + t * (by - ay)];
  return { spot, far: Math.hypot(spot[0] - x, spot[1] - y) };
}

function closer(line, point, best, use) {
  for (let i = 2; i < line.length; i += 2) {
    const found = nearest([line[i - 2], line[i - 1]], [line[i], line[i + 1]], point);
    if (found.far < best.far) use(found, i);
  }
}

export class Snap {
  constructor(map, scene, draft) {
    Object.assign(this, { map, scene, draft });
  }

  // Gives [lon, lat] of what is caught, or null. `but` tells which nodes, as "lon,lat", are not to be caught.
  find({ lng, lat }, level, but = () => false) {
    const scale = 2 ** (this.map.getZoom() - 18);
    const point = this.scene.space.at(lng, lat);
    const reach = REACH_PX / scale;
    return this.node(point, reach, level, but) ?? this.line(point, reach, level) ?? this.road(point, ROAD_PX / scale);
  }

  near(features, [x, y], reach) {
    return features.filter(({ box: [w, n, e, s] }) => x > w - reach && x < e + reach && y > n - reach && y < s + reach);
  }

  grids(level, point, reach) {
    const last = this.scene.state.levels.findIndex(({ key }) => key === level);
    return this.scene.state.levels.slice(0, last + 1).flatMap(({ grids }) => this.near(grids, point, reach));
  }

  node(point, reach, level, but) {
    let best = { far: reach, at: null };
    for (const grid of this.grids(level, point, reach)) {
      const { type, coordinates } = this.draft.get(grid.id).geometry;
      const polygons = type === 'Polygon' ? [coordinates] : coordinates;
      grid.parts.forEach((rings, i) => rings.forEach((ring, j) => {
        for (let k = 0; k < ring.length; k += 2) {
          const far = Math.hypot(ring[k] - point[0], ring[k + 1] - point[1]);
          if (far >= best.far) continue;
          const at = polygons[i][j][k / 2];
          if (!but(at.join(','))) best = { far, at };
        }
      }));
    }
    return best.at;
  }

  line(point, reach, level) {
    let best = { far: reach, spot: null };
    for (const grid of this.grids(level, point, reach)) {
      for (const rings of grid.parts) for (const ring of rings) closer(ring, point, best, (found) => { best = found; });
    }
    return this.back(best.spot);
  }

  road(point, reach) {
    if (this.scene.state.hidden.has('road')) return null;
    let best = { far: reach, spot: null };
    for (const road of this.near(this.scene.state.places.road ?? [], point, reach)) {
      for (const lines of road.parts) for (const line of lines) closer(line, point, best, (found) => { best = found; });
    }
    return this.back(best.spot);
  }

  back(spot) {
    if (!spot) return null;
    const { lng, lat } = this.scene.space.back(spot[0], spot[1]);
    return [Number(lng.toFixed(8)), Number(lat.toFixed(8))];
  }
}
