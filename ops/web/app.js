// The command room's page: one stream in, a map and lists out.

import {Alarms} from './alarms.js';
import {Connection} from './connection.js';
import {write} from './dom.js';
import {keyOf, placesOfFlight} from './flights.js';
import {coordinates, dayOf, duration, timeOfDay} from './format.js';
import {foldWhereNarrow} from './folding.js';
import {gridFor} from './grid.js';
import {drawHeat} from './heat.js';
import {GroundMap, placesOf} from './map.js';
import {Overlay} from './overlay.js';
import {Panel} from './panel.js';
import {drawRecording} from './recording.js';
import {TimeLine} from './replay.js';
import {drawMapTitle} from './searches.js';
import {Store} from './store.js';
import {isAircraft} from './traffic.js';

const HZ = 5;
const TRACKS_MS = 1000;
const BACK_SHOWN_MS = 6000;
const FALLBACK_ANCHOR = [5.3, 52.1];
const find = (selector) => document.querySelector(selector);

class Page {
  #store = new Store();
  #panel = new Panel(document, this.#store);
  #timeLine = new TimeLine(document, this.#store);
  #alarms = new Alarms(document, this.#store);
  #replayed = null;
  #findCount = 0;
  #back = {text: '', untilMs: 0};
  #connection;
  #ground = null;
  #overlay = null;
  #fitted = '';
  #touched = false;
  #anchor = null;

  async start() {
    const origin = location.origin.replace(/^http/, 'ws');
    this.#connection = new Connection(`${origin}/api/live?hz=${HZ}`);
    this.#connection.addEventListener('message', ({detail}) => this.#take(detail));
    this.#connection.addEventListener('state', () => this.#drawConnection());
    this.#connection.addEventListener('back', ({detail}) => {
      this.#back = {text: ` again, after ${duration(detail / 1000)}`, untilMs: performance.now() + BACK_SHOWN_MS};
    });
    window.addEventListener('online', () => this.#connection.hurry());
    document.addEventListener('visibilitychange', () => { if (!document.hidden) this.#connection.hurry(); });
    this.#connection.open();
    this.#timeLine.addEventListener('trouble', ({detail}) => {
      this.#announce('replay', detail && `The replay could not be directed: ${detail}`);
    });
    this.#panel.drawVehicles();
    this.#panel.addEventListener('select', ({detail}) => this.#select(detail.key, true));
    this.#alarms.addEventListener('select', ({detail}) => {
      this.#select(detail.key, true);
      const seen = this.#store.finds.find((each) => each.name === detail.find);
      if (seen) this.#goto({place: [seen.lon_deg, seen.lat_deg]});
    });
    this.#panel.addEventListener('goto', ({detail}) => this.#goto(detail));
    this.#panel.addEventListener('layer', ({detail}) => this.#layer(detail));
    this.#panel.addEventListener('flight', ({detail}) => this.#selectFlight(detail.key, detail.move));
    find('#fit').addEventListener('click', () => this.#fit());
    document.addEventListener('keydown', (event) => this.#key(event), true);
    setInterval(() => this.#tick(), 250);
    setInterval(() => this.#drawTracks(), TRACKS_MS);
    setInterval(() => { if (this.#store.findsLive) this.#panel.drawFinds(); }, TRACKS_MS);
    await this.#startMap();
  }

  async #startMap() {
    try {
      const {tiles_url: tilesUrl} = await fetchJson('/api/map');
      this.#ground = await GroundMap.create('map', tilesUrl);
    } catch (error) {
      this.#announce('map', `This browser cannot draw the map; the lists work. ${error.message}`);
      return;
    }
    const {map} = this.#ground;
    this.#overlay = new Overlay(find('#overlay'), this.#ground, this.#store);
    this.#panel.drawLayers((group) => this.#ground.shows(group));
    foldWhereNarrow(find('#layers-fold'));
    map.on('moveend', () => this.#drawGrid());
    map.on('movestart', (event) => { this.#touched ||= Boolean(event.originalEvent); });
    map.on('mousemove', ({lngLat}) => { find('#cursor').textContent = coordinates([lngLat.lng, lngLat.lat]); });
    map.on('mouseout', () => { find('#cursor').textContent = ''; });
    map.on('click', ({point}) => {
      const aircraft = this.#overlay.hit(point);
      this.#select(aircraft, false);
      if (aircraft === null) this.#selectFlight(this.#ground.flightAt(point), false);
    });
    window.droneteam = {map, aircraft: () => this.#overlay.drawn, traffic: () => this.#overlay.traffic.drawn};
    this.#ground.drawPlans(this.#store.plans);
    this.#ground.drawFinds(this.#store.finds, this.#store.foremostFinds);
    this.#ground.drawScenes(this.#store.scenes);
    this.#ground.drawRecorded(this.#store.recorded);
    this.#ground.drawVolumes(this.#store.volumes);
    this.#ground.drawSearches(this.#store.searches);
    this.#overlay.update();
    this.#drawTracks();
    this.#fitOnce();
    this.#drawGrid();
  }

  #take(message) {
    const changed = this.#store.apply(message);
    if (message.type === 'snapshot') this.#fetch(['finds', 'scenes', 'tracks', 'volumes', 'searches']);
    else this.#fetch(message.changed);
    if (changed.includes('plans')) this.#drawPlans();
    if (changed.includes('events')) this.#panel.drawEvents();
    if (changed.includes('vehicles') || changed.includes('traffic')) this.#overlay?.update();
    this.#announce('recording', drawRecording(document, this.#store.recording));
    if (changed.includes('finds') || changed.includes('heat')) this.#drawFinds();
    if (changed.includes('alarms')) {
      this.#alarms.arrived();
      this.#overlay?.refresh();
    }
    this.#takeReplay(message);
    find('#operation').textContent = this.#store.operation ?? 'no operation open';
    document.title = this.#store.operation ? `${this.#store.operation} – Droneteam` : 'Droneteam';
    this.#fitOnce();
  }

  #takeReplay(message) {
    const {replay} = this.#store;
    document.body.classList.toggle('replay', replay !== null);
    find('#replay-sign').hidden = replay === null;
    if (replay !== null) write(find('#replay-day'), `of ${dayOf(this.#store.now())}, not live`);
    if (message.type === 'snapshot') {
      this.#overlay?.jump();
      this.#drawTracks();
      this.#panel.drawVehicles();
    }
    if (replay === null) return;
    const shown = `${replay.begin_s} ${replay.end_s}`;
    if (this.#replayed?.shown !== shown) this.#fetchTimeLine(shown);
    const count = this.#store.finds.length;
    if (count !== this.#findCount) this.#drawFinds();
    this.#findCount = count;
    this.#timeLine.arrived();
  }

  async #fetchTimeLine(shown) {
    this.#replayed = {shown, places: []};
    try {
      const line = await fetchJson('/api/replay');
      const [west, south, east, north] = line.bounds ?? [];
      if (line.bounds) this.#replayed.places = [[west, south], [east, north]];
      this.#timeLine.take(line);
      this.#fitOnce();
    } catch {
      this.#replayed = null; // the next message asks again
    }
  }

  async #fetch(sections) {
    try {
      await Promise.all(sections.map((each) => this.#fetchSection(each)));
    } catch {
      return; // the connection's own state tells; the next snapshot asks again
    }
    this.#fitOnce();
  }

  async #fetchSection(section) {
    const found = await fetchJson(section === 'tracks' ? '/api/tracks?source=recorded' : `/api/${section}`);
    if (section === 'finds') this.#store.takeFinds(found);
    else this.#store[section === 'tracks' ? 'recorded' : section] = found;
    if (section === 'plans') this.#drawPlans();
    if (section === 'finds') {
      this.#drawFinds(); // nobody who was found waits for what is said of the search
      this.#store.searched = await fetchJson('/api/finds/searched');
      this.#panel.drawFinds();
    }
    if (section === 'scenes') {
      this.#panel.drawScenes();
      this.#ground?.drawScenes(found);
    }
    if (section === 'searches') {
      this.#panel.drawSearches();
      this.#drawMapTitle();
      this.#ground?.drawSearches(found);
    }
    if (section === 'tracks') this.#ground?.drawRecorded(found);
    if (section === 'volumes') this.#ground?.drawVolumes(found);
    this.#overlay?.refresh();
  }

  #drawFinds() {
    this.#panel.drawFinds();
    this.#announce('heat', drawHeat(document, this.#store));
    this.#ground?.drawFinds(this.#store.finds, this.#store.foremostFinds);
  }

  #drawMapTitle() {
    drawMapTitle(document, this.#store.searches.at(-1), this.#ground?.shows('searches') ?? true);
  }

  #drawPlans() {
    const {flight, plans} = this.#store;
    const known = plans.some((plan) => plan.flights.some((each) => keyOf(plan, each.number) === flight));
    if (flight !== null && !known) this.#selectFlight(null, false);
    this.#panel.drawPlans();
    this.#ground?.drawPlans(this.#store.plans);
    this.#anchor = null;
    this.#drawGrid();
  }

  #drawTracks() {
    this.#ground?.drawTracks(this.#store.tracks, (key) => this.#store.colour(key));
  }

  #drawGrid() {
    if (!this.#ground) return;
    const {map} = this.#ground;
    const bounds = map.getBounds();
    const box = {
      west: bounds.getWest(), south: bounds.getSouth(), east: bounds.getEast(), north: bounds.getNorth()};
    const grid = gridFor(box, map.getContainer().clientWidth, this.#gridAnchor());
    this.#ground.drawGrid(grid.features);
    this.#overlay.grid = grid;
    this.#overlay.refresh();
  }

  /** The grid counts from the first take-off place, else from the first aircraft heard, and stays there. */
  #gridAnchor() {
    const features = this.#store.plans.flatMap((plan) => plan.drawing.features);
    const takeOff = features.find((each) => each.properties.role === 'take_off');
    const [first] = placesOf(this.#store);
    this.#anchor ??= takeOff?.geometry.coordinates ?? (first ? [first[0], first[1]] : null);
    return this.#anchor ?? FALLBACK_ANCHOR;
  }

  #fit() {
    this.#ground?.fit([...placesOf(this.#store), ...(this.#replayed?.places ?? [])]);
  }

  /** Follow what the operation consists of until somebody moves the map. */
  #fitOnce() {
    const {plans, finds, scenes, recorded, vehicles} = this.#store;
    const placed = [...vehicles.values()].filter((each) => each.lat_deg !== null && isAircraft(each));
    // A replay is looked at whole, wherever in it the aircraft are.
    const moving = this.#replayed ? [this.#replayed.places] : [finds, placed];
    const contents = [plans, scenes, recorded, ...moving].map((each) => each.length).join();
    if (this.#touched || !this.#ground || contents === this.#fitted) return;
    this.#fitted = contents;
    this.#fit();
  }

  #select(key, move) {
    this.#store.selected = this.#store.selected === key && !move ? null : key;
    const vehicle = this.#store.vehicles.get(key);
    if (move && vehicle && vehicle.lat_deg !== null) this.#goto({place: [vehicle.lon_deg, vehicle.lat_deg]});
    this.#panel.drawVehicles();
    this.#overlay?.refresh();
  }

  /** Look at one flight of a plan, or at all of them: again the same one lets go of it. */
  #selectFlight(key, move) {
    const chosen = this.#store.flight === key ? null : key;
    this.#store.flight = chosen;
    this.#panel.drawPlans();
    this.#ground?.selectFlight(chosen, Math.max(0, ...this.#store.plans.map((each) => each.flights.length)));
    this.#overlay?.refresh();
    if (!move || chosen === null) return;
    for (const plan of this.#store.plans) {
      const flight = plan.flights.find((each) => keyOf(plan, each.number) === chosen);
      if (flight) this.#goto({places: [...placesOfFlight(plan, flight.number)]});
    }
  }

  #goto({place, places}) {
    if (!this.#ground) return;
    this.#touched = true;
    if (places) this.#ground.fit(places);
    else this.#ground.map.easeTo({center: place, zoom: Math.max(this.#ground.map.getZoom(), 16), duration: 400});
  }

  #layer({id, visible}) {
    this.#ground?.show(id, visible);
    this.#drawMapTitle();
    this.#overlay?.refresh();
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input:not([type=range])')) return;
    if (event.target.closest?.('dialog')) return;
    if (this.#timeLine.key(event)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (event.key === 'f' || event.key === 'F') this.#fit();
    if (event.key === 'Escape') {
      this.#select(null, false);
      this.#selectFlight(null, false);
    }
  }

  #tick() {
    this.#panel.drawVehicles();
    this.#alarms.draw();
    this.#overlay?.refresh();
    this.#drawConnection();
    this.#timeLine.draw();
    const now = this.#connection.state === 'live' ? this.#store.now() : Date.now() / 1000;
    const clock = find('#clock time');
    const text = timeOfDay(now);
    if (clock.textContent !== text) clock.textContent = text;
  }

  #drawConnection() {
    const {state, lostAtMs} = this.#connection;
    const shown = find('#connection');
    const live = this.#store.replay === null ? 'live' : 'connected';
    const back = performance.now() < this.#back.untilMs ? this.#back.text : '';
    const text = {connecting: 'connecting', live: `${live}${back}`, lost: 'no connection'}[state];
    if (shown.textContent !== text) shown.textContent = text;
    if (shown.dataset.state !== state) {
      shown.dataset.state = state;
      document.body.classList.toggle('lost', state === 'lost');
    }
    const gone = lostAtMs === null ? null : duration((performance.now() - lostAtMs) / 1000);
    this.#announce('connection', gone && `No connection to the server for ${gone}. What you see is old. ${this.#nextTry()}`);
  }

  #nextTry() {
    const {retryAtMs} = this.#connection;
    const waitS = retryAtMs === null ? 0 : Math.ceil((retryAtMs - performance.now()) / 1000);
    return waitS > 0 ? `Trying again in ${duration(waitS)}.` : 'Trying again now.';
  }

  #announcements = new Map();

  #announce(about, text) {
    if (text) this.#announcements.set(about, text);
    else this.#announcements.delete(about);
    const banner = find('#banner');
    const whole = [...this.#announcements.values()].join(' ');
    if (banner.textContent !== whole) banner.textContent = whole;
    banner.hidden = !whole;
  }
}

async function fetchJson(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.json();
}

new Page().start();
