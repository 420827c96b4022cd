// Questions that stand before the page: what is typed stays while the service refuses it, and is said there.

import { make, say } from 'gridmap/words';
import { Problem } from 'page/api';
import { sentences } from 'plan/wording';

let count = 0;

export function field(title, input, note = null) {
  count += 1;
  input.id ||= `field-${count}`;
  return make('div', { class: 'field' }, [
    make('label', { for: input.id, text: title }), input, note ? make('p', { class: 'soft', text: note }) : null,
  ]);
}

export function noteField(title, required = false) {
  const input = make('textarea', { name: 'note', rows: 3, maxlength: 2000, required });
  return [input, field(title, input)];
}

// Asks, and gives what `work` makes of the answer; null where nobody answered. `work` may refuse by a Problem, which
// is shown, or by null, which leaves the question open.
export function ask({ title, body, confirm, work, danger = false, wide = false }) {
  const opener = document.activeElement;
  return new Promise((resolve) => {
    const faults = make('div', { class: 'dialog-faults', role: 'alert' });
    const yes = make('button', { type: 'submit', class: danger ? 'primary danger' : 'primary', text: confirm });
    const no = make('button', { type: 'button', class: 'quiet', text: say('plan.cancel'), onclick: () => dialog.close() });
    const form = make('form', { method: 'dialog' }, [
      make('h2', { text: title }), make('div', { class: 'dialog-body' }, body), faults,
      make('div', { class: 'dialog-end' }, [no, yes]),
    ]);
    const dialog = make('dialog', { class: wide ? 'dialog wide' : 'dialog', 'aria-label': title }, [form]);
    let answer = null;
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      yes.disabled = true;
      faults.replaceChildren();
      try {
        answer = await work(form);
        if (answer !== null) dialog.close();
      } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        if (problem.leave) {
          answer = problem;
          dialog.close();
          return;
        }
        faults.replaceChildren(...sentences(problem).map((text) => make('p', { text })));
      } finally {
        yes.disabled = false;
      }
    });
    dialog.addEventListener('close', () => {
      dialog.remove();
      if (opener?.isConnected) opener.focus?.();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
    form.querySelector('input:not([type=radio]):not([type=datetime-local]), input:checked, textarea, select')?.focus();
  });
}
