// Asks a person for a name, once, and for what it takes to shelve an alarm.

import {write} from './dom.js';

const KEPT = 'droneteam.name';
const SHORTEST_S = 300;

export class Asking extends EventTarget {
  name = kept();
  #root;

  constructor(root) {
    super();
    this.#root = root;
    for (const dialog of root.querySelectorAll('dialog.asking')) {
      dialog.querySelector('.cancel').addEventListener('click', () => dialog.close());
      dialog.querySelector('form').addEventListener('submit', (event) => {
        event.preventDefault(); // nothing is sent: the answer is read here
        dialog.answer = event.submitter?.value ?? '';
        dialog.close();
      });
    }
  }

  /** Ask for the name that stands with what this person does; gives it, or nothing. */
  async askName() {
    const dialog = this.#find('#ask-name');
    const field = dialog.querySelector('input');
    field.value = this.name;
    if (await answered(dialog) === null) return '';
    this.#keep(field.value);
    return this.name;
  }

  /** Ask why an alarm is to be hidden and for how long; gives both, or null. */
  async askShelf(about, mostS) {
    const dialog = this.#find('#ask-shelf');
    write(dialog.querySelector('.about'), about);
    const [why, who] = dialog.querySelectorAll('input');
    [why.value, who.value] = ['', this.name];
    const [first, ...others] = dialog.querySelectorAll('button[value]');
    first.value = `${Math.min(SHORTEST_S, mostS)}`;
    write(first, mostS < SHORTEST_S ? `${minutes(mostS)}, the most` : minutes(SHORTEST_S));
    for (const each of others) each.hidden = Number(each.value) > mostS;
    const answer = await answered(dialog);
    if (answer === null) return null;
    this.#keep(who.value);
    return {why: why.value.trim(), forS: Number(answer)};
  }

  /** Ask why many finds need no more; gives who says so and why, or null. */
  async askSeen(about) {
    const dialog = this.#find('#ask-seen');
    write(dialog.querySelector('.about'), about);
    const [why, who] = dialog.querySelectorAll('input');
    [why.value, who.value] = ['', this.name];
    if (await answered(dialog) === null) return null;
    this.#keep(who.value);
    return {why: why.value.trim(), who: this.name};
  }

  /** Ask for a note; gives it, which may be empty, or null. */
  async askNote(about, before) {
    const dialog = this.#find('#ask-note');
    const field = dialog.querySelector('input');
    write(dialog.querySelector('.about'), about);
    field.value = before;
    return await answered(dialog) === null ? null : field.value.trim();
  }

  #keep(name) {
    this.name = name.trim();
    try {
      localStorage.setItem(KEPT, this.name);
    } catch {
      // a browser that keeps nothing asks again next time
    }
    this.dispatchEvent(new Event('name'));
  }

  #find(selector) {
    return this.#root.querySelector(selector);
  }
}

/** The value of the button that was chosen, or null where the dialog was left. */
function answered(dialog) {
  dialog.answer = null;
  dialog.showModal();
  dialog.querySelector('input').select();
  return new Promise((done) => {
    dialog.addEventListener('close', () => done(dialog.answer), {once: true});
  });
}

const minutes = (seconds) => `${Math.round(seconds / 60) || 1} min`;

function kept() {
  try {
    return localStorage.getItem(KEPT) ?? '';
  } catch {
    return '';
  }
}
