// Starts a Folium map: reads the data that the page holds, draws it, and puts up title, search, switches, legend.

import { gridCard, placeCard } from 'gridmap/card';
import { finder } from 'gridmap/find';
import { classesBody, heatBody, legend } from 'gridmap/legend';
import { foldable, layerSwitch, levelSwitch } from 'gridmap/panel';
import { Scene } from 'gridmap/scene';
import { figure, make, say, speak } from 'gridmap/words';

const POINTS = ['shop', 'firm', 'camera', 'component'];
const ORDER = ['building', 'shop', 'firm', 'compound', 'camera', 'component', 'road', 'green', 'water'];

export function start(id) {
  const block = document.getElementById(id);
  const data = JSON.parse(block.textContent);
  const map = window[block.dataset.map];
  speak(data.words, data.lang);
  const scene = new Scene(map, data.bounds);
  scene.setLevels(data.levels);
  const hidden = new Set(data.show === 'overview' ? ['camera', 'component', 'firm'] : POINTS);
  scene.change({ level: data.figures?.level ?? data.level, hidden });
  for (const [kind, features] of Object.entries(data.places)) scene.addPlaces(kind, features);
  if (data.figures) scene.setFigures(data.figures);
  if (data.heat) scene.setHeat(data.heat);
  frame(map, data, scene);
  fit(map, data);
  clicks(map, data, scene);
  if (data.heat?.url && data.heat.ceiling === null) scale(map, data);
  map.getContainer().dataset.ready = 'yes';
}

function fit(map, { bounds: [west, south, east, north] }) {
  const narrow = window.innerWidth < 700;
  map.fitBounds([[south, west], [north, east]], narrow
    ? { paddingTopLeft: [16, 150], paddingBottomRight: [16, 60], animate: false }
    : { paddingTopLeft: [24, 24], paddingBottomRight: [24, 48], animate: false });
}

function frame(map, data, scene) {
  const narrow = window.innerWidth < 700;
  const box = map.getContainer();
  const kinds = ORDER.filter((kind) => data.places[kind]).map((kind) => ({ kind, name: data.kinds[kind] ?? kind }));
  const corner = make('div', { class: 'gm-corner gm-top-left' }, [titleBlock(data), search(map, data, scene)]);
  const switches = [
    data.figures || !data.levels.length ? null : levelSwitch(data.levels, scene.state.level, (level) => scene.change({ level })),
    layerSwitch(kinds, scene.state.hidden, (kind, on) => scene.toggle(kind, on)),
  ].filter(Boolean);
  const right = make('div', { class: 'gm-corner gm-top-right' }, switches.length ? [foldable(say('map.switches'), switches, !narrow)] : []);
  const shown = legendOf(data);
  const left = make('div', { class: 'gm-corner gm-bottom-left' }, shown ? [foldable(say('map.legend'), [shown], !narrow)] : []);
  for (const part of [corner, right, left]) {
    L.DomEvent.disableClickPropagation(part);
    L.DomEvent.disableScrollPropagation(part);
    box.append(part);
  }
  L.control.zoom({ position: 'bottomright', zoomInTitle: say('map.zoom_in'), zoomOutTitle: say('map.zoom_out') }).addTo(map);
  L.control.scale({ position: 'bottomright', imperial: false, maxWidth: 120 }).addTo(map);
  box.append(make('p', { class: 'gm-credit', text: credit(data) }));
}

function credit({ invented, city }) {
  return invented ? say('map.credit_invented') : say('map.credit', { city });
}

function titleBlock(data) {
  const facts = [[say('map.period'), data.period], [say('map.source'), data.source], [say('map.generation'), data.generation]];
  return make('header', { class: 'gm-title' }, [
    make('p', { class: 'gm-city' }, [
      make('span', { text: data.city }),
      data.invented ? make('span', { class: 'gm-badge', text: say('map.invented') }) : null,
    ]),
    make('h1', { text: data.title }),
    make('dl', { class: 'gm-facts' }, facts.filter(([, value]) => value).flatMap(([name, value]) => [
      make('dt', { text: name }), make('dd', { text: value }),
    ])),
  ]);
}

function legendOf(data) {
  const shared = { period: data.period, source: data.source };
  if (data.figures) {
    const { title, unit, none } = data.figures;
    return legend({ ...shared, title, unit, none, body: classesBody(data.figures) });
  }
  if (data.heat) {
    return legend({ ...shared, title: say('map.heat_title'), unit: say('map.per_hectare'), body: heatBody(data.heat) });
  }
  return null;
}

// Served tiles have one scale per zoom: the legend follows it.
function scale(map, data) {
  const url = data.heat.url.replace('/{z}/{x}/{y}.png', '/scale');
  const follow = async () => {
    const answer = await fetch(`${url}${url.includes('?') ? '&' : '?'}zoom=${Math.round(map.getZoom())}`);
    if (!answer.ok) return;
    const { ceiling } = await answer.json();
    map.getContainer().querySelector('.gm-legend')?.replaceWith(legendOf({ ...data, heat: { ...data.heat, ceiling } }));
  };
  map.on('zoomend', follow);
  follow();
}

function search(map, data, scene) {
  const entries = [
    ...scene.state.levels.flatMap((level) => level.grids),
    ...Object.values(scene.state.places).flat(),
  ].filter((feature) => feature.name);
  const names = Object.fromEntries(data.levels.map((level) => [level.key, level.name]));
  const kindName = (feature) => (feature.kind === 'grid' ? names[feature.level] : data.kinds[feature.kind]);
  return finder(entries, kindName, (feature) => {
    const latlng = scene.space.back(feature.at[0], feature.at[1]);
    if (feature.kind === 'grid') {
      scene.change({ level: data.figures ? scene.state.level : feature.level });
      scene.select(scene.chain(feature.id).map((grid) => grid.id));
      map.fitBounds(scene.boundsOf([feature]), { maxZoom: 18, padding: [80, 80] });
    } else {
      scene.toggle(feature.kind, true);
      map.setView(latlng, Math.max(map.getZoom(), 18));
    }
    popup(map, latlng, card(data, scene, feature, latlng));
  });
}

function popup(map, latlng, content) {
  L.popup({ maxWidth: 300, minWidth: 220, autoPanPadding: [24, 24] }).setLatLng(latlng).setContent(content).openOn(map);
}

function card(data, scene, feature, latlng) {
  const names = Object.fromEntries(data.levels.map((level) => [level.key, level.name]));
  const desk = data.desk ? `${data.desk}?lon=${latlng.lng.toFixed(7)}&lat=${latlng.lat.toFixed(7)}&datum=wgs84` : null;
  const path = (grids) => grids.map((grid) => grid.name).join(' › ');
  if (feature.kind === 'grid') {
    const value = data.figures?.values[feature.id];
    const extra = value === undefined ? [] : [[data.figures.title, `${figure(value, 1)} ${data.figures.unit}`]];
    return gridCard(feature, {
      levelName: names[feature.level], chain: path(scene.chain(feature.id).slice(0, -1)), desk, extra,
    });
  }
  const finest = data.levels[data.levels.length - 1]?.key;
  const grid = scene.gridAt(latlng, finest);
  return placeCard(feature, { kindName: data.kinds[feature.kind], chain: grid ? path(scene.chain(grid.id)) : '', desk });
}

function clicks(map, data, scene) {
  map.on('click', ({ latlng, originalEvent }) => {
    const touch = originalEvent.pointerType === 'touch';
    const place = data.figures ? null : scene.placeAt(latlng, touch);
    const small = place && !['road', 'green', 'water', 'compound'].includes(place.kind);
    const grid = scene.gridAt(latlng);
    scene.select(grid ? scene.chain(grid.id).map((one) => one.id) : []);
    const feature = small ? place : (grid ?? place);
    if (feature) popup(map, latlng, card(data, scene, feature, latlng));
  });
  map.on('popupclose', () => scene.select([]));
}
