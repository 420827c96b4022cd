// What the service refuses, in sentences that somebody in a street office can act on.

import { language, say } from 'gridmap/words';

const PLACE = /^-?\d+(\.\d+)?, -?\d+(\.\d+)?$/;
const HAN = /[\u3400-\u9fff]/;

function known(key, values = {}) {
  const text = say(key, values);
  return text === key ? null : text;
}

// English is what the service speaks; in Chinese the sentence is chosen by the fault's code, after the grid's name.
function sentence({ place = '', message, mend, code }) {
  if (language() === 'en') {
    const subject = place && !PLACE.test(place) && HAN.test(place) ? `${place} ` : '';
    const text = `${subject}${message}`;
    return `${text[0].toUpperCase()}${text.slice(1)}${mend ? `: ${mend}` : ''}.`;
  }
  const own = known(`plan.fault_${code}`);
  const subject = HAN.test(place) ? `${place}：` : '';
  return own ? `${subject}${own}` : `${subject}${message}${mend ? `（${mend}）` : ''}`;
}

export function sentences(problem) {
  const said = problem.faults.map(sentence);
  if (said.length) return [...new Set(said)];
  if (problem.status === 0) return [say('plan.no_answer')];
  const own = language() === 'en' ? null : known(`plan.status_${problem.status}`);
  return [own ?? problem.message];
}

// Where on the map the faults lie, as [lat, lon].
export function placesOf(problem) {
  return problem.faults.filter(({ place }) => PLACE.test(place ?? '')).map((fault) => {
    const [lon, lat] = fault.place.split(', ').map(Number);
    return { at: [lat, lon], text: sentence(fault) };
  });
}

export function has(problem, code) {
  return problem.faults.some((fault) => fault.code === code);
}
