// Who is not ours: other aircraft on the map and in a list, and people and vehicles that officers' phones report.
// All of it is told by radio or by others and may be made up, so it looks like nothing of ours: small and hollow.

import {element, keyed, write} from './dom.js';
import {duration, known, metres} from './format.js';
import {metresFrom} from './geo.js';
import {Motion} from './motion.js';

export const FLYING = ['copter', 'plane'];
const FONT = 'system-ui, "DejaVu Sans", sans-serif';
const COLOUR = '#c3ced7';
const EMERGENCY = '#ff6b6b';
const SHADOW = 'rgba(11, 16, 21, 0.85)';
const RADIUS_PX = 6;
const AHEAD_S = 30;
const LONGEST_VECTOR_PX = 70;
const OLD_AFTER_S = 15;
const STEEP_M_S = 1;
const ROWS = 40;
const WINDS = ['N', 'NE', 'E', 'SE', 'S', 'SW', 'W', 'NW'];
/** What a height is above, as it is shown, and in full. */
const REFERENCES = {
  pressure_standard: ['std', 'above the pressure of 1013.25 hPa, which is not mean sea level'],
  pressure_qnh: ['QNH', 'above the air pressure that its sender took for sea level'],
  geometric: ['GNSS', 'by satellite, without saying above what'],
  ellipsoid: ['ellipsoid', 'above the WGS84 ellipsoid, 40 to 47 m below sea level in the Netherlands'],
  amsl: ['amsl', 'above mean sea level'],
  relative: ['rel', 'above where it took off'],
  agl: ['agl', 'above the ground'],
};

/** Whether a vehicle is ours or at least an aircraft; the rest has a list of its own. */
export const isAircraft = ({source, kind}) => source === null || FLYING.includes(kind);

/** Other aircraft on the overlay's canvas. */
export class TrafficLayer {
  drawn = [];
  #ground;
  #store;
  #motions = new Map();

  constructor(ground, store) {
    this.#ground = ground;
    this.#store = store;
  }

  /** Take in where they were last. */
  update() {
    const nowMs = performance.now();
    const placed = this.#store.traffic.filter((each) => known(each.lat_deg) && known(each.lon_deg));
    const keys = new Set(placed.map((each) => each.key));
    for (const key of this.#motions.keys()) if (!keys.has(key)) this.#motions.delete(key);
    for (const each of placed) {
      const target = {...each, heading_deg: each.course_deg};
      const motion = this.#motions.get(each.key);
      if (motion) motion.retarget(target, nowMs);
      else this.#motions.set(each.key, new Motion(target, nowMs));
    }
  }

  moving(nowMs) {
    return [...this.#motions.values()].some((each) => each.moving(nowMs));
  }

  /** Draw the symbols; gives the boxes that no label should cover. */
  drawSymbols(context, nowMs) {
    const byKey = new Map(this.#store.traffic.map((each) => [each.key, each]));
    this.drawn = this.#ground.shows('traffic') ? [...this.#motions].flatMap(([key, motion]) => {
      const aircraft = byKey.get(key);
      const {place, heading} = motion.at(nowMs);
      return aircraft ? [{key, aircraft, place, heading, ...this.#ground.map.project(place)}] : [];
    }) : [];
    for (const each of this.drawn) this.#drawSymbol(context, each);
    return this.drawn.map(({x, y}) => ({left: x - 8, right: x + 8, top: y - 8, bottom: y + 8}));
  }

  /** The lines of each one's label, those in an emergency first. */
  labels() {
    const emergencies = ({aircraft}) => (aircraft.emergency ? 0 : 1);
    return [...this.drawn].sort((a, b) => emergencies(a) - emergencies(b)).map((each) => {
      const {aircraft} = each;
      const colour = aircraft.emergency ? EMERGENCY : COLOUR;
      const named = aircraft.emergency ? `${nameOf(aircraft)}  ${emergencyOf(aircraft)}` : nameOf(aircraft);
      const compared = comparedWithOurs(aircraft, this.#store);
      return {
        x: each.x, y: each.y, gap: RADIUS_PX + 5, urgent: aircraft.emergency,
        lines: [
          {text: named, font: `${aircraft.emergency ? 600 : 500} 11px ${FONT}`, colour},
          {text: heightOf(aircraft), font: `11px ${FONT}`, colour},
          ...(compared ? [{text: compared, font: `11px ${FONT}`, colour}] : []),
        ],
      };
    });
  }

  #drawSymbol(context, {x, y, place, heading, aircraft}) {
    context.save();
    context.globalAlpha = ageOf(aircraft, this.#store) > OLD_AFTER_S ? 0.5 : 1;
    const colour = aircraft.emergency ? EMERGENCY : COLOUR;
    const ahead = heading === null || aircraft.on_ground ? 0 : this.#vectorPx(aircraft, place);
    const turned = ((heading ?? 0) * Math.PI) / 180;
    for (const [style, width] of [[SHADOW, 4], [colour, 1.6]]) {
      context.beginPath();
      for (const [east, south] of [[0, -1], [1, 0], [0, 1], [-1, 0]]) {
        context.lineTo(x + east * RADIUS_PX, y + south * RADIUS_PX);
      }
      context.closePath();
      if (ahead > RADIUS_PX) {
        context.moveTo(x + Math.sin(turned) * RADIUS_PX, y - Math.cos(turned) * RADIUS_PX);
        context.lineTo(x + Math.sin(turned) * ahead, y - Math.cos(turned) * ahead);
      }
      context.strokeStyle = style;
      context.lineWidth = width;
      context.stroke();
    }
    context.restore();
  }

  /** How far it gets in half a minute, on the screen and within bounds. */
  #vectorPx({ground_speed_m_s: speed}, [lon, lat]) {
    if (!known(speed)) return 0;
    const {map} = this.#ground;
    const metresAPixel = (40_075_017 * Math.cos((lat * Math.PI) / 180)) / (512 * 2 ** map.getZoom());
    return Math.min(LONGEST_VECTOR_PX, (speed * AHEAD_S) / metresAPixel);
  }
}

/** The lists beside the map; `goto` is called with a place. */
export function drawTrafficLists(root, store, goto) {
  const traffic = ranked(store);
  root.querySelector('#traffic-section').hidden = !traffic.length;
  write(root.querySelector('#traffic-count'), `${traffic.length || ''}`);
  keyed(root.querySelector('#traffic'), traffic.slice(0, ROWS), ({each}) => each.key,
    ({each}) => row('other', () => goto(placeOf(store.traffic.find(({key}) => key === each.key)))),
    (item, found) => updateTraffic(item, found, store));
  const others = [...store.vehicles.values()].filter((each) => !isAircraft(each))
    .sort((a, b) => a.name.localeCompare(b.name));
  root.querySelector('#others-section').hidden = !others.length;
  write(root.querySelector('#others-count'), `${others.length || ''}`);
  keyed(root.querySelector('#others'), others, (each) => each.key,
    ({key}) => row('other', () => goto(placeOf(store.vehicles.get(key)))),
    (item, each) => updateOther(item, each, store));
}

/** Those in an emergency first, then the nearest to one of ours. */
function ranked(store) {
  return store.traffic.map((each) => ({each, near: nearestOfOurs(each, store)}))
    .sort((a, b) => Number(b.each.emergency) - Number(a.each.emergency)
      || (a.near?.distanceM ?? Infinity) - (b.near?.distanceM ?? Infinity)
      || (a.each.key < b.each.key ? -1 : 1));
}

function row(className, act) {
  const button = element('button', className,
    element('span', 'name'), element('span', 'level'), element('span', 'small where'));
  button.type = 'button';
  button.addEventListener('click', act);
  return element('li', '', button);
}

function updateTraffic(item, {each, near}, store) {
  const button = item.querySelector('button');
  button.classList.toggle('emergency', each.emergency);
  write(item.querySelector('.name'), nameOf(each));
  const level = item.querySelector('.level');
  write(level, heightOf(each));
  level.title = known(each.height_m) ? REFERENCES[each.height_reference]?.[1] ?? '' : '';
  const compared = comparedWithOurs(each, store);
  const where = near === null ? '' : `${metres(near.distanceM)} ${near.wind} of ${near.vehicle.name}`;
  const told = [each.emergency ? emergencyOf(each) : '', where, compared, agoOf(ageOf(each, store))];
  write(item.querySelector('.where'), told.filter(Boolean).join(', '));
}

function updateOther(item, each, store) {
  write(item.querySelector('.name'), each.name);
  write(item.querySelector('.level'), each.kind);
  write(item.querySelector('.where'), [`from ${each.source}`, agoOf(store.age(each))].filter(Boolean).join(', '));
}

/** The callsign for people and the address that alarms name it by. */
function nameOf({name, icao}) {
  return icao === null || icao === name ? name : `${name} ${icao}`;
}

function emergencyOf({squawk}) {
  const meaning = {7500: 'hijacked', 7600: 'no radio', 7700: 'emergency'}[squawk];
  return meaning ? `${squawk} ${meaning}` : 'emergency';
}

function heightOf({height_m: height, height_reference: reference, climb_m_s: climb, on_ground: down}) {
  if (down) return 'on the ground';
  if (!known(height)) return 'height unknown';
  const arrow = !known(climb) || Math.abs(climb) < STEEP_M_S ? '' : climb > 0 ? ' ↑' : ' ↓';
  return `${height.toFixed(0)} m ${REFERENCES[reference]?.[0] ?? reference}${arrow}`;
}

/** How much higher than the nearest of ours it is, where both heights are above the sea; else empty. */
function comparedWithOurs(each, store) {
  const near = known(each.height_amsl_m) ? nearestOfOurs(each, store) : null;
  if (near === null || !known(near.vehicle.height_amsl_m)) return '';
  const higher = each.height_amsl_m - near.vehicle.height_amsl_m;
  return `${Math.abs(higher).toFixed(0)} m ${higher < 0 ? 'below' : 'above'} ${near.vehicle.name}`;
}

function nearestOfOurs(each, store) {
  if (!known(each.lat_deg)) return null;
  let nearest = null;
  for (const vehicle of store.vehicles.values()) {
    if (vehicle.source !== null || !known(vehicle.lat_deg)) continue;
    const [east, north] = metresFrom([vehicle.lon_deg, vehicle.lat_deg], [each.lon_deg, each.lat_deg]);
    const distanceM = Math.hypot(east, north);
    if (nearest !== null && nearest.distanceM <= distanceM) continue;
    const eighth = Math.round(Math.atan2(east, north) / (Math.PI / 4));
    nearest = {vehicle, distanceM, wind: WINDS[(eighth + 8) % 8]};
  }
  return nearest;
}

const agoOf = (age) => (age > OLD_AFTER_S ? `${duration(age)} ago` : '');
const ageOf = (each, store) => Math.max(0, store.now() - each.heard_s);
const placeOf = (each) => (each && known(each.lat_deg) ? [each.lon_deg, each.lat_deg] : null);
