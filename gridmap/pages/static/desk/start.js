// Puts the desk together: one map, one state, and what listens to them.

import { Answer } from 'desk/answer';
import { Controls } from 'desk/controls';
import { Figures } from 'desk/figures';
import { Search } from 'desk/search';
import { address, change, now, onback, onchange, read } from 'desk/state';
import { Theme } from 'desk/theme';
import { Problem, get, latest } from 'page/api';
import { Cells, KINDS, WHOLE, grids, levelsOf, scheme } from 'page/city';
import { cityCard, languages } from 'page/head';
import { sheet } from 'page/sheet';
import { rank } from 'gridmap/find';
import { Scene } from 'gridmap/scene';
import { figure, make, say, speak } from 'gridmap/words';

const QUIET = ['firm', 'component', 'camera'];
const $ = (id) => document.getElementById(id);
const calm = () => window.matchMedia('(prefers-reduced-motion: reduce)').matches;

export async function start() {
  const boot = JSON.parse($('boot').textContent);
  speak(boot.words, boot.lang, boot.zone);
  try {
    await new Desk(boot).open();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    $('answer').replaceChildren(make('div', { class: 'card failed', role: 'alert' }, [
      ...problem.lines().map((line) => make('p', { text: say('page.failed', { what: line }) })),
      make('button', { type: 'button', class: 'quiet', text: say('page.retry'), onclick: () => window.location.reload() }),
    ]));
  } finally {
    document.body.dataset.ready = 'yes';
  }
}

class Desk {
  constructor(boot) {
    this.boot = boot;
    this.sheet = sheet($('sheet'), $('grip'));
    this.ask = latest();
    this.gridsOf = latest();
  }

  async open() {
    const state = read();
    this.languages();
    cityCard($('city'), this.boot);
    this.scheme = await scheme('governance');
    if (!this.scheme) {
      this.noLines();
      return;
    }
    const [levels, categories] = await Promise.all([levelsOf(this.scheme), get('/categories')]);
    this.drawMap(levels);
    this.defaults(state, levels);
    this.search = new Search($('ask'), {
      kindName: (one) => this.kindName(one),
      gridsLike: (text) => this.gridsLike(text),
      onplace: (place) => this.toPlace(place),
      ongrid: (grid) => this.toGrid(grid.id, true),
      onpoint: (point) => this.question({ ...point, accuracy_m: now().accuracy_m }, true),
    });
    this.answer = new Answer($('answer'), {
      onask: (part) => this.question(part, true), onclear: () => this.clear(),
      ongrid: (id) => this.toGrid(id, false), kindName: (one) => this.kindName(one),
    });
    this.answer.categories = Array.isArray(categories) ? categories : categories.categories;
    this.panels(levels);
    this.keys();
    onback((back) => { this.defaults(back, levels); this.restore(); });
    onchange(() => this.languages());
    await this.restore();
  }

  // Escape clears; Enter on the map asks about its middle, for those who work without a pointer.
  keys() {
    document.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && !event.target.closest?.('input, select, textarea') && now().lon) this.clear();
    });
    $('map').addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.target !== $('map')) return;
      const { lng, lat } = this.map.getCenter();
      this.question({ lon: lng.toFixed(7), lat: lat.toFixed(7), datum: 'wgs84' }, true);
    });
  }

  languages() {
    languages($('languages'), this.boot.lang, address);
  }

  noLines() {
    $('answer').replaceChildren(make('div', { class: 'hint' }, [
      make('p', { text: say('desk.no_lines') }), make('code', { text: 'gridmap import grids FILE --level microgrid --datum wgs84' }),
    ]));
  }

  drawMap(levels) {
    const [west, south, east, north] = this.scheme.bounds;
    this.map = L.map($('map'), {
      zoomControl: false, attributionControl: false, preferCanvas: true, zoomSnap: 0.25, minZoom: 8, maxZoom: 20,
      zoomAnimation: !calm(), fadeAnimation: !calm(), markerZoomAnimation: !calm(), inertia: !calm(),
    });
    L.control.zoom({ position: 'bottomright', zoomInTitle: say('map.zoom_in'), zoomOutTitle: say('map.zoom_out') }).addTo(this.map);
    L.control.scale({ position: 'bottomright', imperial: false, maxWidth: 120 }).addTo(this.map);
    this.map.fitBounds([[south, west], [north, east]], { animate: false, ...this.sheet.padding() });
    this.scene = new Scene(this.map, this.scheme.bounds);
    this.scene.setLevels(levels);
    this.cells = Object.keys(KINDS).map((kind) => new Cells(kind, (name, features) => this.scene.addPlaces(name, features)));
    this.map.on('moveend', () => this.moved());
    this.map.on('zoomend', () => { if (now().show === 'heat') this.refreshTheme(); });
    this.map.on('click', ({ latlng }) => this.question({ lon: latlng.lng.toFixed(7), lat: latlng.lat.toFixed(7), datum: 'wgs84' }, true));
  }

  // Fills in what the address leaves open.
  defaults(state, levels) {
    const keys = levels.map((level) => level.key);
    state.level = keys.includes(state.level) ? state.level : keys[keys.length - 1];
    state.show = ['areas', 'heat'].includes(state.show) ? state.show : 'none';
    const measures = this.boot.measures.map((one) => `${one.layer}.${one.measure}`);
    state.measure = measures.includes(state.measure) ? state.measure : 'incidents.count';
    state.hide = state.hide || QUIET.join(',');
    state.scheme = this.scheme.key;
  }

  panels(levels) {
    const kinds = Object.keys(KINDS).reverse().map((kind) => ({ kind, name: this.boot.kinds[kind] ?? kind }));
    this.controls = new Controls($('controls'), {
      levels, measures: this.boot.measures, kinds, hidden: this.hidden(),
      onchange: (part) => { change(part); this.refresh(); if (part.level) this.load(); },
      onlayer: (kind, on) => this.layer(kind, on),
    });
    this.figures = new Figures($('figures'), { measures: this.boot.measures });
    this.theme = new Theme($('legend'), this.scene, this.boot);
    this.foot();
  }

  hidden() {
    return new Set(now().hide.split(',').filter((kind) => kind in KINDS));
  }

  layer(kind, on) {
    const hidden = this.hidden();
    if (on) hidden.delete(kind);
    else hidden.add(kind);
    change({ hide: [...hidden].join(',') || 'nothing' });
    this.controls.hidden = hidden;
    this.scene.toggle(kind, on);
    this.load();
  }

  async restore() {
    const state = now();
    this.search.clear(false);
    this.view(state.view);
    this.scene.change({ level: state.level, hidden: this.hidden() });
    this.refresh();
    this.load();
    if (state.lon && state.lat && state.datum) await this.question({}, false);
    else this.clear(false);
  }

  view(text) {
    const [lon, lat, zoom] = (text ?? '').split(',').map(Number);
    if (Number.isFinite(lon) && Number.isFinite(lat) && Number.isFinite(zoom)) this.map.setView([lat, lon], zoom, { animate: false });
  }

  moved() {
    const { lng, lat } = this.map.getCenter();
    change({ view: `${lng.toFixed(5)},${lat.toFixed(5)},${this.map.getZoom()}` });
    this.load();
  }

  async load() {
    const zoom = this.map.getZoom();
    const box = this.map.getBounds();
    const bounds = [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()];
    const wanted = this.cells.filter(({ kind }) => !this.scene.state.hidden.has(kind));
    const near = wanted.filter(({ kind }) => zoom >= KINDS[kind]);
    const results = await Promise.allSettled(near.map((cells) => cells.view(bounds, zoom)));
    const crowded = await this.loadGrids(bounds);
    const failed = results.find((result) => result.status === 'rejected');
    const cut = near.filter((cells) => cells.cut);
    const far = wanted.filter(({ kind }) => zoom < KINDS[kind] && KINDS[kind] >= 15);
    const name = ({ kind }) => this.boot.kinds[kind];
    const said = [
      failed ? say('page.failed', { what: failed.reason.message }) : '',
      cut.length ? `${cut.map(name).join(', ')}: ${say('desk.too_many')}` : '',
      far.length ? `${far.map(name).join(', ')}: ${say('desk.zoom_in_for')}` : '',
    ].filter(Boolean);
    if ($('layer-note')) $('layer-note').textContent = said.join(' · ');
    const note = crowded ? say('desk.zoom_in_for_grids', { n: figure(crowded.count), name: crowded.name }) : '';
    $('map-note').textContent = note;
    $('map-note').hidden = !note;
  }

  // Levels too large to hold are fetched as they come into view; returns the level that this view has too much of.
  async loadGrids(bounds) {
    const level = this.scene.state.levels.find((one) => one.key === now().level);
    if (!level || level.count <= WHOLE) return null;
    const found = await this.gridsOf((signal) => grids(this.scheme, level, bounds, signal));
    // A part of the lines would look like all of them: too many for the view are not drawn, and the map says so.
    if (found) this.scene.setGrids(level.key, found.more ? [] : found.grids);
    return found?.more ? level : null;
  }

  kindName({ kind, level }) {
    if (!kind || kind === 'grid') return this.scene.state.levels.find((one) => one.key === level)?.name ?? '';
    return this.boot.kinds[kind] ?? kind;
  }

  gridsLike(text) {
    const wanted = text.toLowerCase();
    return this.scene.state.levels.flatMap((level) => level.grids)
      .map((grid) => [grid.code === wanted ? 0 : rank({ name: grid.name ?? '' }, wanted), grid])
      .filter(([place]) => place >= 0).sort((a, b) => a[0] - b[0]).slice(0, 4).map(([, grid]) => grid);
  }

  toPlace(place) {
    const feature = this.scene.space.feature(place, place.kind);
    const { lng, lat } = this.scene.space.back(feature.at[0], feature.at[1]);
    this.map.setView([lat, lng], Math.max(this.map.getZoom(), 17.5), { animate: !calm() });
    this.question({ lon: lng.toFixed(7), lat: lat.toFixed(7), datum: 'wgs84' }, true);
  }

  toGrid(id, level) {
    const chain = this.scene.chain(id);
    const grid = chain[chain.length - 1];
    if (!grid) return;
    if (level) change({ level: grid.level });
    this.scene.change({ level: now().level });
    this.scene.select(chain.map((one) => one.id));
    this.map.fitBounds(this.scene.boundsOf([grid]), { animate: !calm(), maxZoom: 18, ...this.sheet.padding(60) });
    this.subject = grid;
    this.refresh();
  }

  async question(part, step) {
    change({ ...part }, { step });
    const state = now();
    this.answer.wait();
    this.sheet.rise();
    try {
      const { lon, lat, datum, accuracy_m: accuracy, category } = state;
      const found = await this.ask((signal) => get('/locate', { lon, lat, datum, accuracy_m: accuracy, category }, signal));
      if (found) this.shown(found, state);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      this.mark(null);
      this.answer.fail(problem, () => this.question({}, false));
    }
  }

  shown(found, state) {
    this.answer.show(found, state);
    const owned = found.chain?.[found.chain.length - 1]?.name;
    document.title = owned ? `${owned} · ${say('desk.title')}` : say('desk.title');
    const { lon, lat, accuracy_m: accuracy } = found.question;
    this.mark([lat, lon], accuracy);
    const chain = this.scene.select((found.chain ?? []).map((grid) => grid.id));
    const atLevel = chain.find((grid) => grid.level === state.level) ?? chain[chain.length - 1] ?? null;
    this.subject = atLevel;
    const nearest = chain.length || !found.nearest ? null : this.scene.chain(found.nearest.id).pop();
    if (nearest) this.map.fitBounds(this.scene.boundsOf([nearest]).extend([lat, lon]), { animate: !calm(), maxZoom: 18, ...this.sheet.padding(60) });
    else this.uncover([lat, lon]);
    this.refresh();
  }

  // Brings a point into the part of the map that no panel covers.
  uncover(latlng) {
    const { x, y } = this.map.latLngToContainerPoint(latlng);
    const size = this.map.getSize();
    const { top, bottom } = this.sheet.covers();
    const [free, middle] = [size.y - top - bottom, top + (size.y - top - bottom) / 2];
    const inside = x > 24 && x < size.x - 24 && y > top + 24 && y < size.y - bottom - 24;
    if (!inside) this.map.panBy([x - size.x / 2, y - (free > 80 ? middle : size.y / 2)], { animate: !calm() });
  }

  mark(latlng, accuracy = null) {
    this.pin?.remove();
    this.pin = null;
    if (!latlng) return;
    const icon = L.divIcon({ className: 'pin', iconSize: [22, 22], iconAnchor: [11, 11], html: document.createElement('span') });
    const marks = [L.marker(latlng, { icon, interactive: false, keyboard: false, pane: 'gm-marks' })];
    if (accuracy) marks.unshift(L.circle(latlng, { radius: accuracy, pane: 'gm-marks', interactive: false, color: '#1d6fa5', weight: 1.5, fillOpacity: 0.12 }));
    this.pin = L.layerGroup(marks).addTo(this.map);
  }

  clear(step = true) {
    this.mark(null);
    this.subject = null;
    this.scene.select([]);
    this.search.clear(false);
    if (step) change({ lon: '', lat: '', datum: '', accuracy_m: '', category: '' }, { step: true });
    this.answer.empty();
    document.title = say('desk.title');
    this.refresh();
  }

  // Everything that follows from level, theme, period and the grid in view.
  refresh() {
    const state = { ...now(), scheme: this.scheme.key };
    this.controls.show(state);
    this.scene.change({ level: state.level });
    const chain = this.subject ? this.scene.chain(this.subject.id) : [];
    const grid = chain.find((one) => one.level === state.level) ?? this.subject ?? null;
    this.figures.show(grid, grid?.level ?? state.level, state);
    this.refreshTheme();
  }

  refreshTheme() {
    const state = { ...now(), scheme: this.scheme.key };
    this.theme.show(state, this.scene.state.levels.find((one) => one.key === state.level)?.name ?? '');
  }

  foot() {
    $('foot').replaceChildren(
      make('p', { class: 'soft', text: say('desk.maps') }),
      make('ul', {}, this.boot.maps.map(({ key, title }) => make('li', {}, [
        make('a', { href: `/maps/${key}?lang=${this.boot.lang}`, text: title }),
      ]))),
    );
  }
}
