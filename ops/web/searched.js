// What the searches of frames say of themselves, above the finds: an empty list is no empty ground.

import {element, keyed, write} from './dom.js';

/** A line for each search whose place no newer one took; what was not placed, and its notes, stand out. */
export function drawSearched(root, store) {
  const shown = store.searched.filter((each) => !each.searched_again);
  const list = root.querySelector('#searched');
  list.hidden = !shown.length;
  keyed(list, shown, (each) => each.source, searchedRow, updateSearched);
  root.querySelector('#no-finds').hidden = !shown.length || store.finds.length > 0;
}

function searchedRow() {
  const summary = element('summary', '', element('span', 'name'), element('span', 'about'), element('span', 'trouble'));
  return element('li', '', element('details', '', summary, element('ul', 'all')));
}

function updateSearched(row, each) {
  const troubles = troublesOf(each);
  row.classList.toggle('in-doubt', troubles.length > 0);
  row.title = [each.source, ...troubles].join('\n');
  write(row.querySelector('.name'), each.source.split('/').at(-1).replace(/\.geojson$/, ''));
  const frames = each.live ? 'searched live' : `${each.frames_placed} of ${each.frames_read} frames placed`;
  write(row.querySelector('.about'), `${frames} · ${each.finds} finds`);
  write(row.querySelector('.trouble'), troubles.join(' · '));
  keyed(row.querySelector('.all'), troubles, (text) => text, (text) => element('li', '', text), () => {});
}

/** Frames that are missing, then whatever else changes how the finds are to be read. */
function troublesOf({not_placed: notPlaced, not_read: notRead, notes}) {
  const missing = (rows, what) => rows.map(({reason, frames}) => `${frames} ${what}: ${reason}`);
  return [...missing(notPlaced, 'not placed'), ...missing(notRead, 'not read'), ...notes];
}
