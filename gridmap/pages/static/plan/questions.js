// What is asked on the way of a plan: notes, dates, a word on each warning, what to do about a conflict.

import { clockAt, figure, instantOf, make, said, say, zone } from 'gridmap/words';
import { Problem, get } from 'page/api';
import { ask, field, noteField } from 'plan/dialog';

// At once, or from a date and time of the city's clocks; gives the field and how to read it.
function dateField(chosen) {
  const now = make('input', { type: 'radio', name: 'when', value: 'now', checked: !chosen });
  const later = make('input', { type: 'radio', name: 'when', value: 'later', checked: Boolean(chosen) });
  const at = make('input', {
    type: 'datetime-local', name: 'from', value: chosen ? clockAt(new Date(chosen)) : '', 'aria-label': say('plan.from_date'),
    oninput: () => { later.checked = true; },
  });
  later.addEventListener('change', () => at.focus());
  const box = make('fieldset', { class: 'when' }, [
    make('legend', { text: say('plan.when') }),
    make('label', { class: 'choice' }, [now, make('span', { text: say('plan.when_now') })]),
    make('label', { class: 'choice' }, [later, make('span', { text: say('plan.when_later') })]),
    at, make('p', { class: 'soft', text: say('plan.zone', { zone: zone() }) }),
  ]);
  return [box, () => (later.checked && at.value ? { in_force_from: instantOf(at.value).toISOString() } : {}), () => !later.checked || Boolean(at.value)];
}

export function submission(work) {
  const { counts } = work;
  const [input, box] = noteField(say('plan.note'));
  const [when, read, complete] = dateField(null);
  return ask({
    title: say('plan.submit_title'),
    body: [
      counts.error ? make('p', { class: 'warned', text: say('plan.errors_first', { n: figure(counts.error) }) }) : null,
      counts.warning ? make('p', { class: 'soft', text: say('plan.warnings_later', { n: figure(counts.warning) }) }) : null,
      when, box,
    ].filter(Boolean),
    confirm: say('plan.do_submit'),
    work: () => (complete() ? work.lead('submit', { note: input.value, ...read() }) : null),
  });
}

// The reviewer says something about every warning of the plan's own.
export async function approval(work) {
  const { findings } = await get(`${work.path}/check`);
  const warnings = findings.filter(({ severity, inherited }) => severity === 'warning' && !inherited);
  const words = warnings.map((finding, i) => ({
    finding, input: make('input', { type: 'text', name: `word-${i}`, required: true, maxlength: 500, class: 'word' }),
  }));
  const every = make('input', { type: 'text', maxlength: 500, oninput: () => words.forEach(({ input }) => {
    if (!input.value || input.dataset.filled) {
      input.value = every.value;
      input.dataset.filled = 'yes';
    }
  }) });
  const [input, box] = noteField(say('plan.note'));
  return ask({
    title: say('plan.approve_title'),
    wide: warnings.length > 0,
    body: [
      make('p', { text: say(warnings.length ? 'plan.approve_words' : 'plan.approve_clean', { n: figure(warnings.length) }) }),
      warnings.length > 1 ? field(say('plan.word_for_all'), every) : null,
      warnings.length ? make('ol', { class: 'words' }, words.map((each) => make('li', {}, [field(said(each.finding.message), each.input)]))) : null,
      box,
    ].filter(Boolean),
    confirm: say('plan.do_approve'),
    work: () => work.lead('approve', { note: input.value, words: Object.fromEntries(words.map((each) => [each.finding.key, each.input.value])) }),
  });
}

// A conflict leaves the question and is dealt with by its own.
export function publication(work) {
  const [input, box] = noteField(say('plan.note'));
  const [when, read, complete] = dateField(work.plan.in_force_from);
  return ask({
    title: say('plan.publish_title'),
    body: [make('p', { text: say('plan.publish_what') }), when, box],
    confirm: say('plan.do_publish'),
    work: async () => {
      if (!complete()) return null;
      try {
        return await work.lead('publish', { note: input.value, ...read() });
      } catch (problem) {
        if (problem instanceof Problem && problem.status === 409 && problem.more.newest) problem.leave = true;
        throw problem;
      }
    },
  });
}

export function reason(work, key, action) {
  const [input, box] = noteField(say('plan.reason'), true);
  return ask({
    title: say(`plan.${key}_title`), body: [make('p', { text: say(`plan.${key}_what`) }), box], confirm: say(`plan.do_${key}`),
    work: () => (input.value.trim() ? work.lead(action, { note: input.value }) : null),
  });
}

export function note(work, action) {
  const [input, box] = noteField(say('plan.note'));
  return ask({
    title: say(`plan.${action}_title`), body: [make('p', { text: say(`plan.${action}_what`) }), box],
    confirm: say(`plan.do_${action}`), danger: true, work: () => work.lead(action, { note: input.value }),
  });
}

// Says which grids are in conflict, where it is known, before the plan is drawn again.
export function rebase(work, conflict) {
  const grids = conflict?.grids ?? [];
  const newest = conflict?.newest ?? work.newest;
  return ask({
    title: say(conflict ? 'plan.conflict_title' : 'plan.rebase_title'),
    body: [
      make('p', { text: say('plan.rebase_what', { newest, base: work.plan.base }) }),
      conflict ? make('p', { text: say(grids.length ? 'plan.conflict_grids' : 'plan.conflict_none', { n: figure(grids.length) }) }) : null,
      grids.length ? make('ul', { class: 'conflict' }, grids.map(({ name }) => make('li', { text: name }))) : null,
      make('p', { class: 'soft', text: say('plan.rebase_then') }),
    ].filter(Boolean),
    confirm: say('plan.do_rebase'),
    work: () => work.lead('rebase', {}),
  });
}

// Codes by the rule, for all below a grid.
export function recoding(levels, gridsOf, chosen, edit) {
  const options = levels.flatMap((level) => gridsOf(level.key).map((grid) => make('option', {
    value: String(grid.id), text: `${level.name} · ${grid.name}`, selected: grid.id === chosen,
  })));
  const under = make('select', { name: 'under' }, options);
  return ask({
    title: say('plan.recode_title'),
    body: [make('p', { text: say('plan.recode_what') }), field(say('plan.recode_under'), under)],
    confirm: say('plan.recode_confirm'),
    work: () => edit({ kind: 'recode', under: Number(under.value) }, { raise: true }),
  });
}

