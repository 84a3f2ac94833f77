// The grid that stands in for a map: metres east and north of an anchor, or degrees from far away.

import {metresFrom, metresPerDegree, offset, roundStep} from './geo.js';
import {metres} from './format.js';

const SPACING_PX = 110;
const LARGEST_METRIC_M = 20_000;
const FAR_M = 100_000;
const LINES = 80;

/**
 * Lines and edge labels for what a box shows.
 * `box` is {west, south, east, north} in degrees, `widthPx` its width on the screen.
 */
export function gridFor(box, widthPx, anchor) {
  const centreLat = (box.south + box.north) / 2;
  const widthM = (box.east - box.west) * metresPerDegree(centreLat).lon;
  const stepM = roundStep(widthM / widthPx * SPACING_PX);
  const away = metresFrom(anchor, [(box.west + box.east) / 2, centreLat]);
  return stepM <= LARGEST_METRIC_M && Math.hypot(...away) < FAR_M ? metricGrid(box, stepM, anchor) : graticule(box, widthPx);
}

function metricGrid(box, stepM, anchor) {
  const [westM, southM] = metresFrom(anchor, [box.west, box.south]);
  const [eastM, northM] = metresFrom(anchor, [box.east, box.north]);
  const label = (value, positive, negative) =>
    value === 0 ? '0' : `${metres(Math.abs(value))} ${value > 0 ? positive : negative}`;
  const verticals = steps(westM, eastM, stepM).map((value) => ({
    at: offset(anchor, value, 0)[0], major: value % (5 * stepM) === 0, text: label(value, 'E', 'W')}));
  const horizontals = steps(southM, northM, stepM).map((value) => ({
    at: offset(anchor, 0, value)[1], major: value % (5 * stepM) === 0, text: label(value, 'N', 'S')}));
  return assemble(box, verticals, horizontals, `grid ${metres(stepM)}`);
}

function graticule(box, widthPx) {
  const step = roundStep((box.east - box.west) / widthPx * SPACING_PX);
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  const label = (value, positive, negative) => `${Math.abs(value).toFixed(digits)}° ${value < 0 ? negative : positive}`;
  const verticals = steps(box.west, box.east, step).map((value) => ({at: value, major: false, text: label(value, 'E', 'W')}));
  const horizontals = steps(Math.max(box.south, -85), Math.min(box.north, 85), step).map((value) => ({
    at: value, major: false, text: label(value, 'N', 'S')}));
  return assemble(box, verticals, horizontals, `grid ${step.toFixed(digits)}°`);
}

function steps(low, high, step) {
  const first = Math.ceil(low / step);
  const count = Math.min(LINES, Math.floor(high / step) - first + 1);
  return Array.from({length: Math.max(0, count)}, (_, index) => (first + index) * step);
}

function assemble(box, verticals, horizontals, title) {
  const feature = (line, coordinates) => ({
    type: 'Feature',
    properties: {weight: line.major ? 'major' : 'minor'},
    geometry: {type: 'LineString', coordinates},
  });
  return {
    title,
    features: [
      ...verticals.map((each) => feature(each, [[each.at, box.south], [each.at, box.north]])),
      ...horizontals.map((each) => feature(each, [[box.west, each.at], [box.east, each.at]])),
    ],
    verticals,
    horizontals,
  };
}
