// Who works here. There is no sign-in: the name is asked for once, kept by this browser, and goes with every write.

import { make, say } from 'gridmap/words';
import { ask, field } from 'plan/dialog';

const KEY = 'gridmap.user';
const LONGEST = 80;

export class Who {
  constructor() {
    this.listeners = [];
  }

  get name() {
    try {
      return window.localStorage.getItem(KEY) ?? '';
    } catch {
      // A browser that keeps nothing knows the name until the page is left.
      return this.kept ?? '';
    }
  }

  set name(name) {
    this.kept = name;
    try {
      window.localStorage.setItem(KEY, name);
    } catch {
      // As above.
    }
    this.listeners.forEach((listener) => listener(name));
  }

  onchange(listener) {
    this.listeners.push(listener);
  }

  headers() {
    return { 'Gridmap-User': encodeURIComponent(this.name) };
  }

  // Makes sure that there is a name; asks for one where there is none.
  async known() {
    return Boolean(this.name) || Boolean(await this.ask());
  }

  async ask() {
    const input = make('input', {
      name: 'name', type: 'text', required: true, maxlength: LONGEST, value: this.name, autocomplete: 'name',
    });
    const answer = await ask({
      title: say('plan.who_title'),
      body: [make('p', { text: say('plan.who_why') }), field(say('plan.who_name'), input)],
      confirm: say('plan.who_confirm'),
      work: () => input.value.trim() || null,
    });
    if (answer) this.name = answer;
    return answer;
  }
}
