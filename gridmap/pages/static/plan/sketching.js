// Splits a grid by a drawn line, and draws a grid of its own out of those beneath it.

import { make, say } from 'gridmap/words';
import { hit } from 'gridmap/space';
import { ask, field } from 'plan/dialog';

const SAMPLES = 96;
const LONGEST_NAME = 200;

class Drawing {
  constructor(place, kind, least) {
    Object.assign(this, place, { kind, least, points: 0 });
  }

  start() {
    this.sketch.begin(this.kind, { onfinish: (line) => this.drawn(line), onpoints: (n) => this.count(n) });
  }

  stop() {
    this.sketch.end();
  }

  count(points) {
    this.points = points;
    const buttons = points ? [
      { text: say('plan.finish'), key: 'Enter', disabled: points < this.least, act: () => this.sketch.key('Enter') },
      { text: say('plan.drop'), key: 'Esc', act: () => this.sketch.key('Escape') },
    ] : [];
    this.hint(say(points ? `plan.hint_${this.name}_on` : `plan.hint_${this.name}`), buttons);
  }

  // Lets go of what is being drawn, or of what was refused.
  escape() {
    if (!this.sketch.busy && !this.sketch.done) return false;
    if (this.sketch.busy) this.sketch.key('Escape');
    this.sketch.wipe();
    return true;
  }

  enter() {
    this.sketch.key('Enter');
  }

  space() {
    this.sketch.pointAtMiddle();
  }

  // Takes the last point back while something is being drawn.
  back() {
    if (!this.sketch.busy) return false;
    this.sketch.back();
    return true;
  }
}

export class SplitTool extends Drawing {
  constructor(place) {
    super(place, 'linestring', 2);
    this.name = 'split';
  }

  async drawn(line) {
    const grid = this.under(line);
    if (!grid) {
      this.notice.say([say('plan.split_nowhere')], { kind: 'error' });
      return;
    }
    if (this.refuseLocked([grid.id])) return;
    const told = await this.edit({ kind: 'split', grid: grid.id, line, datum: 'wgs84' });
    if (!told) return;
    this.sketch.wipe();
    const made = told.grids.map((id) => this.draft.get(id)).filter((each) => each?.new && each.level === grid.level && !this.before.has(each.id));
    this.select([grid.id, ...made.map(({ id }) => id)]);
  }

  // The grid that is meant: the one that is chosen, if the line runs through it, else the one that holds most of it.
  under(line) {
    const grids = this.scene.state.levels.find(({ key }) => key === this.level())?.grids ?? [];
    this.before = new Set(grids.map(({ id }) => id));
    const counts = new Map();
    for (let i = 1; i < line.length; i += 1) {
      for (let k = 0; k <= SAMPLES; k += 1) {
        const at = [0, 1].map((axis) => line[i - 1][axis] + ((line[i][axis] - line[i - 1][axis]) * k) / SAMPLES);
        const id = hit(grids, this.scene.space.at(...at), 0)?.id;
        const long = Math.hypot(line[i][0] - line[i - 1][0], line[i][1] - line[i - 1][1]);
        if (id) counts.set(id, (counts.get(id) ?? 0) + long);
      }
    }
    const chosen = this.selected();
    if (chosen.length === 1 && counts.has(chosen[0])) return this.draft.get(chosen[0]);
    const best = [...counts].sort((a, b) => b[1] - a[1])[0];
    return best ? this.draft.get(best[0]) : null;
  }
}

export class DrawTool extends Drawing {
  constructor(place) {
    super(place, 'polygon', 3);
    this.name = 'draw';
  }

  async drawn(ring) {
    const name = make('input', { type: 'text', name: 'name', required: true, maxlength: LONGEST_NAME });
    const level = this.draft.level(this.level());
    const told = await ask({
      title: say('plan.draw_title', { level: level.name }),
      body: [field(say('plan.name'), name)],
      confirm: say('plan.draw_confirm'),
      work: () => name.value.trim() || null,
    });
    if (!told) {
      this.sketch.wipe();
      return;
    }
    const before = new Set(this.draft.of(level.key).map(({ id }) => id));
    const answer = await this.edit({ kind: 'draw', level: level.key, polygon: [ring], name: told, datum: 'wgs84' });
    if (!answer) return;
    this.sketch.wipe();
    this.select(this.draft.of(level.key).map(({ id }) => id).filter((id) => !before.has(id)));
  }
}
