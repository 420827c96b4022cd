// The lines of the base on the left, those of the draft on the right, and a bar between them that can be moved.

import { clipped, inPlane, painted } from 'gridmap/canvas';
import { mesh, paintLines } from 'gridmap/lines';
import { paintNames } from 'gridmap/names';
import { make, say } from 'gridmap/words';
import { get } from 'page/api';

const CHANGED = 'rgba(214, 154, 30, 0.26)';
const STEP = 2;

export class Compare {
  constructor({ map, scene, draft, path, box }) {
    Object.assign(this, { map, scene, draft, path, box, share: 50, before: null });
    // Below the draft's lines, and a second one among the names.
    this.layers = [['plan-before', 229, 'paint'], ['plan-before-names', 241, 'names']].map(([name, depth, work]) => {
      Object.assign(map.createPane(name).style, { zIndex: depth, pointerEvents: 'none' });
      return painted(map, name, scene.space, (ctx, view) => this[work](ctx, view));
    });
    this.follow = () => this.place();
    this.bar = this.handle();
    box.append(this.bar, make('span', { class: 'side left' }), make('span', { class: 'side right' }));
  }

  get on() {
    return !this.box.hidden;
  }

  async show(base) {
    this.base = base;
    await this.ensure();
    this.box.hidden = false;
    this.box.querySelector('.left').textContent = say('plan.side_before', { base });
    this.box.querySelector('.right').textContent = say('plan.side_after');
    this.map.on('move zoomend viewreset resize', this.follow);
    this.place();
  }

  hide() {
    this.box.hidden = true;
    this.map.off('move zoomend viewreset resize', this.follow);
    this.scene.change({ within: null });
    this.repaint();
  }

  // The base's lines of the levels that are in view, fetched once for each base.
  async ensure() {
    const { level } = this.scene.state;
    const last = this.draft.levels.findIndex(({ key }) => key === level);
    if (this.of !== this.base) this.before = new Map();
    this.of = this.base;
    const wanted = this.draft.levels.slice(0, last + 1).filter(({ key }) => !this.before.has(key));
    const told = await Promise.all(wanted.map(({ key }) => get(`${this.path}/grids`, { level: key, base: true })));
    wanted.forEach(({ key }, i) => this.before.set(key, told[i].features.filter(({ geometry }) => geometry).map((raw) => (
      Object.assign(this.scene.space.feature({ ...raw.properties, geometry: raw.geometry }, 'grid'), { level: key })))));
    this.levels = this.draft.levels.map((each) => ({ ...each, grids: this.before.get(each.key) ?? [] }));
    mesh(this.levels);
  }

  async changed() {
    if (!this.on) return;
    await this.ensure();
    this.repaint();
  }

  handle() {
    const bar = make('div', {
      class: 'compare-bar', role: 'slider', tabindex: '0', 'aria-label': say('plan.compare_slider'), 'aria-valuemin': '0', 'aria-valuemax': '100',
    }, [make('span', { class: 'knob', text: '⇔', 'aria-hidden': 'true' })]);
    L.DomEvent.disableClickPropagation(bar);
    bar.addEventListener('pointerdown', (event) => {
      event.stopPropagation();
      bar.setPointerCapture(event.pointerId);
    });
    bar.addEventListener('pointermove', (event) => {
      if (!bar.hasPointerCapture(event.pointerId)) return;
      const { left, width } = this.box.getBoundingClientRect();
      this.set(((event.clientX - left) / width) * 100);
    });
    bar.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: -STEP, ArrowRight: STEP, Home: -100, End: 100 }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      this.set(this.share + step);
    });
    return bar;
  }

  set(share) {
    this.share = Math.max(0, Math.min(100, share));
    this.place();
  }

  place() {
    this.bar.style.left = `${this.share}%`;
    this.bar.setAttribute('aria-valuenow', String(Math.round(this.share)));
    const { lng, lat } = this.map.containerPointToLatLng([(this.map.getSize().x * this.share) / 100, 0]);
    [this.x] = this.scene.space.at(lng, lat);
    this.scene.change({ within: [this.x, Infinity] });
    this.repaint();
  }

  paint(ctx, view) {
    if (!this.on || !this.levels) return;
    const { level } = this.scene.state;
    const at = (levels) => levels.find(({ key }) => key === level)?.grids ?? [];
    const differs = (id) => this.draft.get(id)?.changed ?? true;
    clipped(ctx, view, [-Infinity, this.x], () => {
      this.fill(ctx, view, at(this.levels).filter(({ id }) => differs(id)));
      paintLines(ctx, view, { levels: this.levels, level, selected: [] });
    });
    clipped(ctx, view, [this.x, Infinity], () => this.fill(ctx, view, at(this.scene.state.levels).filter(({ id }) => differs(id))));
  }

  names(ctx, view) {
    if (!this.on || !this.levels) return;
    clipped(ctx, view, [-Infinity, this.x], () => paintNames(ctx, view, { ...this.scene.state, levels: this.levels }));
  }

  repaint() {
    this.layers.forEach((layer) => layer.repaint());
  }

  fill(ctx, view, grids) {
    inPlane(ctx, view, () => {
      ctx.fillStyle = CHANGED;
      grids.forEach(({ path }) => ctx.fill(path, 'evenodd'));
    });
  }
}
