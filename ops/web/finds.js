// A find's row in the list: what was seen, when and by whom, how sure its place is, and the button to decide.

import {element, write} from './dom.js';
import {coordinates, metres, timeOfDay} from './format.js';

/** The camera shows it at this moment, or did so a moment ago. */
const IN_VIEW_S = 3;
const SIGHTINGS = 500;
/** What scores less calls nobody (ops/live_finds.py): it is for a second look where somebody must be. */
const CALLING_SCORE = 0.25;

/** Whether a find hardly looks like a person and nobody has decided. */
export const isFaint = ({state, properties: {score}}) => state === 'proposed' && score < CALLING_SCORE;

/** A row that goes to its find's place, and asks what it is. */
export function findRow(goTo, decide) {
  const picture = element('img', 'seen');
  picture.alt = '';
  picture.loading = 'lazy';
  const button = element('button', 'find', picture, element('span', 'name'), element('span', 'about'),
    element('span', 'note'));
  button.type = 'button';
  const row = element('li', '', button);
  button.addEventListener('click', () => goTo([row.shown.lon_deg, row.shown.lat_deg]));
  const ask = element('button', 'decide', 'Decide…');
  ask.type = 'button';
  ask.addEventListener('click', () => decide(row.shown));
  row.append(ask);
  return row;
}

export function updateFind(row, find, store) {
  row.shown = find;
  row.dataset.state = find.state;
  const live = find.vehicle !== null && find.seen_s !== null;
  row.classList.toggle('in-view', live && store.now() - find.seen_s < IN_VIEW_S);
  show(row.querySelector('.seen'), find);
  const decide = row.querySelector('.decide');
  decide.hidden = store.replay !== null;
  decide.setAttribute('aria-label', `Decide on ${find.name}`);
  const size = find.ellipse95 ? `± ${metres(find.ellipse95.semi_major_m)} (95 %)` : 'uncertainty unknown';
  const {score, what} = find.properties;
  const earlier = find.searched_again ? 'of an earlier search alone' : '';
  const taken = find.acknowledged ? `✓ seen by ${find.acknowledged}` : '';
  const worth = typeof score === 'number' ? scored(score) : '';
  const place = coordinates([find.lon_deg, find.lat_deg], 5);
  write(row.querySelector('.name'), find.name);
  const more = live ? [worth, seen(find, store), taken] : [worth, place, earlier, taken];
  write(row.querySelector('.about'), `${joined([find.state, what, size])}\n${joined(more)}`);
  const notes = find.properties.notes ?? [];
  write(row.querySelector('.note'), notes.join(' · '));
  row.querySelector('.note').title = notes.join('\n');
  row.querySelector('.about').title = `${aboutOf(find)}${live ? `\n${place}` : ''}`;
}

/** The sightings of a find, which the server gives when they are asked for. */
export async function sightingsOf(id) {
  const answer = await fetch(`/api/finds/sightings?id=${encodeURIComponent(id)}&at_most=${SIGHTINGS}`);
  const told = await answer.json();
  if (!answer.ok) throw new Error(`${told.detail}`);
  return told;
}

/** A find's picture in an image, which is hidden where there is none. */
export function show(image, {thumbnail_url: url, name}) {
  image.hidden = !url;
  if (url && image.getAttribute('src') !== url) image.src = url;
  image.title = url ? `${name} as the camera saw it` : '';
}

/** What it may be and why, what to know of it, and what was decided so far, a line each. */
export function aboutOf({properties, state}) {
  const what = [properties.what, ...(properties.reasons ?? [])].filter(Boolean).join(', ');
  const history = (properties.history ?? []).map((each) => `${each.state} by ${each.by}: ${each.why}`);
  return [what, ...(properties.notes ?? []), ...history].filter(Boolean).join('\n') || state;
}

/** Scores of the network and of both are at most 1; what only contrast found is next to nothing there. */
const scored = (score) => (score > 0 && score < 0.01 ? 'score < 0.01' : `score ${score.toFixed(score < 1 ? 2 : 1)}`);

function seen(find, store) {
  const who = store.vehicles.get(`${find.vehicle}`)?.name ?? `Vehicle ${find.vehicle}`;
  const count = find.properties.sighting_count;
  return `${timeOfDay(find.seen_s)} · ${who}${count > 1 ? ` · ${count}×` : ''}`;
}

const joined = (parts) => parts.filter(Boolean).join(' · ');
