// A person decides on a find: what it turned out to be, who says so, and why.

import {write} from './dom.js';
import {aboutOf, show} from './finds.js';

const KEPT = 'droneteam.name';

export class Deciding {
  #dialog;
  #refused;

  constructor(root) {
    this.#dialog = root.querySelector('#ask-find');
    this.#refused = root.querySelector('#find-refused');
  }

  /** Ask what a find is, and tell the server; what it refuses is shown above the list. */
  async ask(find) {
    const dialog = this.#dialog;
    write(dialog.querySelector('h2'), `What is ${find.name}?`);
    write(dialog.querySelector('.about'), aboutOf(find));
    show(dialog.querySelector('.seen'), find);
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
