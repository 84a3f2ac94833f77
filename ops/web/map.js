// The map below the aircraft: plain ground or tiles, mosaics, plan, tracks and finds.

import {isFaint} from './finds.js';
import {featuresOf, MARKED} from './flights.js';
import {boundsOf, ellipseRing, nearFirst, positionsOf} from './geo.js';
import {isAircraft} from './traffic.js';

const EMPTY = {type: 'FeatureCollection', features: []};
const SOURCES = ['grid', 'searches', 'volumes', 'plan', 'recorded', 'tracks', 'finds'];
const UNANSWERED_MS = 3000;
const FAR_M = 30_000;
const FLOWN = ['transit', 'lane'];
const ASIDE = 0.16;
const HIT_PX = 5;
/** By what people decided of it. */
const MANY_FINDS = 500;
const MANY_FINDS_MS = 1000;
const FIND = ['match', ['get', 'state'], 'confirmed', '#6fe08c', 'dismissed', '#77838c', '#ff5d5d'];
const role = (...names) => ['in', ['get', 'role'], ['literal', names]];

/** What the list of layers switches, each with the map layers it stands for. */
export const GROUPS = [
  {id: 'plan', name: 'Plan', layers: [
    'area-fill', 'exclusion-fill', 'area', 'exclusion', 'transit', 'lane', 'stay', 'plan-point']},
  {id: 'fence', name: 'Fence', layers: ['fence']},
  {id: 'volumes', name: 'Volumes', layers: ['contingency', 'geography']},
  {id: 'searches', name: 'Search map', layers: ['search-fill', 'search-line', 'last-seen']},
  {id: 'tracks', name: 'Tracks', layers: ['recorded', 'tracks']},
  {id: 'traffic', name: 'Traffic', layers: []},
  {id: 'finds', name: 'Finds', layers: ['find-faint', 'find-fill', 'find-line', 'find-path', 'find']},
  {id: 'scenes', name: 'Mosaics', layers: []},
  {id: 'grid', name: 'Grid', layers: ['grid']},
];

const line = (id, source, paint, filter, layout = {}) => ({
  id, source, type: 'line', paint, layout: {'line-join': 'round', ...layout}, ...(filter && {filter})});

const LAYERS = [
  line('grid', 'grid', {'line-color': ['match', ['get', 'weight'], 'major', '#33434f', '#212c35'], 'line-width': 1}),
  {id: 'search-fill', source: 'searches', type: 'fill', filter: role('search-contour'),
    paint: {'fill-color': '#ff9f5a', 'fill-opacity': 0.13}},
  line('search-line', 'searches', {'line-color': '#ffb98a', 'line-opacity': 0.85,
    'line-width': ['case', ['<=', ['get', 'share'], 0.5], 2, 1]}, role('search-contour')),
  {id: 'area-fill', source: 'plan', type: 'fill', filter: role('area'),
    paint: {'fill-color': '#7aa7ff', 'fill-opacity': 0.09}},
  {id: 'exclusion-fill', source: 'plan', type: 'fill', filter: role('exclusion'),
    paint: {'fill-color': '#ff5d5d', 'fill-opacity': 0.18}},
  line('contingency', 'volumes', {'line-color': '#8fb8c4', 'line-width': 1, 'line-opacity': 0.7,
    'line-dasharray': [2, 3]}, role('contingency_volume')),
  line('geography', 'volumes', {'line-color': '#8fb8c4', 'line-width': 1, 'line-opacity': 0.75},
    role('flight_geography')),
  line('fence', 'plan', {'line-color': '#ffb454', 'line-width': 1.5, 'line-dasharray': [4, 3]}, role('fence')),
  line('exclusion', 'plan', {'line-color': '#ff5d5d', 'line-width': 1.5}, role('exclusion')),
  line('area', 'plan', {'line-color': '#7aa7ff', 'line-width': 2}, role('area')),
  line('transit', 'plan', {'line-color': ['get', 'colour'], 'line-width': 1, 'line-dasharray': [3, 3]}, role('transit')),
  line('lane', 'plan', {'line-color': ['get', 'colour'], 'line-width': 1.8}, role('lane'), {'line-cap': 'round'}),
  line('recorded', 'recorded', {'line-color': '#f2b8d8', 'line-width': 1.8, 'line-opacity': 0.85}),
  line('tracks', 'tracks', {'line-color': ['get', 'colour'], 'line-width': 2.6, 'line-opacity': 0.9}, null,
    {'line-cap': 'round'}),
  {id: 'find-faint', source: 'finds', type: 'circle', filter: role('faint find'),
    paint: {'circle-radius': 2.5, 'circle-color': FIND, 'circle-opacity': ['case', ['get', 'faint'], 0.25, 0.75]}},
  {id: 'find-fill', source: 'finds', type: 'fill', filter: role('ellipse'),
    paint: {'fill-color': FIND, 'fill-opacity': 0.2}},
  line('find-line', 'finds', {'line-color': FIND, 'line-width': 1.5}, role('ellipse')),
  line('find-path', 'finds', {'line-color': FIND, 'line-width': 2, 'line-dasharray': [2, 1.5]}, role('find path')),
  {id: 'find', source: 'finds', type: 'circle', filter: role('find'),
    paint: {'circle-radius': 5, 'circle-color': FIND, 'circle-stroke-color': '#fff', 'circle-stroke-width': 1.5}},
  {id: 'last-seen', source: 'searches', type: 'circle', filter: role('last-seen'),
    paint: {'circle-radius': 7, 'circle-opacity': 0, 'circle-stroke-color': '#ff9f5a', 'circle-stroke-width': 3}},
  {id: 'stay', source: 'plan', type: 'circle', filter: role('stay'),
    paint: {
      'circle-radius': 3.5, 'circle-color': '#10171d', 'circle-stroke-color': '#e8eef3', 'circle-stroke-width': 1.5}},
  {id: 'plan-point', source: 'plan', type: 'circle', filter: role('take_off', 'rally'),
    paint: {
      'circle-radius': 6,
      'circle-color': ['match', ['get', 'role'], 'take_off', '#10171d', '#95e06c'],
      'circle-stroke-color': '#fff', 'circle-stroke-width': 2}},
];

/** A GeoJSON source that is never updated again before it answered: else the map's memory grows without end. */
class Gated {
  #map;
  #id;
  #next = null;
  #sentAtMs = null;

  constructor(map, id) {
    this.#map = map;
    this.#id = id;
    map.on('data', (event) => {
      if (event.sourceId === id && event.sourceDataType === 'content') this.#answered();
    });
  }

  set(features) {
    this.#next = {type: 'FeatureCollection', features};
    if (this.#sentAtMs === null || performance.now() - this.#sentAtMs > UNANSWERED_MS) this.#send();
  }

  #send() {
    const data = this.#next;
    this.#next = null;
    this.#sentAtMs = performance.now();
    this.#map.getSource(this.#id).setData(data);
  }

  #answered() {
    this.#sentAtMs = null;
    if (this.#next) this.#send();
  }
}

function style(tilesUrl) {
  const ground = [{id: 'ground', type: 'background', paint: {'background-color': '#10171d'}}];
  const sources = Object.fromEntries(SOURCES.map((id) => [id, {type: 'geojson', data: EMPTY}]));
  if (tilesUrl) {
    sources.tiles = {type: 'raster', tiles: [tilesUrl], tileSize: 256, maxzoom: 19};
    ground.push({id: 'tiles', type: 'raster', source: 'tiles', paint: {'raster-brightness-max': 0.75}});
  }
  return {version: 8, sources, layers: [...ground, ...LAYERS]};
}

export class GroundMap {
  #sources;
  #scenes = new Map();
  #hidden = new Set();

  /** Resolves once the map can be drawn on. */
  static async create(container, tilesUrl) {
    const map = new maplibregl.Map({
      container,
      style: style(tilesUrl),
      center: [5.3, 52.1],
      zoom: 7,
      maxZoom: 22,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: 0,
      maxPitch: 0,
    });
    map.touchZoomRotate.disableRotation();
    map.keyboard.disableRotation();
    map.addControl(new maplibregl.NavigationControl({showCompass: false}), 'top-left');
    map.addControl(new maplibregl.ScaleControl({maxWidth: 160, unit: 'metric'}), 'bottom-left');
    await map.once('load');
    return new GroundMap(map);
  }

  constructor(map) {
    this.map = map;
    this.#sources = Object.fromEntries(SOURCES.map((id) => [id, new Gated(map, id)]));
  }

  drawGrid(features) {
    this.#sources.grid.set(features);
  }

  drawPlans(plans) {
    this.#sources.plan.set(plans.flatMap(featuresOf));
  }

  /** Draw where aircraft are meant to be, and where they may stray to. */
  drawVolumes(collection) {
    this.#sources.volumes.set(collection.features);
  }

  /** Draw all flights but one faintly, of so many; null for none. */
  selectFlight(key, others) {
    // Very many lie on one another: faint ones would add up.
    const aside = others > MARKED ? 0 : ASIDE;
    const opacity = key === null ? 1 : ['match', ['get', 'key'], key, 1, aside];
    for (const id of FLOWN) this.map.setPaintProperty(id, 'line-opacity', opacity);
  }

  /** The key of the flight drawn at a point of the screen, or null. */
  flightAt({x, y}) {
    if (!this.shows('plan')) return null;
    const box = [[x - HIT_PX, y - HIT_PX], [x + HIT_PX, y + HIT_PX]];
    const [first] = this.map.queryRenderedFeatures(box, {layers: [...FLOWN].reverse()});
    return first?.properties.key || null;
  }

  drawTracks(tracks, colour) {
    this.#sources.tracks.set([...tracks].map(([key, points]) => track(points, {colour: colour(key)})));
  }

  drawRecorded(tracks) {
    this.#sources.recorded.set(tracks.map((each) => track(each.points, {})));
  }

  #findsTimer = null;
  #findsAtMs = -Infinity;

  /** Draw all finds, the foremost with their ellipses and ways; very many no more often than each second. */
  drawFinds(finds, foremost) {
    clearTimeout(this.#findsTimer);
    const waitMs = finds.length < MANY_FINDS ? 0 : this.#findsAtMs + MANY_FINDS_MS - performance.now();
    if (waitMs > 0) this.#findsTimer = setTimeout(() => this.#drawFindsNow(finds, foremost), waitMs);
    else this.#drawFindsNow(finds, foremost);
  }

  #drawFindsNow(finds, foremost) {
    this.#findsAtMs = performance.now();
    const first = new Set(foremost);
    this.#sources.finds.set(finds.flatMap((find) => {
      const place = [find.lon_deg, find.lat_deg];
      const {state} = find;
      const point = feature(first.has(find) ? 'find' : 'faint find', 'Point', place, {state, faint: isFaint(find)});
      if (!find.ellipse95 || !first.has(find)) return [point];
      const way = (find.properties.path ?? []).map((each) => [each.lon_deg, each.lat_deg]);
      const path = way.length > 1 ? [feature('find path', 'LineString', way, {state})] : [];
      const {semi_major_m: major, semi_minor_m: minor, bearing_deg: bearing} = find.ellipse95;
      return [feature('ellipse', 'Polygon', [ellipseRing(place, major, minor, bearing)], {state}), ...path, point];
    }));
  }

  /** Draw the newest map of where he may be. */
  drawSearches(searches) {
    this.#sources.searches.set(searches.at(-1)?.drawing.features ?? []);
  }

  drawScenes(scenes) {
    const wanted = new Map(scenes.map((each) => [`scene ${each.id} ${each.preview_url}`, each]));
    for (const id of this.#scenes.keys()) {
      if (wanted.has(id)) continue;
      this.map.removeLayer(id);
      this.map.removeSource(id);
      this.#scenes.delete(id);
    }
    for (const [id, scene] of wanted) {
      if (this.#scenes.has(id)) continue;
      const url = new URL(scene.preview_url, location.href).href;
      this.map.addSource(id, {type: 'image', url, coordinates: scene.corners});
      this.map.addLayer({id, type: 'raster', source: id, paint: {'raster-fade-duration': 0},
        layout: {visibility: this.#hidden.has('scenes') ? 'none' : 'visible'}}, 'grid');
      this.#scenes.set(id, scene);
    }
  }

  show(group, visible) {
    this.#hidden[visible ? 'delete' : 'add'](group);
    const layers = group === 'scenes' ? [...this.#scenes.keys()] : GROUPS.find((each) => each.id === group).layers;
    for (const id of layers) this.map.setLayoutProperty(id, 'visibility', visible ? 'visible' : 'none');
  }

  shows(group) {
    return !this.#hidden.has(group);
  }

  fit(positions) {
    const box = boundsOf(nearFirst(positions, FAR_M));
    if (box) this.map.fitBounds(box, {padding: 70, maxZoom: 18, animate: false});
  }
}

/** Every place that belongs to the operation, for fitting the map to it; the plans lead. */
export function* placesOf(store) {
  for (const plan of store.plans) yield* placesOfPlan(plan);
  for (const points of store.tracks.values()) yield* points;
  for (const each of store.recorded) yield* each.points;
  for (const each of store.finds) yield [each.lon_deg, each.lat_deg];
  for (const each of store.scenes) yield* each.corners;
  yield* placesOfSearch(store.searches.at(-1));
  for (const each of store.vehicles.values()) {
    if (each.lat_deg !== null && isAircraft(each)) yield [each.lon_deg, each.lat_deg];
  }
}

/** The corners of the narrowest contour of a search map, and where he was last seen. */
export function* placesOfSearch(search) {
  for (const each of search?.drawing.features.slice(-2) ?? []) yield* positionsOf(each.geometry.coordinates);
}

export function* placesOfPlan(plan) {
  for (const each of plan.drawing.features) yield* positionsOf(each.geometry.coordinates);
}

function track(points, properties) {
  return {type: 'Feature', properties,
    geometry: {type: 'LineString', coordinates: points.map(([lon, lat]) => [lon, lat])}};
}

function feature(name, type, coordinates, more = {}) {
  return {type: 'Feature', properties: {role: name, ...more}, geometry: {type, coordinates}};
}
