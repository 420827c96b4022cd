// Puts a plan on the table: one map, one draft, the tools that change it, and what follows from each change.

import { Scene } from 'gridmap/scene';
import { say } from 'gridmap/words';
import { Problem, get } from 'page/api';
import { Cells, KINDS, WHOLE, scheme } from 'page/city';
import { segments } from 'page/segments';
import { sheet } from 'page/sheet';
import { bar } from 'plan/address';
import { BorderTool } from 'plan/border';
import { Checks } from 'plan/checks';
import { LockTool, MergeTool, SelectTool } from 'plan/choosing';
import { Compare } from 'plan/compare';
import { Draft } from 'plan/draft';
import { hintbar } from 'plan/hintbar';
import { Impact } from 'plan/impact';
import { Life } from 'plan/life';
import { Locks } from 'plan/locks';
import { Notice } from 'plan/notice';
import { Overlay } from 'plan/overlay';
import { PaintTool } from 'plan/paint';
import { recoding } from 'plan/questions';
import { Rail } from 'plan/rail';
import { Refusals } from 'plan/refusals';
import { Selection } from 'plan/selection';
import { Sketch } from 'plan/sketch';
import { DrawTool, SplitTool } from 'plan/sketching';
import { Snap } from 'plan/snap';
import { Table } from 'plan/table';
import { Work } from 'plan/work';
import { keys } from 'plan/keys';

const HIDDEN = new Set(['shop', 'firm', 'component', 'camera']);
const MOST_AT_FIRST = 400;
const REFRESH_MS = 250;
const $ = (id) => document.getElementById(id);
const calm = () => window.matchMedia('(prefers-reduced-motion: reduce)').matches;

export class Workplace {
  constructor(boot, who) {
    Object.assign(this, { boot, who, chosen: [], held: null });
  }

  async open(number) {
    document.body.classList.add('working');
    this.work = new Work(number, this.who);
    this.draft = new Draft(number, this.boot.levels);
    const [found] = await Promise.all([scheme(this.boot.scheme), this.work.load()]);
    this.counts = new Map(found.levels.map(({ key, count }) => [key, count]));
    this.level = this.firstLevel(bar.now().level);
    this.drawMap(found.bounds);
    await this.draft.ensure(this.level);
    this.scene.setLevels(this.draft.sceneLevels());
    this.scene.change({ level: this.level, hidden: new Set(HIDDEN) });
    this.panels();
    this.tools();
    this.view(bar.now().view);
    this.showLevels();
    this.life.show();
    this.checks.show(this.work);
    this.hold(bar.now().tool || 'select');
    this.refresh(true);
    this.moved();
    if (bar.now().compare) this.compareBy(true);
    keys(this);
  }

  // The level that was asked for; else the finest one that a person can take in at once.
  firstLevel(asked) {
    if (this.draft.level(asked)) return asked;
    const sized = this.draft.levels.filter(({ key }) => this.counts.get(key) > 1 && this.counts.get(key) <= MOST_AT_FIRST);
    const own = sized.find(({ key }) => key === 'neighbourhood') ?? sized[sized.length - 1];
    return (own ?? this.draft.levels.find(({ key }) => this.counts.get(key))).key;
  }

  drawMap([west, south, east, north]) {
    this.map = L.map($('map'), {
      zoomControl: false, attributionControl: false, preferCanvas: true, zoomSnap: 0.25, minZoom: 8, maxZoom: 21, doubleClickZoom: false,
      zoomAnimation: !calm(), fadeAnimation: !calm(), markerZoomAnimation: !calm(), inertia: !calm(), boxZoom: false,
    });
    // Arrow keys too move the map at once for those who want no motion.
    if (calm()) this.map.panBy = (offset, options) => L.Map.prototype.panBy.call(this.map, offset, { ...options, animate: false });
    L.control.zoom({ position: 'bottomright', zoomInTitle: say('map.zoom_in'), zoomOutTitle: say('map.zoom_out') }).addTo(this.map);
    L.control.scale({ position: 'bottomright', imperial: false, maxWidth: 120 }).addTo(this.map);
    this.map.fitBounds([[south, west], [north, east]], { animate: false, ...this.padding(24) });
    this.scene = new Scene(this.map, [west, south, east, north]);
    this.overlay = new Overlay(this.map, this.scene);
    this.cells = Object.keys(KINDS).filter((kind) => !HIDDEN.has(kind)).map((kind) => new Cells(kind, (name, features) => this.scene.addPlaces(name, features)));
    this.map.on('moveend', () => this.moved());
    this.map.on('click', ({ latlng, originalEvent }) => this.tool?.click?.(latlng, originalEvent));
    this.map.on('mousemove', ({ latlng }) => this.tool?.hover?.(latlng));
  }

  panels() {
    const { path } = this.work;
    this.sheet = sheet($('panel'), $('grip'));
    this.notice = new Notice($('notice'), this.map);
    this.hint = hintbar($('hint'));
    this.locks = new Locks(this.work.number, (locked) => this.overlay.change({ locked }));
    this.table = new Table($('table'), {
      path, spread: this.boot.spread, onselect: (id, more) => this.pick(id, more), onrename: (grid, name) => this.edit({ kind: 'rename', grid, name }),
      onopen: () => this.work.drawable, onretry: () => this.refresh(true),
    });
    $('load-note').textContent = Table.note(this.boot.load);
    this.checks = new Checks($('checks'), this.map, { path, onfly: (finding, move) => this.fly(finding, move) });
    this.impact = new Impact($('impact'), {
      onfly: (ids) => this.flyTo(ids), levelName: (key) => this.draft.level(key).name, onretry: () => this.refresh(true),
    });
    this.compare = new Compare({ map: this.map, scene: this.scene, draft: this.draft, path, box: $('compare') });
    $('compare-button').addEventListener('click', () => this.compareBy(!this.compare.on));
    this.refusals = new Refusals(this);
    this.card = new Selection($('selection'), this);
    this.life = new Life({ head: $('plan-head'), next: $('next-action'), history: $('history') }, {
      work: this.work, who: this.who, notice: this.notice, led: () => this.led(), redrawn: () => this.reload(),
      list: () => window.location.assign(bar.text(null, {})), recode: () => this.recode(),
    });
    this.work.onchange(() => this.showRail());
    $('fit').addEventListener('click', () => this.flyTo(this.draft.of(this.level).map(({ id }) => id)));
  }

  tools() {
    this.snap = new Snap(this.map, this.scene, this.draft);
    this.sketch = new Sketch(this.map, this.snap, () => this.level);
    const place = {
      map: this.map, scene: this.scene, draft: this.draft, overlay: this.overlay, snap: this.snap, sketch: this.sketch, notice: this.notice, hint: this.hint,
      level: () => this.level, selected: () => this.chosen, select: (ids) => this.select(ids), locked: () => this.locks.ids,
      edit: (edit, options) => this.edit(edit, options), refuseLocked: (ids) => this.refusals.locked(ids), lock: (id) => this.locks.toggle(id),
      finest: () => this.finest(),
    };
    this.held = {
      select: new SelectTool(place), draw: new DrawTool(place), split: new SplitTool(place), border: new BorderTool(place),
      merge: new MergeTool(place), paint: new PaintTool(place, $('palette')), lock: new LockTool(place),
    };
    this.rail = new Rail($('rail'), { ontool: (name) => this.hold(name), onstep: (name) => this.step(name) });
  }

  // Takes a tool in hand; the map gets the keys.
  hold(name) {
    const wanted = this.held[name] && (this.work.drawable || name === 'select') ? name : 'select';
    this.tool?.stop();
    this.tool = this.held[wanted];
    bar.change({ tool: wanted === 'select' ? '' : wanted });
    this.overlay.change({ hover: null });
    $('map').dataset.tool = wanted;
    this.toolName = wanted;
    this.tool.start();
    this.showRail();
    if (document.activeElement?.closest?.('#rail')) $('map').focus({ preventScroll: true });
  }

  showRail() {
    this.rail?.show({ tool: this.toolName, drawable: this.work.drawable, undoable: this.work.undoable, redoable: this.work.redoable, busy: this.busy });
  }

  showLevels() {
    $('levels').replaceChildren(segments('level', say('plan.level'), this.draft.levels, this.level, (level) => this.toLevel(level)));
  }

  async toLevel(level) {
    this.level = level;
    bar.change({ level });
    this.select([]);
    try {
      if (await this.draft.ensure(level)) this.scene.setLevels(this.draft.sceneLevels());
    } catch (problem) {
      this.refusals.tell(problem);
      return;
    }
    this.scene.change({ level });
    this.hold(this.toolName);
    await this.compare.changed();
    this.refresh();
  }

  // Brings in the finest level where it is small enough to hold.
  async finest() {
    const last = [...this.draft.levels].reverse().find(({ key }) => this.counts.get(key));
    if (!last || this.counts.get(last.key) > WHOLE) return;
    if (await this.draft.ensure(last.key)) this.scene.setLevels(this.draft.sceneLevels());
  }

  select(ids) {
    this.chosen = ids.filter((id) => this.draft.get(id));
    this.overlay.change({ selected: new Set(this.chosen) });
    this.table.select(this.chosen);
    this.card.show(this.chosen);
    this.tool?.chosen?.();
  }

  // From the table: choosing also brings into view.
  pick(id, more) {
    if (more || this.toolName === 'merge') this.held.select.toggle(id);
    else this.select([id]);
    this.uncover([id]);
  }

  // Carries an edit out and shows what became of it; null where it was refused, which is said near the map.
  async edit(edit, { raise = false } = {}) {
    if (!await this.who.known()) return null;
    this.busy = true;
    this.notice.clear();
    $('map').setAttribute('aria-busy', 'true');
    try {
      return this.drawn(await this.work.edit(edit));
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (raise && problem.status === 422) throw problem;
      await this.refusals.edit(problem, edit);
      return null;
    } finally {
      this.busy = false;
      $('map').removeAttribute('aria-busy');
      this.showRail();
    }
  }

  // Takes over an answer of the service: outlines, findings, counts.
  drawn(told) {
    const { raws, gone } = this.draft.put(told.outlines);
    this.scene.putGrids(raws, gone);
    this.select(this.chosen);
    this.checks.show(this.work);
    this.life.show();
    this.compare.changed();
    this.tool?.changed?.();
    this.refresh();
    return told;
  }

  async step(name) {
    if (this.tool?.back?.()) return;
    if (this.busy || !this.work[name === 'undo' ? 'undoable' : 'redoable'] || !await this.who.known()) return;
    this.busy = true;
    this.notice.clear();
    try {
      this.drawn(await this.work.step(name));
      this.tool.escape?.();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      await this.refusals.edit(problem, null);
    } finally {
      this.busy = false;
      this.showRail();
    }
  }

  // Reads the plan again, whole: it was changed elsewhere.
  async reload() {
    await this.work.load();
    this.draft.forget();
    await this.draft.ensure(this.level);
    this.scene.setLevels(this.draft.sceneLevels());
    this.select(this.chosen);
    this.checks.show(this.work);
    this.life.show();
    this.hold(this.toolName);
    await this.compare.changed();
    this.refresh(true);
  }

  // The plan went a step on: what may be done has changed.
  led() {
    this.checks.show(this.work);
    this.life.show();
    this.hold(this.toolName);
  }

  // Figures follow a little later: several edits in a row ask once.
  refresh(now = false) {
    window.clearTimeout(this.later);
    this.later = window.setTimeout(() => {
      const weighed = this.work.plan.head === null ? null : get(`${this.work.path}/impact`, { level: this.level });
      this.table.load(this.level, weighed);
      this.impact.load(weighed);
    }, now ? 0 : REFRESH_MS);
  }

  async compareBy(on) {
    $('compare-button').setAttribute('aria-pressed', String(on));
    bar.change({ compare: on ? '1' : '' });
    try {
      if (on) await this.compare.show(this.work.plan.base);
      else this.compare.hide();
    } catch (problem) {
      this.refusals.tell(problem);
    }
  }

  async recode() {
    if (!await this.who.known()) return;
    const levels = this.draft.levels.filter(({ key }) => this.draft.of(key).length);
    const told = await recoding(levels.slice(0, -1).length ? levels.slice(0, -1) : levels, (key) => this.draft.of(key), this.chosen[0], (edit, options) => this.edit(edit, options));
    if (told) this.notice.say([say('plan.recoded', { n: told.grids.length })]);
  }

  // Flies to a finding, on the level of the grids that it concerns.
  async fly({ grids, lon, lat }, move = true) {
    const known = grids.map((id) => this.draft.get(id)).filter(Boolean);
    const atLevel = known.filter(({ level }) => level === this.level);
    if (atLevel.length) this.select(atLevel.map(({ id }) => id));
    if (lon !== null && move) this.map.setView([lat, lon], Math.max(this.map.getZoom(), 17), { animate: !calm() });
    else if (move) this.flyTo(grids);
  }

  // Room for what lies over the map: the levels above, the palette at the side while painting.
  padding(space) {
    const palette = $('palette').hidden || window.innerWidth < 760 ? 0 : $('palette').offsetWidth + 12;
    return { paddingTopLeft: [palette + space, 64 + space / 2], paddingBottomRight: [space, space] };
  }

  flyTo(ids) {
    const features = this.scene.state.levels.flatMap(({ grids }) => grids).filter(({ id }) => ids.includes(id));
    if (features.length) this.map.fitBounds(this.scene.boundsOf(features), { animate: !calm(), maxZoom: 18, ...this.padding(40) });
  }

  uncover(ids) {
    const features = this.scene.state.levels.flatMap(({ grids }) => grids).filter(({ id }) => ids.includes(id));
    if (features.length && !this.map.getBounds().contains(this.scene.boundsOf(features))) this.flyTo(ids);
  }

  view(text) {
    const [lon, lat, zoom] = (text ?? '').split(',').map(Number);
    if (Number.isFinite(zoom) && Number.isFinite(lon) && Number.isFinite(lat) && zoom) this.map.setView([lat, lon], zoom, { animate: false });
  }

  moved() {
    const { lng, lat } = this.map.getCenter();
    bar.change({ view: `${lng.toFixed(5)},${lat.toFixed(5)},${this.map.getZoom()}` });
    this.load();
  }

  // The base map's places come as they get into view; where they do not, the lines can still be drawn.
  async load() {
    const zoom = this.map.getZoom();
    const box = this.map.getBounds();
    const bounds = [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()];
    const results = await Promise.allSettled(this.cells.filter(({ kind }) => zoom >= KINDS[kind]).map((cells) => cells.view(bounds, zoom)));
    const failed = results.find(({ status }) => status === 'rejected');
    if (failed && !(failed.reason instanceof Problem)) throw failed.reason;
    $('base-note').hidden = !failed;
  }
}
