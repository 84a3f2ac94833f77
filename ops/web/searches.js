// Search maps: a row in the list, and over the map what the newest is worth so far and whether its figures are real.

import {write} from './dom.js';
import {timeOfDay} from './format.js';

const percent = (share) => `${(100 * share).toFixed(1)} %`;

export function updateSearch(row, search) {
  const shares = search.drawing.features.map((each) => each.properties.share).filter((each) => each);
  const lines = shares.map((each) => `${Math.round(100 * each)}`).reverse().join(', ');
  const madeUp = search.examples.length ? 'MADE-UP FIGURES, for training · ' : '';
  const {live} = search;
  row.classList.toggle('going-on', live !== null && !live.problem);
  write(row.querySelector('.name'), live ? `${search.name}, searched live` : search.name);
  const drawn = lines ? `lines hold ${lines} % of the chance · ${percent(search.outside)} is outside` : '';
  const worth = live ? searched(live) : passed(search.searched);
  write(row.querySelector('.about'), `${madeUp}${[worth, drawn].filter(Boolean).join('\n')}`);
}

/** Over the map, while it shows a search map: what stands in the list below may be out of sight. */
export function drawMapTitle(root, search, shown) {
  const title = root.querySelector('#map-title');
  title.hidden = !search || !shown;
  if (title.hidden) return;
  title.querySelector('.made-up').hidden = !search.examples.length;
  const {live, searched: done} = search;
  const pos = live ? live.cumulative_pos : done?.cumulative_pos;
  const left = live ? live.left : done?.left;
  const worth = pos === undefined ? '' : `POS of all searches ${percent(pos)} · ${percent(left)} of the chance is left`;
  write(title.querySelector('.worth'), [search.name, live?.problem && 'NOT COUNTED', worth].filter(Boolean).join(' · '));
}

/** What all passes that were counted were worth, and the last of them; nothing before the first. */
function passed(done) {
  if (!done) return '';
  const last = done.passes > 1 ? `, of the last of ${done.passes} passes ${percent(done.pos)}` : '';
  return `POS of all searches ${percent(done.cumulative_pos)}${last} · ${percent(done.left)} of the chance is left`;
}

/** What the live search was worth so far: never that nobody is there. */
function searched({pos, pod, poa, left, frames, problem, updated_s: updatedS}) {
  const when = updatedS === null ? '' : ` at ${timeOfDay(updatedS)}`;
  const figures = `${frames} frames${when}: looked at ${percent(poa)} of the chance with a POD of ${percent(pod)}\n`
    + `POS of this search ${percent(pos)} · ${percent(left)} of the chance is left`;
  return problem ? `NOT COUNTED: ${problem}\n${figures}` : figures;
}
