// What stands at the head of every page: the other language, and which city this is.

import { make, say } from 'gridmap/words';

export function languages(place, lang, address) {
  place.replaceChildren(...[['zh', '中文'], ['en', 'English']].map(([key, text]) => make('a', {
    href: address(key), lang: key === 'zh' ? 'zh-CN' : 'en', text, 'aria-current': key === lang ? 'true' : null,
  })));
}

export function cityCard(place, { city, invented }) {
  const badge = invented ? [make('span', { class: 'gm-badge', text: say('map.invented') })] : [];
  place.replaceChildren(make('span', { text: city }), ...badge);
}
