// The plane that the maps draw on: Web-Mercator pixels of zoom 18, counted from an origin amid the data, so that
// paths are made once and only scaled from then on. Also what lies where: hits and poles.

const REFERENCE = 18;

export class Space {
  constructor(lat, lon) {
    this.origin = L.CRS.EPSG3857.latLngToPoint(L.latLng(lat, lon), REFERENCE);
  }

  at(lon, lat) {
    const point = L.CRS.EPSG3857.latLngToPoint(L.latLng(lat, lon), REFERENCE);
    return [point.x - this.origin.x, point.y - this.origin.y];
  }

  back(x, y) {
    return L.CRS.EPSG3857.pointToLatLng(L.point(x + this.origin.x, y + this.origin.y), REFERENCE);
  }

  // Scale and shift that take this plane to a canvas whose corner lies at `corner`, a layer point of the map.
  view(map, zoom, corner, size, dpr) {
    const k = 2 ** (zoom - REFERENCE);
    const pixelOrigin = map.getPixelOrigin();
    const x = this.origin.x * k - pixelOrigin.x - corner.x;
    const y = this.origin.y * k - pixelOrigin.y - corner.y;
    const box = [-x / k, -y / k, (size.x - x) / k, (size.y - y) / k];
    return { k, x, y, zoom, box, size, dpr, screen: ([px, py]) => [px * k + x, py * k + y] };
  }

  feature(raw, kind) {
    const { type, coordinates } = raw.geometry;
    const parts = split(type, coordinates).map((lines) => lines.map((line) => this.line(line)));
    const path = new Path2D();
    for (const lines of parts) for (const line of lines) trace(path, line, type.endsWith('Polygon'));
    const box = around(parts);
    const feature = { ...raw, kind, type, parts, path, box, geometry: undefined };
    feature.at = raw.label ? this.at(raw.label[0], raw.label[1]) : pole(feature);
    return feature;
  }

  line(coordinates) {
    const flat = new Float64Array(coordinates.length * 2);
    coordinates.forEach(([lon, lat], i) => {
      const [x, y] = this.at(lon, lat);
      flat[2 * i] = x;
      flat[2 * i + 1] = y;
    });
    return flat;
  }
}

function split(type, coordinates) {
  switch (type) {
    case 'Point': return [[[coordinates]]];
    case 'MultiPoint': return coordinates.map((point) => [[point]]);
    case 'LineString': return [[coordinates]];
    case 'MultiLineString': return coordinates.map((line) => [line]);
    case 'Polygon': return [coordinates];
    case 'MultiPolygon': return coordinates;
    default: return [];
  }
}

function trace(path, line, closed) {
  if (line.length < 4) return;
  path.moveTo(line[0], line[1]);
  for (let i = 2; i < line.length; i += 2) path.lineTo(line[i], line[i + 1]);
  if (closed) path.closePath();
}

function around(parts) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const lines of parts) for (const line of lines) {
    for (let i = 0; i < line.length; i += 2) {
      box[0] = Math.min(box[0], line[i]);
      box[1] = Math.min(box[1], line[i + 1]);
      box[2] = Math.max(box[2], line[i]);
      box[3] = Math.max(box[3], line[i + 1]);
    }
  }
  return box;
}

export function meets(a, b) {
  return a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3];
}

function within(rings, x, y) {
  let inside = false;
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
      const [xi, yi, xj, yj] = [ring[i], ring[i + 1], ring[j], ring[j + 1]];
      if ((yi > y) !== (yj > y) && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
    }
  }
  return inside;
}

function toLine(line, x, y) {
  let least = Infinity;
  if (line.length === 2) return Math.hypot(line[0] - x, line[1] - y);
  for (let i = 2; i < line.length; i += 2) {
    const [ax, ay, bx, by] = [line[i - 2], line[i - 1], line[i], line[i + 1]];
    const long = (bx - ax) ** 2 + (by - ay) ** 2;
    const t = long ? Math.max(0, Math.min(1, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / long)) : 0;
    least = Math.min(least, Math.hypot(ax + t * (bx - ax) - x, ay + t * (by - ay) - y));
  }
  return least;
}

// The topmost feature at a place; `reach` widens lines and points to what a finger can hit.
export function hit(features, [x, y], reach) {
  for (let i = features.length - 1; i >= 0; i -= 1) {
    const feature = features[i];
    const [w, n, e, s] = feature.box;
    if (x < w - reach || x > e + reach || y < n - reach || y > s + reach) continue;
    const area = feature.type.endsWith('Polygon');
    for (const lines of feature.parts) {
      if (area ? within(lines, x, y) : lines.some((line) => toLine(line, x, y) <= reach)) return feature;
    }
  }
  return null;
}

// The point of an outline farthest from its edge, for features that came without one: the best of a lattice,
// refined where it was best.
export function pole(feature) {
  if (!feature.type.endsWith('Polygon')) {
    const line = feature.parts[0]?.[0] ?? [0, 0];
    const middle = Math.floor(line.length / 4) * 2;
    return [line[middle], line[middle + 1]];
  }
  const rings = feature.parts.reduce((best, part) => (size(part[0]) > size(best[0]) ? part : best));
  let [w, n, e, s] = around([rings]);
  let best = [(w + e) / 2, (n + s) / 2, -Infinity];
  for (let round = 0; round < 3; round += 1) {
    const [dx, dy] = [(e - w) / 12, (s - n) / 12];
    for (let i = 0; i <= 12; i += 1) for (let j = 0; j <= 12; j += 1) {
      const [x, y] = [w + i * dx, n + j * dy];
      if (!within(rings, x, y)) continue;
      const free = Math.min(...rings.map((ring) => toLine(ring, x, y)));
      if (free > best[2]) best = [x, y, free];
    }
    [w, n, e, s] = [best[0] - dx, best[1] - dy, best[0] + dx, best[1] + dy];
  }
  return [best[0], best[1]];
}

function size(ring) {
  let sum = 0;
  for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
    sum += ring[j] * ring[i + 1] - ring[i] * ring[j + 1];
  }
  return Math.abs(sum / 2);
}
