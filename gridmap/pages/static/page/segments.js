// One choice out of a few, all in view: plain radio buttons, so that the keyboard comes free.

import { make } from 'gridmap/words';

export function segments(name, title, options, chosen, onchange) {
  return make('fieldset', { class: 'segments' }, [
    make('legend', { text: title }),
    make('div', { class: 'segment-row' }, options.map(({ key, name: text }) => make('label', {}, [
      make('input', { type: 'radio', name, value: key, checked: key === chosen, onchange: () => onchange(key) }),
      make('span', { text }),
    ]))),
  ]);
}
