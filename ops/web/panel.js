// The lists beside the map.

import {Deciding} from './deciding.js';
import {findRow, isFaint, updateFind} from './finds.js';
import {coordinates, duration, figure, fix, height, known, metres, timeOfDay} from './format.js';
import {element, keyed, write} from './dom.js';
import {aircraftIn, colourOf, detailsOf, keyOf, NO_RETURN, overAfterS, timesOf} from './flights.js';
import {GROUPS, placesOfPlan, placesOfSearch} from './map.js';
import {drawSearched} from './searched.js';
import {updateSearch} from './searches.js';
import {drawTrafficLists, isAircraft} from './traffic.js';

const LOW_BATTERY_PCT = 20;
const CAUTION_BATTERY_PCT = 30;
/** So many finds stand in the list, the first to look at first; thousands would slow the page down. */
const FINDS_SHOWN = 100;

export class Panel extends EventTarget {
  #root;
  #store;
  #deciding;
  #shown = FINDS_SHOWN;

  constructor(root, store) {
    super();
    this.#root = root;
    this.#store = store;
    this.#deciding = new Deciding(root);
    this.#find('#more-finds').addEventListener('click', () => {
      this.#shown += FINDS_SHOWN;
      this.drawFinds();
    });
  }

  drawVehicles() {
    const store = this.#store;
    const vehicles = [...store.vehicles.values()].filter(isAircraft)
      .sort((a, b) => (a.system ?? Infinity) - (b.system ?? Infinity) || (a.key < b.key ? -1 : 1));
    drawTrafficLists(this.#root, store, (place) => place && this.#ask('goto', {place}));
    keyed(this.#find('#vehicles'), vehicles, (each) => each.key, (each) => this.#vehicleRow(each),
      (row, each) => updateVehicle(row, each, store));
    this.#find('#no-vehicles').hidden = vehicles.length > 0;
    const silent = vehicles.filter((each) => store.stale(each)).length;
    write(this.#find('#vehicle-count'), silent ? `${vehicles.length}, ${silent} silent` : `${vehicles.length || ''}`);
  }

  drawPlans() {
    const {plans} = this.#store;
    this.#find('#plans-section').hidden = !plans.length;
    keyed(this.#find('#plans'), plans, (each) => each.id, (each) => this.#planRow(each),
      (row, each) => this.#updatePlan(row, each));
  }

  drawFinds() {
    const {finds, heat, searched} = this.#store;
    this.#find('#finds-section').hidden = !finds.length && !heat.length && !searched.length;
    drawSearched(this.#root, this.#store);
    const faint = finds.filter(isFaint).length;
    write(this.#find('#find-count'), `${finds.length - faint || ''}`);
    write(this.#find('#faint-count'), faint ? `+ ${faint} faint` : '');
    const more = this.#find('#more-finds');
    more.hidden = finds.length <= this.#shown;
    write(more, `Show ${Math.min(FINDS_SHOWN, finds.length - this.#shown)} more of ${finds.length - this.#shown}`);
    keyed(this.#find('#finds'), finds.slice(0, this.#shown), (each) => each.id, () => this.#findRow(),
      (row, each) => updateFind(row, each, this.#store));
  }

  drawScenes() {
    const {scenes} = this.#store;
    this.#find('#scenes-section').hidden = !scenes.length;
    keyed(this.#find('#scenes'), scenes, (each) => each.id, (each) => this.#sceneRow(each), updateScene);
  }

  /** The newest map alone: it replaces those before it. */
  drawSearches() {
    const searches = this.#store.searches.slice(-1);
    this.#find('#searches-section').hidden = !searches.length;
    keyed(this.#find('#searches'), searches, (each) => each.id, (each) => this.#placeRow('search', () =>
      this.#ask('goto', {places: [...placesOfSearch(each)]})), updateSearch);
  }

  drawLayers(shown) {
    keyed(this.#find('#layers'), GROUPS, (each) => each.id, (each) => this.#layerRow(each, shown), () => {});
  }

  drawEvents() {
    const {events} = this.#store;
    this.#find('#no-events').hidden = events.length > 0;
    const newestFirst = [...events].reverse();
    keyed(this.#find('#events'), newestFirst, (each) => `${each.number}`, (each) => eventRow(each, this.#store), () => {});
  }

  #find(selector) {
    return this.#root.querySelector(selector);
  }

  #ask(name, detail) {
    this.dispatchEvent(new CustomEvent(name, {detail}));
  }

  #vehicleRow({key}) {
    const button = element('button', 'vehicle',
      element('span', 'swatch'),
      element('span', 'name'),
      element('span', 'chips', element('span', 'chip armed'), element('span', 'chip mode')),
      element('span', 'figures',
        element('span', 'height'), element('span', 'speed'), element('span', 'heading'),
        element('span', 'battery', element('meter'), element('span', 'charge'))),
      element('span', 'small', element('span', 'fix'), element('span', 'age')),
    );
    button.type = 'button';
    const meter = button.querySelector('meter');
    [meter.min, meter.max, meter.low, meter.high, meter.optimum] = [0, 100, LOW_BATTERY_PCT, CAUTION_BATTERY_PCT, 100];
    meter.setAttribute('aria-hidden', 'true');
    button.addEventListener('click', () => this.#ask('select', {key}));
    return element('li', '', button);
  }

  #findRow() {
    return findRow((place) => this.#ask('goto', {place}), (find) => this.#deciding.ask(find));
  }

  #sceneRow(scene) {
    const row = this.#placeRow('scene', () => this.#ask('goto', {places: scene.corners}));
    const link = element('a', 'to-marking', 'Mark and measure');
    link.href = `/${scene.id.split('/').map(encodeURIComponent).join('/')}`;
    row.append(link);
    return row;
  }

  #placeRow(className, act) {
    const button = element('button', className, element('span', 'name'), element('span', 'about'));
    button.type = 'button';
    button.addEventListener('click', act);
    return element('li', '', button);
  }

  #planRow(plan) {
    const row = this.#placeRow('plan', () => this.#ask('goto', {places: [...placesOfPlan(plan)]}));
    const flights = element('ul', 'flights');
    flights.setAttribute('aria-label', 'Flights');
    row.append(flights);
    return row;
  }

  #flightRow(plan, {number}) {
    const button = element('button', 'flight',
      element('span', 'stripe'), element('span', 'name'), element('span', 'lands'),
      element('span', 'small times'), element('span', 'small details'));
    button.type = 'button';
    button.title = NO_RETURN;
    button.addEventListener('click', () => this.#ask('flight', {key: keyOf(plan, number), move: true}));
    return element('li', '', button);
  }

  #updatePlan(row, plan) {
    updatePlan(row, plan);
    const list = row.querySelector('.flights');
    list.hidden = !plan.flights.length;
    keyed(list, plan.flights, (each) => `${each.number}`, (each) => this.#flightRow(plan, each),
      (item, each) => updateFlight(item, plan, each, this.#store.flight === keyOf(plan, each.number)));
  }

  #layerRow({id, name}, shown) {
    const box = element('input');
    box.type = 'checkbox';
    box.checked = shown(id);
    box.addEventListener('change', () => this.#ask('layer', {id, visible: box.checked}));
    return element('li', '', element('label', '', box, name));
  }
}

function updateVehicle(row, vehicle, store) {
  const part = (name) => row.querySelector(`.${name}`);
  const stale = store.stale(vehicle);
  const button = part('vehicle');
  button.classList.toggle('stale', stale);
  button.setAttribute('aria-pressed', String(store.selected === vehicle.key));
  part('swatch').classList.toggle('foreign', vehicle.source !== null);
  part('swatch').style.backgroundColor = store.colour(vehicle.key);
  write(part('name'), vehicle.name);
  write(part('armed'), known(vehicle.armed) ? (vehicle.armed ? 'ARMED' : 'disarmed') : '');
  part('armed').dataset.armed = String(vehicle.armed);
  write(part('mode'), vehicle.mode ?? vehicle.source ?? '');
  part('mode').classList.toggle('foreign', vehicle.source !== null);
  write(part('height'), height(vehicle));
  write(part('speed'), figure(vehicle.ground_speed_m_s, 'm/s', 1));
  write(part('heading'), known(vehicle.heading_deg) ? `${String(Math.round(vehicle.heading_deg) % 360).padStart(3, '0')}°` : '');
  write(part('fix'), fix(vehicle));
  updateBattery(row, vehicle);
  write(part('age'), stale ? `no data for ${duration(store.age(vehicle))}` : mission(vehicle));
}

function updateBattery(row, {battery_pct: pct, battery_v: volts}) {
  const meter = row.querySelector('meter');
  meter.value = pct ?? 0;
  row.querySelector('.battery').classList.toggle('low', known(pct) && pct <= LOW_BATTERY_PCT);
  write(row.querySelector('.charge'), figure(pct, '%'));
  row.querySelector('.battery').title = `battery ${figure(pct, '%')}, ${figure(volts, 'V', 1)}`;
}

function mission({mission_current: current, mission_count: count}) {
  if (!known(current)) return '';
  return known(count) && count > 0 ? `item ${current} of ${count}` : `item ${current}`;
}

function updatePlan(row, plan) {
  const {findings} = plan;
  write(row.querySelector('.name'), plan.name || plan.id);
  const blocking = findings.filter((each) => each.severity === 'blocking').length;
  write(row.querySelector('.about'), [
    plan.aircraft,
    ...figuresOf(plan),
    ...(blocking ? [`${blocking} blocking`] : []),
  ].join(' · '));
}

function figuresOf({totals, flights}) {
  const lanes = totals.lanes ? [`${totals.lanes} lanes`] : [];
  if (!flights.length) {
    const left = `lands with ${figure(Math.floor(100 - totals.battery_pct), '%')}`;
    return [...lanes, metres(totals.length_m), duration(totals.duration_s), left];
  }
  const aircraft = aircraftIn({flights});
  const flown = flights.reduce((sum, each) => sum + each.length_m, 0);
  return [
    ...(aircraft > 1 ? [`${aircraft} aircraft`] : []),
    `${flights.length} flights`,
    ...lanes,
    metres(flown),
    `all down after ${duration(overAfterS({flights}))}`,
  ];
}

function updateFlight(row, plan, flight, selected) {
  const button = row.querySelector('button');
  button.setAttribute('aria-pressed', String(selected));
  row.querySelector('.stripe').style.backgroundColor = colourOf(plan, flight);
  const who = aircraftIn(plan) > 1 ? `, aircraft ${flight.vehicle}` : '';
  write(row.querySelector('.name'), `Flight ${flight.number}${who}`);
  const lands = row.querySelector('.lands');
  write(lands, `lands with ${figure(Math.floor(flight.lands_pct), '%')}`);
  lands.classList.toggle('low', flight.lands_pct < flight.reserve_pct - 0.05);
  write(row.querySelector('.times'), timesOf(flight));
  const details = row.querySelector('.details');
  write(details, detailsOf(flight));
  details.hidden = !selected;
}

function updateScene(row, scene) {
  write(row.querySelector('.name'), scene.name);
  write(row.querySelector('.about'), coordinates(scene.corners[0]));
}

function eventRow(event, store) {
  const row = element('li', event.severity,
    element('time', '', timeOfDay(event.time_s)),
    element('span', 'who', event.vehicle === null ? '' : store.vehicles.get(event.vehicle)?.name ?? event.vehicle),
    element('span', 'what', event.text),
  );
  if (event.severity !== 'info') row.prepend(element('span', 'visually-hidden', `${event.severity}: `));
  return row;
}
