// A person decides on a find: what it turned out to be, who says so, and why.

import {element, write} from './dom.js';
import {aboutOf, show, sightingsOf} from './finds.js';

const KEPT = 'droneteam.name';

export class Deciding {
  #dialog;
  #refused;

  constructor(root) {
    this.#dialog = root.querySelector('#ask-find');
    this.#refused = root.querySelector('#find-refused');
    this.#dialog.querySelector('details').addEventListener('toggle', ({target}) => target.open && this.#list());
  }

  /** Ask what a find is, and tell the server; what it refuses is shown above the list. */
  async ask(find) {
    const dialog = this.#dialog;
    write(dialog.querySelector('h2'), `What is ${find.name}?`);
    write(dialog.querySelector('.about'), aboutOf(find));
    show(dialog.querySelector('.seen'), find);
    this.#prepare(find);
    const [why, who] = dialog.querySelectorAll('input');
    [why.value, who.value] = ['', kept()];
    const state = await answered(dialog);
    if (!state) return;
    keep(who.value.trim());
    const order = {id: find.id, state, by: who.value.trim(), why: why.value.trim()};
    const said = await sent(order);
    write(this.#refused, said);
    this.#refused.hidden = !said;
  }

  #find = null;

  #prepare(find) {
    this.#find = find;
    const count = find.properties.sighting_count ?? 0;
    const details = this.#dialog.querySelector('details');
    details.open = false;
    details.hidden = !count;
    write(details.querySelector('summary'), count === 1 ? 'Seen in 1 frame' : `Seen in ${count} frames`);
    details.querySelector('ol').replaceChildren();
  }

  async #list() {
    const {id} = this.#find;
    const list = this.#dialog.querySelector('details ol');
    try {
      const {count, sightings} = await sightingsOf(id);
      if (this.#find.id !== id) return;
      list.replaceChildren(...sightings.map(sighting));
      if (count > sightings.length) list.append(element('li', 'more', `and ${count - sightings.length} more`));
    } catch (error) {
      list.replaceChildren(element('li', 'more', error.message));
    }
  }
}

/** When, in which frame, how clearly: a row of the list of sightings. */
function sighting({time, frame, score, sha256}) {
  const row = element('li', '', element('time', '', (time ?? '').slice(11, 23)), element('span', 'frame', frame),
    element('span', '', score.toFixed(2)));
  row.title = `SHA-256 ${sha256}`;
  return row;
}

function answered(dialog) {
  dialog.answer = null;
  dialog.showModal();
  dialog.querySelector('input').focus();
  return new Promise((done) => {
    dialog.addEventListener('close', () => done(dialog.answer), {once: true});
  });
}

async function sent(order) {
  try {
    const answer = await fetch('/api/finds/review', {
      method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(order),
    });
    return answer.ok ? '' : `${(await answer.json()).detail}`;
  } catch {
    return 'The server did not hear that. Try again.';
  }
}

function kept() {
  try {
    return localStorage.getItem(KEPT) ?? '';
  } catch {
    return '';
  }
}

function keep(name) {
  try {
    localStorage.setItem(KEPT, name);
  } catch {
    // a browser that keeps nothing asks again next time
  }
}
