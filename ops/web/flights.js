// The flights of a plan that takes several: their colours and names, and what is drawn of each.

import {duration, figure, metres} from './format.js';
import {positionsOf} from './geo.js';

const COLOURS = ['#56b4e9', '#e8e05a', '#35c48f', '#d78ae0', '#e8eef3', '#9aa5ff', '#ff8fc0', '#b5b98a'];
const PLAIN = {lane: '#79c9b8', transit: '#8fa1b0', no_return: '#e8eef3'};
/** More flights than this are marked on the map one at a time. */
export const MARKED = COLOURS.length;

export const NO_RETURN = 'No return: the last place from which it gets home with its reserve, '
  + 'were it to miss its turn home and fly on along the plan.';
export const keyOf = (plan, number) => `${plan.id} ${number}`;
export const aircraftIn = (plan) => new Set(plan.flights.map((each) => each.vehicle)).size;

/** A flight's own colour; where a team makes many flights, that of its aircraft. */
export function colourOf(plan, flight) {
  const many = plan.flights.length > COLOURS.length && aircraftIn(plan) > 1;
  return COLOURS[((many ? flight.vehicle : flight.number) - 1) % COLOURS.length];
}

/** A plan's drawing, what is flown with its colour and the key of its flight. */
export function featuresOf(plan) {
  return plan.drawing.features.map((each) => {
    const {role, flight: number} = each.properties;
    const flight = plan.flights[number - 1];
    const colour = flight ? colourOf(plan, flight) : PLAIN[role];
    const key = flight ? keyOf(plan, number) : '';
    return {...each, properties: {...each.properties, key, ...(colour && {colour})}};
  });
}

/** What of a plan's flights is marked with its number: where the work of each begins, and its point of no return. */
export function marksOf(plan, selected) {
  const found = [];
  for (const {properties, geometry} of featuresOf(plan)) {
    const {role, key, colour, flight} = properties;
    const shown = key === selected || (plan.flights.length <= MARKED && selected === null) || !key;
    if (!shown) continue;
    if (role === 'no_return') found.push({kind: role, place: geometry.coordinates, colour, number: flight});
    if (role === 'lane' && flight) {
      const [first] = positionsOf(geometry.coordinates);
      if (first) found.push({kind: 'flight', place: first, colour, number: flight});
    }
  }
  return found;
}

export function* placesOfFlight(plan, number) {
  for (const each of plan.drawing.features) {
    if (each.properties.flight === number) yield* positionsOf(each.geometry.coordinates);
  }
}

/** When the last aircraft is down, seconds after the plan's start. */
export const overAfterS = (plan) => Math.max(...plan.flights.map((each) => each.start_s + each.duration_s));

/** When it takes off, counted from the plan's start, and how long it flies. */
export function timesOf({start_s: start, duration_s: flown}) {
  return `takes off ${start < 1 ? 'first' : `+${duration(start)}`} · flies ${duration(flown)}`;
}

export function detailsOf({no_return: point, length_m: length, photos, battery, reserve_pct: reserve}) {
  return [
    ...(point ? [`turn back by ${duration(point.at_s)} or ${figure(point.battery_pct, '%')}`] : []),
    [metres(length), ...(photos ? [`${photos} photos`] : [])].join(' · '),
    `battery ${battery} · reserve ${figure(reserve, '%')}`,
  ].join('\n');
}
