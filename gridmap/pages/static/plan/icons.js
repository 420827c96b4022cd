// The signs of the tools, drawn on a square of 24.

const PATHS = {
  select: 'M6 3l12 9.5-5.4.8 3.2 6-2.4 1.2-3.1-6.1L6 18z',
  draw: 'M5 17L9 6l8-1 3 8-6 6zM5 17h.01M9 6h.01M17 5h.01M20 13h.01M14 19h.01',
  split: 'M4 5h16v14H4zM15 3L9 21',
  border: 'M4 5h16v14H4zM12 5c0 3 4 4 4 7s-4 4-4 7M16 12h.01',
  merge: 'M4 5h16v14H4zM12 5v3M12 16v3M7 12h10M9.5 9.5L7 12l2.5 2.5M14.5 9.5L17 12l-2.5 2.5',
  paint: 'M4 20c3 0 5-1 5-4l3 3c-1 2-4 3-8 1zM9.5 15.5L18 4l3 2-8.5 12z',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  undo: 'M4 9h10a5 5 0 0 1 0 10H8M4 9l4-4M4 9l4 4',
  redo: 'M20 9H10a5 5 0 0 0 0 10h6M20 9l-4-4M20 9l-4 4',
  compare: 'M12 3v18M4 6h5v12H4zM15 6h5v12h-5z',
};
const SPACE = 'http://www.w3.org/2000/svg';

export function icon(name) {
  const svg = document.createElementNS(SPACE, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', 'icon');
  const path = document.createElementNS(SPACE, 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}
