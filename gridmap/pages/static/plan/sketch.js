// Lines and outlines drawn under a pointer, finger or key, caught at borders and roads as they grow.

import { TerraDraw, TerraDrawLineStringMode, TerraDrawPolygonMode } from 'terra-draw';
import { TerraDrawLeafletAdapter } from 'terra-draw-leaflet-adapter';

const PRECISION = 9;
const ACCENT = '#c4412f';
const NODE = {
  closingPointColor: '#ffffff', closingPointOutlineColor: ACCENT, closingPointWidth: 6, closingPointOutlineWidth: 2,
  snappingPointColor: '#1d6fa5', snappingPointOutlineColor: '#ffffff', snappingPointWidth: 6, snappingPointOutlineWidth: 2,
  coordinatePointColor: '#ffffff', coordinatePointOutlineColor: ACCENT, coordinatePointWidth: 4, coordinatePointOutlineWidth: 2,
};

// The library's own adapter writes a style sheet into the page, which the page's policy forbids; and it takes its
// panes away while Leaflet still draws on them.
class Adapter extends TerraDrawLeafletAdapter {
  createPaneStyleSheet(name, depth) {
    const known = this._map.getPane(name);
    const pane = known ?? this._map.createPane(name);
    pane.style.zIndex = depth + 600;
    pane.style.pointerEvents = 'none';
    return pane;
  }

  clearPanes() {
    this._panes = {};
  }
}

export class Sketch {
  constructor(map, snap, level) {
    this.map = map;
    const toCustom = (event) => snap.find(event, level()) ?? undefined;
    const options = { snapping: { toCustom }, showCoordinatePoints: true, pointerDistance: 20 };
    this.modes = {
      linestring: new TerraDrawLineStringMode({
        ...options, styles: { ...NODE, lineStringColor: ACCENT, lineStringWidth: 3 },
      }),
      polygon: new TerraDrawPolygonMode({
        ...options, styles: { ...NODE, fillColor: ACCENT, fillOpacity: 0.12, outlineColor: ACCENT, outlineWidth: 3 },
      }),
    };
    this.draw = new TerraDraw({
      adapter: new Adapter({ map, lib: L, coordinatePrecision: PRECISION }), modes: Object.values(this.modes),
    });
    this.draw.on('finish', (id) => this.finished(id));
    this.draw.on('change', (ids, type) => this.changed(ids, type));
    this.done = null;
  }

  // Draws one line or outline after another; `onfinish` gets its coordinates, `onpoints` how many there are.
  begin(name, { onfinish, onpoints }) {
    Object.assign(this, { name, onfinish, onpoints });
    if (!this.draw.enabled) this.draw.start();
    this.draw.setMode(name);
    this.map.getContainer().classList.add('drawing');
    onpoints(0);
  }

  end() {
    this.name = null;
    this.done = null;
    this.map.getContainer().classList.remove('drawing');
    if (this.draw.enabled) this.draw.stop();
  }

  // What was drawn stays in view until it is on record, and gives way to the next one that is begun.
  finished(id) {
    const feature = this.draw.getSnapshotFeature(id);
    if (!feature || !this.name) return;
    this.done = id;
    const { type, coordinates } = feature.geometry;
    this.onpoints(0);
    this.onfinish(type === 'Polygon' ? coordinates[0] : coordinates);
  }

  changed(ids, type) {
    if (!this.name) return;
    const drawn = this.draw.getSnapshot().filter(({ geometry }) => geometry.type !== 'Point');
    if (type === 'create' && this.done && drawn.some(({ id }) => id !== this.done)) this.wipe();
    const { geometry } = drawn.find(({ id }) => id !== this.done) ?? {};
    const ring = geometry?.type === 'Polygon' ? geometry.coordinates[0].slice(0, -1) : (geometry?.coordinates ?? []);
    this.onpoints(Math.max(0, ring.length - 1));
  }

  wipe() {
    const old = this.done;
    this.done = null;
    if (old && this.draw.getSnapshotFeature(old)) this.draw.removeFeatures([old]);
  }

  get busy() {
    return Boolean(this.name) && this.draw.getModeState() === 'drawing';
  }

  // As if the middle of the map had been clicked, for those who draw by keys.
  pointAtMiddle() {
    const { x, y } = this.map.getSize().divideBy(2);
    const { lng, lat } = this.map.getCenter();
    const event = { lng, lat, containerX: x, containerY: y, button: 'left', heldKeys: [], isContextMenu: false };
    this.mode.onMouseMove({ ...event, button: 'neither' });
    this.mode.onClick(event);
  }

  get mode() {
    return this.modes[this.name];
  }

  key(key) {
    this.mode.onKeyUp({ key, heldKeys: [], preventDefault: () => {} });
  }

  back() {
    this.mode.undo?.();
  }
}
