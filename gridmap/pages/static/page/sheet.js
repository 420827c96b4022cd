// On a phone the panel is a sheet over the map's lower edge; its grip folds and unfolds it.

const NARROW = '(max-width: 759px)';

export function sheet(box, grip) {
  const narrow = () => window.matchMedia(NARROW).matches;
  const set = (open) => {
    box.classList.toggle('folded', !open);
    grip.setAttribute('aria-expanded', String(open));
  };
  grip.addEventListener('click', () => set(box.classList.contains('folded')));
  set(!narrow());
  return {
    rise: () => set(true),
    covers: () => (narrow() ? { top: 112, bottom: box.offsetHeight } : { top: 0, bottom: 0 }),
    padding: (space = 24) => (narrow()
      ? { paddingTopLeft: [16, 120], paddingBottomRight: [16, 90] }
      : { padding: [space, space] }),
  };
}
