// The head of a plan: what it is, where it stands, and the one thing that is to be done next.

import { make, moment, say } from 'gridmap/words';
import { approval, note, publication, rebase, reason, submission } from 'plan/questions';

export class Life {
  constructor({ head, next, history }, place) {
    Object.assign(this, { head, next, history }, place);
    this.who.onchange(() => this.show());
  }

  show() {
    const { plan, newest } = this.work;
    document.title = `${plan.title} · ${say('page.plans')}`;
    const facts = [
      say('plan.on_base', { base: plan.base }), say('plan.by', { name: plan.author }),
      plan.in_force_from ? say('plan.from_when', { time: moment(plan.in_force_from) }) : null,
    ].filter(Boolean);
    this.head.replaceChildren(
      make('h1', { text: plan.title, title: plan.note || null }),
      make('span', { class: `state ${plan.state}`, text: say(`plan.state_${plan.state}`) }),
      make('span', { class: 'facts', title: facts.join(' · ') }, facts.map((text) => make('span', { text }))),
      newest !== null && newest !== plan.base && ['draft', 'submitted', 'approved'].includes(plan.state)
        ? make('button', { type: 'button', class: 'newer', text: say('plan.newer', { newest }), onclick: () => this.rebase() }) : '',
    );
    this.next.replaceChildren(...this.others(), this.one());
    this.steps();
  }

  // What is to be done next, and by whom.
  one() {
    const { plan, mine, counts } = this.work;
    const button = (key, act, more = {}) => make('button', { type: 'button', class: 'primary', id: 'next', text: say(`plan.do_${key}`), onclick: act, ...more });
    switch (plan.state) {
      case 'draft': return button('submit', () => this.submit(), { title: counts.error ? say('plan.errors_first', { n: counts.error }) : null });
      case 'submitted': return mine
        ? make('button', { type: 'button', class: 'primary waiting', id: 'next', text: say('plan.do_wait'), title: say('plan.wait_why'), onclick: () => this.who.ask() })
        : button('approve', () => this.approve());
      case 'approved': return button('publish', () => this.publish());
      case 'published': return this.future ? button('cancel', () => this.cancel(), { class: 'primary danger' }) : button('list', () => this.list());
      default: return button('list', () => this.list());
    }
  }

  get future() {
    const { in_force_from: from } = this.work.plan;
    return Boolean(from) && new Date(from) > new Date();
  }

  // What else may be done, behind one button.
  others() {
    const { state } = this.work.plan;
    const acts = [
      ['submitted', 'approved'].includes(state) ? ['send_back', () => this.sendBack()] : null,
      ['draft', 'submitted', 'approved'].includes(state) ? ['withdraw', () => this.withdraw()] : null,
      ['draft'].includes(state) ? ['recode', () => this.recode()] : null,
    ].filter(Boolean);
    if (!acts.length) return [];
    const list = make('div', { class: 'menu-list' }, acts.map(([key, act]) => make('button', {
      type: 'button', text: say(`plan.do_${key}`), onclick: () => { menu.open = false; act(); },
    })));
    const menu = make('details', { class: 'menu' }, [make('summary', { text: say('plan.more'), 'aria-label': say('plan.more_actions') }), list]);
    menu.addEventListener('keydown', (event) => { if (event.key === 'Escape') menu.open = false; });
    menu.addEventListener('focusout', ({ relatedTarget }) => { if (relatedTarget && !menu.contains(relatedTarget)) menu.open = false; });
    return [menu];
  }

  async lead(question, done) {
    if (!await this.who.known()) return;
    const told = await question(this.work);
    if (told && !(told instanceof Error)) {
      this.notice.say([say(done)]);
      this.led();
    }
    return told;
  }

  submit() {
    return this.lead(submission, 'plan.done_submit');
  }

  approve() {
    return this.lead(approval, 'plan.done_approve');
  }

  async publish() {
    const told = await this.lead(publication, 'plan.done_publish');
    if (told instanceof Error) await this.rebase(told.more);
  }

  sendBack() {
    return this.lead((work) => reason(work, 'send_back', 'send-back'), 'plan.done_send_back');
  }

  withdraw() {
    return this.lead((work) => note(work, 'withdraw'), 'plan.done_withdraw');
  }

  cancel() {
    return this.lead((work) => note(work, 'cancel'), 'plan.done_cancel');
  }

  // Draws the plan again on the newest lines; what no longer applies is listed.
  async rebase(conflict = null) {
    if (!await this.who.known()) return;
    const told = await rebase(this.work, conflict);
    if (!told) return;
    await this.redrawn();
    const dropped = told.dropped.map(({ kind, reason: why }) => say('plan.dropped', { kind: say(`plan.kind_${kind}`), why }));
    this.notice.say([say(dropped.length ? 'plan.rebased_dropped' : 'plan.rebased', { base: told.plan.base, n: dropped.length }), ...dropped], { kind: dropped.length ? 'error' : 'note' });
  }

  steps() {
    const { steps } = this.work;
    const listed = steps.filter(({ action }) => !['undo', 'redo'].includes(action)).reverse();
    this.history.replaceChildren(make('ol', { class: 'steps' }, listed.map(({ action, actor, at, note: said, data }) => make('li', {}, [
      make('span', { class: 'step-what' }, [make('strong', { text: say(`plan.step_${action}`) }), make('span', { text: actor })]),
      make('time', { class: 'soft', datetime: at, text: moment(at) }),
      said ? make('p', { text: said }) : null,
      ...Object.values(data?.words ?? {}).filter(Boolean).slice(0, 20).map((text) => make('p', { class: 'soft', text: `“${text}”` })),
    ]))));
  }
}
