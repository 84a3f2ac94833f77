// The alarms above the lists: what calls, who has it, and what is on the shelf.

import {Asking} from './asking.js';
import {Bell} from './bell.js';
import {element, keyed, write} from './dom.js';
import {duration, utcTime} from './format.js';
import {drawTogether, TOGETHER, togetherList} from './together.js';

const PRIORITIES = ['high', 'medium', 'low'];
/** Where the alarms of a replay come from, in full. */
const SOURCES = {
  recorded: 'What the service called then and who took it, from the journal of alarms beside the recording. '
    + 'Texts and figures are those of the last change.',
  recomputed: 'No alarms were recorded then. These are what the rules of today find in the recording. '
    + 'Nobody acknowledges them, so what is over stays in the list.',
};
const WORDS = {high: 'HIGH', medium: 'MED', low: 'LOW'};

export class Alarms extends EventTarget {
  #root;
  #store;
  #asking;
  #bell = new Bell();
  #shelfOpen = false;

  constructor(root, store) {
    super();
    this.#root = root;
    this.#store = store;
    this.#asking = new Asking(root);
    this.#asking.addEventListener('name', () => this.#drawName());
    this.#find('#alarm-name').addEventListener('click', () => this.#asking.askName());
    this.#find('#alarm-sound').addEventListener('click', () => this.#switchSound());
    this.#find('#shelf-title').addEventListener('click', () => {
      this.#shelfOpen = !this.#shelfOpen;
      this.draw();
    });
    this.#drawName();
  }

  /** New alarms came: draw them, and sound for what is new and grave. */
  arrived() {
    const {alarms} = this.#store;
    this.draw();
    if (alarms === null) return;
    const news = this.#bell.news(alarms.active);
    if (news.length) write(this.#find('#alarm-news'), news.map((each) => this.#sentence(each)).join('. '));
  }

  /** Draw the lists, with how long each has stood by now. */
  draw() {
    const {alarms} = this.#store;
    this.#find('#alarms-section').hidden = alarms === null;
    if (alarms === null) return;
    const {active, shelved} = alarms;
    const focused = [leaveOut(this.#find('#alarms'), active), leaveOut(this.#find('#shelf'), shelved)].includes(true);
    keyed(this.#find('#alarms'), active, keyOf, (each) => this.#row(each), (row, each) => this.#update(row, each));
    keyed(this.#find('#shelf'), shelved, keyOf, (each) => this.#shelfRow(each), (row, each) => this.#updateShelf(row, each));
    if (focused) this.#focusNear();
    this.#drawHead(active, alarms.flood);
    this.#drawShelf(shelved);
    this.#drawNotes(alarms);
  }

  #drawHead(active, flood) {
    this.#find('#no-alarms').hidden = active.length > 0;
    for (const priority of PRIORITIES) {
      const some = active.filter((each) => each.priority === priority);
      const count = this.#find(`#alarm-counts .${priority}`);
      count.hidden = !some.length;
      count.title = `${some.length} of ${priority} priority`;
      write(count.querySelector('b'), `${some.length}`);
    }
    this.#find('#alarm-flood').hidden = !flood;
  }

  #drawShelf(shelved) {
    const title = this.#find('#shelf-title');
    title.hidden = !shelved.length;
    title.title = 'How long until the first of them comes back';
    title.setAttribute('aria-expanded', String(this.#shelfOpen));
    const next = shelved[0] ? `, ${this.#left(shelved[0])}` : '';
    write(title, `${shelved.length} shelved${next}`);
    this.#find('#shelf').hidden = !this.#shelfOpen || !shelved.length;
  }

  #drawNotes({doubles, problem, recorded, replayed, active, shelved}) {
    keyed(this.#find('#alarm-doubles'), doubles, (each) => `${each.vehicle}`,
      (each) => element('li', '', each.text), () => {});
    const note = this.#find('#alarm-problem');
    write(note, problem);
    note.hidden = !problem;
    this.#find('#alarm-unrecorded').hidden = recorded || replayed !== null;
    this.#find('#alarm-name').hidden = replayed !== null;
    this.#find('#alarm-foot').hidden = !shelved.length && (!active.length || replayed !== null);
    const source = this.#find('#alarm-source');
    source.hidden = replayed === null;
    write(source, replayed === null ? '' : sourceOf(replayed));
    source.title = replayed === null ? '' : SOURCES[replayed.source];
  }

  #row({vehicle, rule, subject}) {
    const button = element('button', 'alarm',
      element('span', 'sign'), element('span', 'name'), element('span', 'age'), element('span', 'text'));
    button.type = 'button';
    const detail = {key: `${vehicle}`, find: rule === 'find' ? subject : null};
    button.addEventListener('click', () => this.dispatchEvent(new CustomEvent('select', {detail})));
    const take = element('button', 'take', 'Acknowledge');
    const shelve = element('button', 'put', 'Shelve…');
    for (const each of [take, shelve]) each.type = 'button';
    const row = element('li', '', button, element('span', 'acts', take, element('span', 'whose'), shelve));
    if (rule === TOGETHER) row.append(togetherList());
    take.addEventListener('click', () => (row.some?.length ? this.#seen(row) : this.#acknowledge(row)));
    shelve.addEventListener('click', () => this.#shelve(row));
    return row;
  }

  #update(row, alarm) {
    row.alarm = alarm;
    const part = (name) => row.querySelector(`.${name}`);
    const taken = alarm.state === 'acknowledged';
    const over = alarm.state === 'returned unacknowledged';
    row.className = `${alarm.priority}${alarm.calls ? ' calls' : ''}${taken ? ' taken' : ''}${over ? ' over' : ''}`;
    write(part('sign'), WORDS[alarm.priority]);
    write(part('name'), this.#nameOf(alarm));
    write(part('age'), duration(this.#store.now() - (alarm.raised_s ?? alarm.since_s)));
    write(part('text'), `${over ? 'over, ' : ''}${said(alarm)}`);
    part('text').title = said(alarm);
    part('alarm').setAttribute('aria-pressed', String(this.#store.selected === `${alarm.vehicle}`));
    write(part('whose'), taken ? `✓ ${alarm.who}` : '');
    part('take').hidden = taken || this.#readOnly;
    part('whose').title = taken ? `Acknowledged by ${alarm.who}` : '';
    part('take').setAttribute('aria-label', `Acknowledge: ${this.#sentence(alarm)}`);
    part('put').hidden = !alarm.shelve_max_s;
    part('put').setAttribute('aria-label', `Shelve: ${this.#sentence(alarm)}`);
    if (alarm.rule === TOGETHER) this.#updateTogether(row, alarm);
  }

  /** The finds that call together, the newest first, each a way to its place. */
  #updateTogether(row, alarm) {
    row.some = this.#store.together(alarm.vehicle);
    const take = row.querySelector('.take');
    write(take, row.some.length ? `All ${row.some.length} seen…` : 'Acknowledge');
    drawTogether(row.querySelector('.together'), row.some, (find) => this.dispatchEvent(
      new CustomEvent('select', {detail: {key: `${alarm.vehicle}`, find: find.name}})));
  }

  /** Acknowledge the finds that are listed now; what comes while somebody writes goes on calling. */
  async #seen(row) {
    const {vehicle} = row.alarm;
    const ids = row.some.map((each) => each.id);
    const asked = await this.#asking.askSeen(`${ids.length} of ${this.#nameOf(row.alarm)}. They stay in the list of finds, `
      + 'and one that turns out clearer calls by itself.');
    if (!asked) return;
    this.#complain(await sent('/api/finds/acknowledge', {vehicle, ids, by: asked.who, why: asked.why}));
  }

  #shelfRow() {
    const back = element('button', 'put', 'Take off');
    back.type = 'button';
    const row = element('li', '',
      element('span', 'sign'), element('span', 'name'), element('span', 'age'), element('span', 'text'), back);
    back.addEventListener('click', () => this.#order(row, 'unshelve', {}));
    return row;
  }

  #updateShelf(row, alarm) {
    row.alarm = alarm;
    const part = (name) => row.querySelector(`.${name}`);
    row.className = alarm.priority;
    write(part('sign'), WORDS[alarm.priority]);
    write(part('name'), this.#nameOf(alarm));
    write(part('age'), `${this.#left(alarm)} left`);
    write(part('text'), `${said(alarm)} – ${alarm.who}: ${alarm.why}`);
    part('put').hidden = this.#readOnly;
    part('put').setAttribute('aria-label', `Take off the shelf: ${this.#sentence(alarm)}`);
  }

  async #acknowledge(row) {
    if (this.#asking.name || await this.#asking.askName()) await this.#order(row, 'acknowledge', {});
  }

  async #shelve(row) {
    const asked = await this.#asking.askShelf(this.#sentence(row.alarm), row.alarm.shelve_max_s);
    if (asked) await this.#order(row, 'shelve', {why: asked.why, for_s: asked.forS});
  }

  async #order(row, act, more) {
    if (!this.#asking.name && !await this.#asking.askName()) return;
    const {vehicle, rule, subject} = row.alarm;
    const buttons = row.querySelectorAll('.take, .put');
    for (const each of buttons) each.disabled = true;
    this.#complain(await sent(`/api/alarms/${act}`, {vehicle, rule, subject, who: this.#asking.name, ...more}));
    for (const each of buttons) each.disabled = false;
  }

  #complain(text) {
    const shown = this.#find('#alarm-refused');
    write(shown, text);
    shown.hidden = !text;
  }

  #switchSound() {
    const on = this.#bell.toggle();
    const button = this.#find('#alarm-sound');
    button.setAttribute('aria-pressed', String(on));
    write(button, on ? 'Sound on' : 'Sound off');
  }

  #drawName() {
    write(this.#find('#alarm-name'), this.#asking.name || 'Your name…');
  }

  /** The alarm that was looked at is gone: go on with the first that is there. */
  #focusNear() {
    (this.#find('#alarms .take:not([hidden])') ?? this.#find('#alarms .alarm') ?? this.#find('#alarm-name')).focus();
  }

  /** In a replay: what is over cannot be acted upon. */
  get #readOnly() {
    return this.#store.alarms.replayed !== null;
  }

  #left(alarm) {
    return duration(Math.max(0, (alarm.until_s ?? 0) - this.#store.now()));
  }

  #nameOf({vehicle}) {
    return this.#store.vehicles.get(`${vehicle}`)?.name ?? `Vehicle ${vehicle}`;
  }

  #sentence(alarm) {
    return `${alarm.priority} priority, ${this.#nameOf(alarm)}, ${said(alarm)}`;
  }

  #find(selector) {
    return this.#root.querySelector(selector);
  }
}

const said = ({rule, text}) => `${rule.replaceAll('_', ' ')}: ${text}`;
/** Where the alarms of a replay come from, in a line. */
function sourceOf({source, upto_s: uptoS, rules}) {
  if (source === 'recorded') return 'As recorded then';
  const so = uptoS === null ? '' : `, so far up to ${utcTime(uptoS)} UTC`;
  return `Not recorded then; found again by ${rules}${so}`;
}

const keyOf = ({vehicle, rule, subject}) => `${vehicle} ${rule} ${subject}`;

/** Take away what is gone, so that what stays need not move and keeps its focus; whether what had it is gone. */
function leaveOut(list, alarms) {
  const there = new Set(alarms.map(keyOf));
  const gone = [...list.children].filter((each) => !there.has(each.dataset.key));
  const focused = gone.some((each) => each.contains(document.activeElement));
  for (const each of gone) each.remove();
  return focused;
}

/** Send an order; gives why it was refused, or nothing. */
async function sent(url, order) {
  try {
    const answer = await fetch(url, {
      method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(order),
    });
    if (answer.ok) return '';
    const {detail} = await answer.json();
    return `${detail}`;
  } catch {
    return 'The server did not hear that. Try again.';
  }
}
