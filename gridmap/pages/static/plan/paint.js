// Gives grids to a parent by click or brush: the parents of a level above stand in a palette, each with its colour
// and number; what is locked is passed over.

import { figure, make, said, say } from 'gridmap/words';
import { ask, field } from 'plan/dialog';
import { PALETTE } from 'plan/overlay';

const LONGEST_NAME = 200;

export class PaintTool {
  constructor(place, box) {
    Object.assign(this, place, { box });
    this.parent = null;
    this.above = null;
    this.down = (event) => this.pressed(event);
    this.move = (event) => this.brushed(event);
    this.up = (event) => this.lifted(event);
  }

  start() {
    const levels = this.draft.above(this.level());
    if (!levels.some(({ key }) => key === this.above)) this.above = levels[0]?.key ?? null;
    const element = this.map.getContainer();
    element.addEventListener('pointerdown', this.down);
    element.addEventListener('pointermove', this.move);
    window.addEventListener('pointerup', this.up);
    window.addEventListener('pointercancel', this.up);
    this.box.hidden = false;
    this.show();
  }

  stop() {
    const element = this.map.getContainer();
    element.removeEventListener('pointerdown', this.down);
    element.removeEventListener('pointermove', this.move);
    window.removeEventListener('pointerup', this.up);
    window.removeEventListener('pointercancel', this.up);
    element.classList.remove('painting');
    this.map.dragging.enable();
    this.box.hidden = true;
    this.overlay.change({ fills: new Map(), brushed: new Set(), brush: null });
  }

  // The parents to choose from: those in whose ground the level lies, and those that hold none yet.
  parents() {
    return this.draft.of(this.above).sort((a, b) => a.id - b.id);
  }

  paintOf(id) {
    const place = this.parents().findIndex((grid) => grid.id === id);
    return place < 0 ? null : { colour: PALETTE[place % PALETTE.length], number: place + 1 };
  }

  // Colours every grid of the level by its parent on the palette's level.
  changed() {
    const parents = new Map(this.parents().map(({ id }) => [id, this.paintOf(id)]));
    const fills = new Map();
    for (const grid of this.draft.of(this.level())) {
      const above = this.draft.chain(grid.id).find(({ level }) => level === this.above);
      if (above) fills.set(grid.id, parents.get(above.id));
    }
    this.overlay.change({ fills });
    this.counts = new Map();
    for (const grid of this.draft.of(this.level())) {
      const above = this.draft.chain(grid.id).find(({ level }) => level === this.above);
      if (above) this.counts.set(above.id, (this.counts.get(above.id) ?? 0) + 1);
    }
  }

  show() {
    if (!this.above) {
      this.hint(say('plan.paint_top'));
      this.box.replaceChildren();
      return;
    }
    if (!this.draft.get(this.parent) || this.draft.get(this.parent).level !== this.above) this.parent = null;
    this.changed();
    const parents = this.parents();
    const level = this.draft.level(this.above);
    this.hint(this.parent ? say('plan.hint_paint_on', { name: this.draft.get(this.parent).name }) : say('plan.hint_paint', { level: level.name }));
    this.map.dragging[this.parent ? 'disable' : 'enable']();
    this.map.getContainer().classList.toggle('painting', Boolean(this.parent));
    const focused = this.box.contains(document.activeElement) ? document.activeElement.value : null;
    this.box.replaceChildren(
      this.levels(),
      make('div', { class: 'palette-list', role: 'radiogroup', 'aria-label': say('plan.paint_into') }, parents.map((grid) => this.option(grid))),
      parents.length ? '' : make('p', { class: 'soft', text: say('plan.paint_none', { level: level.name }) }),
      make('button', { type: 'button', class: 'quiet', text: say('plan.paint_new', { level: level.name }), onclick: () => this.create() }),
    );
    if (focused) [...this.box.querySelectorAll('input')].find(({ value }) => value === focused)?.focus();
  }

  levels() {
    const levels = this.draft.above(this.level());
    const select = make('select', {
      'aria-label': say('plan.paint_level'), onchange: (event) => { this.above = event.target.value; this.parent = null; this.show(); },
    }, levels.map(({ key, name }) => make('option', { value: key, text: name, selected: key === this.above })));
    return field(say('plan.paint_level'), select);
  }

  option(grid) {
    const { colour, number } = this.paintOf(grid.id);
    const swatch = make('span', { class: 'swatch', text: String(number), 'aria-hidden': 'true' });
    swatch.style.background = colour;
    return make('label', { class: 'palette-option' }, [
      make('input', { type: 'radio', name: 'parent', value: String(grid.id), checked: grid.id === this.parent, onchange: () => this.choose(grid.id) }),
      swatch, make('span', { class: 'palette-name', text: grid.name }),
      make('span', { class: 'soft number', text: figure(this.counts.get(grid.id) ?? 0) }),
    ]);
  }

  choose(id) {
    this.parent = id;
    this.show();
  }

  // The number keys choose from the palette.
  digit(number) {
    const grid = this.parents()[number - 1];
    if (grid) this.choose(grid.id);
  }

  escape() {
    if (!this.parent) return false;
    this.parent = null;
    this.show();
    return true;
  }

  async create() {
    const level = this.draft.level(this.above);
    const [over] = this.draft.above(this.above).filter(({ key }) => this.draft.of(key).length);
    const here = over ? this.scene.gridAt(this.map.getCenter(), over.key) : null;
    const name = make('input', { type: 'text', name: 'name', required: true, maxlength: LONGEST_NAME });
    const under = over ? make('select', { name: 'parent' }, this.draft.of(over.key).map((grid) => make('option', {
      value: String(grid.id), text: grid.name, selected: grid.id === here?.id,
    }))) : null;
    await ask({
      title: say('plan.create_title', { level: level.name }),
      body: [field(say('plan.name'), name), under ? field(say('plan.create_under', { level: said(over.name) }), under) : null].filter(Boolean),
      confirm: say('plan.create_confirm'),
      work: async () => {
        if (!name.value.trim()) return null;
        const edit = { kind: 'create', level: level.key, name: name.value.trim(), ...(under ? { parent: Number(under.value) } : {}) };
        const told = await this.edit(edit, { raise: true });
        if (told) this.parent = told.grids.find((id) => this.draft.get(id)?.level === level.key) ?? this.parent;
        return Boolean(told);
      },
    });
    this.show();
    this.map.getContainer().focus();
  }

  spot(event) {
    const { left, top } = this.map.getContainer().getBoundingClientRect();
    return this.map.containerPointToLatLng([event.clientX - left, event.clientY - top]);
  }

  pressed(event) {
    if (!this.parent || event.button !== 0 || !event.isPrimary || event.target.closest('.leaflet-control, .finding, .over-map')) return;
    this.stroke = new Set();
    this.passed = false;
    this.dab(this.spot(event));
  }

  brushed(event) {
    if (!this.stroke) return;
    // A second finger zooms; what was painted so far is let be.
    if (!event.isPrimary) this.stroke = null;
    else (event.getCoalescedEvents?.() ?? [event]).concat(event).forEach((each) => this.dab(this.spot(each)));
  }

  dab(latlng) {
    const grid = this.scene.gridAt(latlng);
    if (!grid || this.stroke.has(grid.id)) return;
    if (this.locked().has(grid.id)) {
      this.passed = true;
      return;
    }
    if (this.draft.get(grid.id).parent === this.parent) return;
    this.stroke.add(grid.id);
    this.overlay.change({ brushed: new Set(this.stroke), brush: this.paintOf(this.parent) });
  }

  async lifted() {
    const { stroke } = this;
    this.stroke = null;
    if (!stroke) return;
    await this.assign([...stroke]);
    if (this.passed) this.hint(say('plan.paint_locked'));
  }

  async assign(grids) {
    if (grids.length) await this.edit({ kind: 'assign', grids, parent: this.parent });
    this.overlay.change({ brushed: new Set(), brush: null });
    this.show();
  }

  // By keys: what lies in the middle of the map.
  space() {
    if (!this.parent) return;
    this.stroke = new Set();
    this.passed = false;
    this.dab(this.map.getCenter());
    this.lifted();
  }
}
