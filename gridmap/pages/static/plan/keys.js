// The keys that every tool has: Enter ends, Escape lets go, Space does what a click in the middle of the map does.

const WRITING = 'input:not([type=radio]):not([type=checkbox]), select, textarea, dialog';

export function keys(place) {
  const map = place.map.getContainer();
  // The cross in the middle is for those who work by keys; a pointer needs none.
  document.addEventListener('keydown', () => map.classList.add('by-keys'));
  map.addEventListener('pointermove', () => map.classList.remove('by-keys'));
  document.addEventListener('keydown', (event) => {
    if (event.target.closest?.(WRITING) || document.querySelector('dialog[open]') || event.ctrlKey || event.metaKey || event.altKey) return;
    const onMap = event.target === map || event.target === document.body;
    const act = action(place, event, onMap);
    if (!act) return;
    event.preventDefault();
    act();
  });
}

function action(place, { key }, onMap) {
  const { tool } = place;
  if (key === 'Escape') return () => letGo(place);
  if (key === 'Enter' && onMap && tool.enter) return () => tool.enter();
  if (key === ' ' && onMap) return () => (tool.space ? tool.space() : tool.click?.(place.map.getCenter(), null));
  if (key === 'Backspace' && onMap && tool.back) return () => tool.back();
  if (key === 'F2' && place.chosen.length === 1) return () => place.table.rename(place.chosen[0]);
  if (key === 'Delete' && onMap && place.work.drawable) return () => place.card.retire();
  if (/^[1-9]$/.test(key) && tool.digit) return () => tool.digit(Number(key));
  return null;
}

function letGo(place) {
  place.notice.clear();
  if (place.tool.escape?.()) return;
  if (place.chosen.length) place.select([]);
  else place.hold('select');
}
