// Moves borders: a click takes the border of two grids in hand, and its nodes and middles can be dragged or pushed by
// the arrow keys. Letting go puts the edit on record.

import { say } from 'gridmap/words';
import { Nodes, handles } from 'plan/nodes';

const REACH_PX = { mouse: 9, touch: 20 };
const LEAST_PX = 36;
const MOST_HANDLES = 240;
const STEP_PX = 4;
const ACCENT = '#c4412f';

export class BorderTool {
  constructor(place) {
    Object.assign(this, place);
    this.markers = L.layerGroup([], { pane: 'plan-handles' });
    const pane = this.map.createPane('plan-handles');
    pane.style.zIndex = 640;
    this.redraw = () => { if (this.pair && !this.dragging) this.show(); };
  }

  start() {
    this.markers.addTo(this.map);
    this.map.on('moveend', this.redraw);
    this.hint(say('plan.hint_border'));
    // Where lines of a level below meet a border, its node is theirs as well.
    this.finest();
  }

  stop() {
    this.drop();
    this.markers.remove();
    this.map.off('moveend', this.redraw);
  }

  drop() {
    this.pair = null;
    this.markers.clearLayers();
    this.select([]);
  }

  escape() {
    if (!this.pair) return false;
    this.drop();
    this.hint(say('plan.hint_border'));
    return true;
  }

  // Nodes of the level, and of the finest level in memory, where grids below may meet on a border above.
  nodes() {
    if (this.at !== this.draft.version || this.of !== this.level()) {
      this.at = this.draft.version;
      this.of = this.level();
      this.own = new Nodes(this.draft.of(this.of));
      const finer = this.draft.levels.filter(({ key, rank }) => rank > this.draft.rank(this.of) && this.draft.byLevel.has(key));
      this.finer = finer.map(({ key }) => new Nodes(this.draft.of(key)));
    }
    return this.own;
  }

  click(latlng, event) {
    const touch = event?.pointerType === 'touch';
    const found = this.edgeAt(latlng, REACH_PX[touch ? 'touch' : 'mouse']);
    if (!found) {
      this.drop();
      this.hint(say('plan.hint_border_missed'));
      return;
    }
    if (this.refuseLocked(found)) return;
    this.take(found);
  }

  take(pair) {
    this.pair = pair;
    this.select(pair);
    this.show();
    const [one, other] = pair.map((id) => this.draft.get(id).name);
    this.hint(say('plan.hint_border_held', { one, other }));
  }

  edgeAt({ lng, lat }, reachPx) {
    const { space } = this.scene;
    const [x, y] = space.at(lng, lat);
    let best = { far: reachPx / 2 ** (this.map.getZoom() - 18), grids: null };
    for (const { a, b, grids } of this.nodes().edges.values()) {
      if (grids.length !== 2 || grids[0] === grids[1]) continue;
      const [[ax, ay], [bx, by]] = [space.at(...a), space.at(...b)];
      const long = (bx - ax) ** 2 + (by - ay) ** 2;
      const t = long ? Math.max(0, Math.min(1, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / long)) : 0;
      const far = Math.hypot(ax + t * (bx - ax) - x, ay + t * (by - ay) - y);
      if (far < best.far) best = { far, grids };
    }
    return best.grids;
  }

  // The handles in view; middles only where there is room between two nodes.
  show() {
    this.markers.clearLayers();
    const box = this.map.getBounds().pad(0.05);
    const px = ([lon, lat]) => this.map.latLngToContainerPoint([lat, lon]);
    this.nodes().border(...this.pair)
      .flatMap(handles)
      .filter(({ at: [lon, lat], middle, before, after }) => box.contains([lat, lon])
        && (!middle || px(before).distanceTo(px(after)) > LEAST_PX))
      .slice(0, MOST_HANDLES)
      .forEach((handle) => this.marker(handle));
  }

  marker(handle) {
    const [lon, lat] = handle.at;
    const kind = handle.middle ? 'middle' : (this.shared(handle) ? 'shared' : 'node');
    const title = say(`plan.handle_${kind}`);
    const icon = L.divIcon({ className: `handle ${kind}`, iconSize: [28, 28], html: document.createElement('span') });
    const marker = L.marker([lat, lon], { icon, draggable: true, autoPan: true, keyboard: true, title, alt: title, pane: 'plan-handles' });
    marker.on('dragstart', () => { this.dragging = true; });
    marker.on('drag', () => this.dragged(marker, handle));
    marker.on('dragend', () => this.letGo(marker, handle));
    this.markers.addLayer(marker);
    marker.getElement()?.addEventListener('keydown', (event) => this.pushed(event, marker, handle));
  }

  // Where three or more grids meet, all of them move.
  shared({ at, middle }) {
    return !middle && [this.own, ...this.finer].some((nodes) => nodes.count(at) > 2);
  }

  dragged(marker, { at, before, after }, catching = true) {
    const here = marker.getLatLng();
    const own = new Set([at, before, after].filter(Boolean).map((each) => each.join(',')));
    const caught = catching ? this.snap.find(here, this.level(), (node) => own.has(node)) : null;
    // Its own border runs beneath the pointer at first, and is not what it should be caught at.
    const spot = caught && !this.onOwn(caught, before, at, after) ? L.latLng(caught[1], caught[0]) : here;
    marker.setLatLng(spot);
    const line = [before, [spot.lng, spot.lat], after].filter(Boolean).map(([lon, lat]) => [lat, lon]);
    this.preview?.remove();
    this.preview = L.polyline(line, { color: ACCENT, weight: 3, dashArray: '6 4', interactive: false, pane: 'plan-handles' }).addTo(this.map);
  }

  onOwn([lon, lat], ...nodes) {
    const { space } = this.scene;
    const [x, y] = space.at(lon, lat);
    const known = nodes.filter(Boolean).map((node) => space.at(...node));
    return known.slice(1).some(([bx, by], i) => {
      const [ax, ay] = known[i];
      const long = Math.hypot(bx - ax, by - ay);
      return Math.abs((bx - ax) * (ay - y) - (ax - x) * (by - ay)) / long < 0.05;
    });
  }

  pushed(event, marker, handle) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const step = steps[event.key];
    if (step) {
      event.preventDefault();
      event.stopPropagation();
      this.dragging = true;
      const px = this.map.latLngToContainerPoint(marker.getLatLng());
      const by = event.shiftKey ? 1 : STEP_PX;
      marker.setLatLng(this.map.containerPointToLatLng(px.add([step[0] * by, step[1] * by])));
      this.dragged(marker, handle, false);
    } else if (event.key === 'Enter' && this.dragging) {
      event.preventDefault();
      event.stopPropagation();
      this.letGo(marker, handle);
    } else if (event.key === 'Escape' && this.dragging) {
      event.stopPropagation();
      this.putBack();
    }
  }

  putBack() {
    this.dragging = false;
    this.preview?.remove();
    this.show();
  }

  async letGo(marker, handle) {
    const { lng, lat } = marker.getLatLng();
    const to = [Number(lng.toFixed(8)), Number(lat.toFixed(8))];
    const edit = this.shared(handle) || !handle.before || !handle.after
      ? { kind: 'move', steps: [{ start: handle.at, end: to }], datum: 'wgs84' }
      : { kind: 'reshape', grids: this.pair, line: [handle.before, to, handle.after], datum: 'wgs84' };
    const told = await this.edit(edit);
    this.preview?.remove();
    this.dragging = false;
    if (!this.pair) return;
    if (told && !this.pair.every((id) => this.draft.get(id))) this.drop();
    else this.show();
  }
}
