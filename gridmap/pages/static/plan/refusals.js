// What happens when the service says no: nothing is lost, the reason is said near the map, and the way on is offered.

import { say } from 'gridmap/words';
import { Problem } from 'page/api';
import { has, placesOf, sentences } from 'plan/wording';

export class Refusals {
  constructor(place) {
    this.place = place;
  }

  tell(problem, actions = []) {
    if (!(problem instanceof Problem)) throw problem;
    this.place.notice.say(sentences(problem), { kind: 'error', actions, places: placesOf(problem) });
  }

  async edit(problem, edit) {
    const { place } = this;
    if (problem.status === 409 && 'head' in problem.more) {
      await place.reload();
      place.notice.say([say('plan.moved_on')], { kind: 'error' });
    } else if (problem.status === 409) {
      await place.reload();
      this.tell(problem);
    } else if (edit && has(problem, 'cuts_children')) {
      this.tell(problem, [{ text: say('plan.cut_too'), act: () => this.again({ ...edit, cut_children: true }) }]);
    } else if (problem.again) {
      this.tell(problem, [{ text: say('page.retry'), act: () => this.resend(problem, edit) }]);
    } else {
      this.tell(problem);
    }
  }

  // What was drawn and waited for leave is on record now, and need not stay in view as a sketch.
  async again(edit) {
    if (await this.place.edit(edit)) this.place.sketch.wipe();
  }

  async resend(problem, edit) {
    try {
      this.place.drawn(await problem.again());
      this.place.sketch.wipe();
    } catch (again) {
      again.again ??= problem.again;
      await this.edit(again, edit);
    }
  }

  // Refuses to touch what this planner has locked.
  locked(ids) {
    const names = ids.filter((id) => this.place.locks.ids.has(id)).map((id) => this.place.draft.get(id)?.name);
    if (names.length) this.place.notice.say([say('plan.is_locked', { name: names.join(say('plan.comma')) })], { kind: 'error' });
    return names.length > 0;
  }
}
