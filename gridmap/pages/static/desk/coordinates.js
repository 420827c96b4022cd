// Reads coordinates that somebody typed or pasted. Which is longitude is seen from the figures where that is
// certain; which datum it is can never be seen, and is asked.

const PAIR = /^\s*[[(（]?\s*(?:lng|lon|经度|东经|e)?[:：=]?\s*(-?\d{1,8}(?:\.\d+)?)\s*°?\s*(?:e|东经)?\s*[,，;；\s]\s*(?:lat|纬度|北纬|n)?[:：=]?\s*(-?\d{1,8}(?:\.\d+)?)\s*°?\s*(?:n|北纬)?\s*[\])）]?\s*$/i;

export const DATUMS = ['wgs84', 'cgcs2000', 'gcj02', 'bd09'];

export function coordinates(text) {
  const match = PAIR.exec(text);
  if (!match) return null;
  const [a, b] = [Number(match[1]), Number(match[2])];
  const swapped = Math.abs(a) <= 90 && Math.abs(b) > 90 && Math.abs(b) <= 180;
  const [x, y] = swapped ? [b, a] : [a, b];
  return { x, y, projected: Math.abs(x) > 180 || Math.abs(y) > 90 };
}
