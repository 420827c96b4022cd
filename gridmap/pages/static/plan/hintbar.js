// One line over the map: what the tool in hand does next, with buttons for what the keys do.

import { make } from 'gridmap/words';

export function hintbar(box) {
  return (text, buttons = []) => {
    box.hidden = !text;
    box.replaceChildren(
      make('span', { text }),
      ...buttons.map(({ text: name, key, act, disabled }) => make('button', {
        type: 'button', class: 'hint-button', onclick: act, disabled: Boolean(disabled),
      }, [make('span', { text: name }), make('kbd', { text: key, 'aria-hidden': 'true' })])),
    );
  };
}
