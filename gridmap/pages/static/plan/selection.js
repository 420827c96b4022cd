// What is chosen, in one line below the map, with what can be done to it.

import { area, figure, make, say } from 'gridmap/words';

export class Selection {
  constructor(box, place) {
    Object.assign(this, { box, place });
  }

  show(ids) {
    const grids = ids.map((id) => this.place.draft.get(id)).filter(Boolean);
    this.box.hidden = !grids.length;
    if (!grids.length) return;
    const total = grids.reduce((sum, grid) => sum + grid.area_m2, 0);
    const [first] = grids;
    const facts = grids.length > 1 ? [area(total)] : [
      this.place.draft.level(first.level).name, first.geometry ? area(first.area_m2) : say('plan.no_ground'), first.code,
      first.parent ? say('plan.in', { name: this.place.draft.get(first.parent)?.name ?? '' }) : null,
    ];
    this.box.replaceChildren(
      make('span', { class: 'selection-name' }, [
        make('strong', { text: grids.length > 1 ? say('plan.n_grids', { n: figure(grids.length) }) : first.name }),
        make('span', { class: 'soft', text: facts.filter(Boolean).join(' · ') }),
      ]),
      ...this.buttons(grids),
    );
  }

  buttons(grids) {
    const { place } = this;
    const button = (text, key, act) => make('button', { type: 'button', class: 'quiet', onclick: act }, [
      make('span', { text }), key ? make('kbd', { text: key, 'aria-hidden': 'true' }) : null,
    ]);
    const found = [];
    if (!place.work.drawable) return found;
    if (grids.length > 1) found.push(button(say('plan.merge_n', { n: grids.length }), 'M', () => place.held.merge.enter()));
    if (grids.length === 1) {
      const [grid] = grids;
      const locked = place.locks.ids.has(grid.id);
      found.push(button(say('plan.rename'), 'F2', () => place.table.rename(grid.id)));
      found.push(button(say(locked ? 'plan.unlock' : 'plan.lock'), null, () => { place.locks.toggle(grid.id); this.show([grid.id]); }));
      // What holds ground of its own is merged away, not taken out.
      if (!grid.geometry || !grid.leaf) found.push(button(say('plan.retire'), 'Del', () => this.retire()));
    }
    return found;
  }

  retire() {
    const [id] = this.place.chosen;
    const grid = this.place.draft.get(id);
    if (grid && (!grid.geometry || !grid.leaf)) this.place.edit({ kind: 'retire', grid: id });
  }
}
