// All plans, the one changed last first, and the way to a new one.

import { make, moment, say } from 'gridmap/words';
import { Problem, get } from 'page/api';
import { bar } from 'plan/address';
import { ask, field, noteField } from 'plan/dialog';
import { freshKey, write } from 'plan/work';

const OPEN = ['draft', 'submitted', 'approved'];
const LONGEST_TITLE = 200;

export class PlanList {
  constructor(place, { scheme, who }) {
    Object.assign(this, { place, scheme, who });
  }

  async show() {
    document.title = say('plan.title');
    this.place.hidden = false;
    this.frame([make('p', { class: 'soft', text: say('plan.loading') })]);
    try {
      const plans = await get('/plans', { scheme: this.scheme });
      this.frame(plans.length ? this.groups(plans) : [make('div', { class: 'empty' }, [
        make('p', { text: say('plan.list_empty') }), make('p', { class: 'soft', text: say('plan.list_empty_how') }),
      ])]);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      this.frame([make('div', { class: 'failed', role: 'alert' }, [
        make('p', { text: say('page.failed', { what: problem.message }) }),
        make('button', { type: 'button', class: 'quiet', text: say('page.retry'), onclick: () => this.show() }),
      ])]);
    }
  }

  frame(content) {
    this.place.replaceChildren(
      make('div', { class: 'list-head' }, [
        make('h1', { text: say('plan.list') }),
        make('button', { type: 'button', class: 'primary', id: 'open-plan', text: say('plan.open'), onclick: () => this.open() }),
      ]),
      ...content,
    );
  }

  groups(plans) {
    const open = plans.filter(({ state }) => OPEN.includes(state));
    const done = plans.filter(({ state }) => !OPEN.includes(state));
    return [[open, 'plan.list_open'], [done, 'plan.list_done']].filter(([found]) => found.length).map(([found, title]) => make('section', {}, [
      make('h2', { text: say(title) }), make('ul', { class: 'plans' }, found.map((plan) => make('li', {}, [this.card(plan)]))),
    ]));
  }

  card(plan) {
    return make('a', { class: 'plan-card', href: bar.text(null, { plan: String(plan.id) }) }, [
      make('span', { class: 'card-top' }, [
        make('strong', { text: plan.title }), make('span', { class: `state ${plan.state}`, text: say(`plan.state_${plan.state}`) }),
      ]),
      plan.note ? make('span', { class: 'card-note', text: plan.note }) : null,
      make('span', { class: 'soft', text: [
        say('plan.by', { name: plan.author }), say('plan.on_base', { base: plan.base }),
        plan.in_force_from ? say('plan.from_when', { time: moment(plan.in_force_from) }) : say('plan.changed_when', { time: moment(plan.changed_at) }),
      ].join(' · ') }),
    ]);
  }

  async open() {
    if (!await this.who.known()) return;
    const title = make('input', { type: 'text', name: 'title', required: true, maxlength: LONGEST_TITLE });
    const [note, box] = noteField(say('plan.open_note'));
    const key = freshKey();
    const made = await ask({
      title: say('plan.open_title'),
      body: [make('p', { text: say('plan.open_what') }), field(say('plan.open_name'), title), box],
      confirm: say('plan.open_confirm'),
      // Another text is another request; the key guards one that is sent twice.
      work: () => (title.value.trim() ? write('/plans', { title: title.value, note: note.value, scheme: this.scheme }, this.who, `${key}-${title.value.length}-${note.value.length}`) : null),
    });
    if (made) window.location.assign(bar.text(null, { plan: String(made.id) }));
  }
}
