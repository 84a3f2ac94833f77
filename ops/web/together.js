// The finds that call together in one alarm: a list under it, the strong ones first, then the newest.

import {element, keyed, write} from './dom.js';
import {show} from './finds.js';
import {timeOfDay} from './format.js';

/** The alarm's rule. */
export const TOGETHER = 'warm_things';
const LISTED = 50;

/** A list to draw them in, folded until somebody opens it. */
export function togetherList() {
  return element('details', 'together', element('summary'), element('ul'));
}

export function drawTogether(details, finds, goTo) {
  details.hidden = !finds.length;
  write(details.querySelector('summary'), finds.length > LISTED
    ? `The first ${LISTED} of ${finds.length}` : `Show ${finds.length === 1 ? 'it' : `all ${finds.length}`}`);
  if (!details.open) return;
  keyed(details.querySelector('ul'), finds.slice(0, LISTED), (each) => each.id, () => row(goTo), update);
}

function row(goTo) {
  const picture = element('img', 'seen');
  picture.alt = '';
  picture.loading = 'lazy';
  const button = element('button', '', picture, element('span', 'name'), element('span', 'about'));
  button.type = 'button';
  const item = element('li', '', button);
  button.addEventListener('click', () => goTo(item.shown));
  return item;
}

function update(item, find) {
  item.shown = find;
  show(item.querySelector('.seen'), find);
  const {score, sighting_count: count} = find.properties;
  write(item.querySelector('.name'), find.name);
  write(item.querySelector('.about'), `${timeOfDay(find.firstS)} · score ${score.toFixed(2)} · ${count}×`);
}
