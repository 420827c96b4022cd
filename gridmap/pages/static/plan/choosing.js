// Chooses grids: to look at, to merge, to lock.

import { say } from 'gridmap/words';

export class SelectTool {
  constructor(place) {
    Object.assign(this, place);
  }

  start() {
    this.hint('');
  }

  stop() {}

  click(latlng, event) {
    const grid = this.scene.gridAt(latlng);
    if (!grid) this.select([]);
    else if (event?.shiftKey || event?.ctrlKey || event?.metaKey) this.toggle(grid.id);
    else this.select([grid.id]);
  }

  toggle(id) {
    const chosen = this.selected();
    this.select(chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id]);
  }

  hover(latlng) {
    this.overlay.change({ hover: this.scene.gridAt(latlng)?.id ?? null });
  }
}

export class MergeTool extends SelectTool {
  start() {
    this.tell();
  }

  tell() {
    const chosen = this.selected();
    const buttons = chosen.length > 1
      ? [{ text: say('plan.merge_n', { n: chosen.length }), key: 'Enter', act: () => this.enter() }] : [];
    this.hint(say(chosen.length > 1 ? 'plan.hint_merge_on' : 'plan.hint_merge', { first: this.draft.get(chosen[0])?.name ?? '' }), buttons);
  }

  click(latlng) {
    const grid = this.scene.gridAt(latlng);
    if (grid) this.toggle(grid.id);
  }

  chosen() {
    this.tell();
  }

  async enter() {
    const grids = this.selected();
    if (grids.length < 2 || this.refuseLocked(grids)) return;
    if (await this.edit({ kind: 'merge', grids })) this.select([grids[0]]);
  }
}

export class LockTool extends SelectTool {
  start() {
    this.hint(say('plan.hint_lock'));
  }

  click(latlng) {
    const grid = this.scene.gridAt(latlng);
    if (grid) this.lock(grid.id);
  }
}
