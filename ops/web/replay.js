// The time line of a replay: where it is, where it goes, and what is worth jumping to.

import {duration, timeOfDay, utcTime, dayOf, span} from './format.js';
import {element, keyed, write} from './dom.js';

const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];
const STEP_S = 10;
const LONG_STEP_S = 60;
const MARKS_APART_PX = 7;
const NEAR_PX = 8;
/** What is marked when there is room for one only. */
const WEIGHT = {find: 5, flight: 4, alarm: 3.5, battery: 3, link: 2, arming: 2, mode: 1, status_text: 1};
/** Just before a moment, so that it is seen to happen. */
const LEAD_S = 0.5;
/** What was on its way before an order tells the time from before it: for so long, and so far off, it is not believed. */
const STALE_FOR_MS = 3000;
const REACHED_S = 0.25;

export class TimeLine extends EventTarget {
  #root;
  #store;
  #line = null;
  #wantedS = null;
  #order = null;
  #sending = false;
  #wantedAtMs = 0;
  #shownWidth = 0;

  constructor(root, store) {
    super();
    this.#root = root;
    this.#store = store;
    const speed = this.#find('#speed');
    for (const each of SPEEDS) speed.append(new Option(`${each}×`, `${each}`));
    speed.addEventListener('change', () => this.#send({speed: Number(speed.value)}));
    this.#find('#play').addEventListener('click', () => this.#toggle());
    this.#find('#back').addEventListener('click', () => this.#moveBy(-STEP_S));
    this.#find('#ahead').addEventListener('click', () => this.#moveBy(STEP_S));
    this.#find('#before').addEventListener('click', () => this.#toMoment(-1));
    this.#find('#after').addEventListener('click', () => this.#toMoment(1));
    const slider = this.#find('#slider');
    slider.addEventListener('input', () => this.#seek(Number(slider.value)));
    const bar = this.#find('#bar');
    bar.addEventListener('pointermove', (event) => this.#hover(event.clientX));
    bar.addEventListener('pointerleave', () => { this.#find('#hover').hidden = true; });
  }

  /** The moments and gaps; asked for once, they do not change. */
  take(line) {
    this.#line = line;
    this.#shownWidth = 0;
    const slider = this.#find('#slider');
    [slider.min, slider.max] = [line.begin_s, line.end_s];
    this.draw();
  }

  /** Draw where the replay is. */
  draw() {
    const {replay} = this.#store;
    this.#find('#replay').hidden = replay === null;
    if (replay === null) return;
    const nowS = this.#wantedS ?? this.#store.now();
    const slider = this.#find('#slider');
    slider.value = nowS;
    slider.setAttribute('aria-valuetext', `${utcTime(nowS)} UTC`);
    const share = (nowS - replay.begin_s) / Math.max(1e-6, replay.end_s - replay.begin_s);
    this.#find('#bar').style.setProperty('--played', `${100 * Math.min(1, Math.max(0, share))}%`);
    write(this.#find('#utc'), `${utcTime(nowS)} UTC`);
    write(this.#find('#local'), `${timeOfDay(nowS)} here · ${dayOf(nowS)}`);
    write(this.#find('#played'), `${span(nowS - replay.begin_s)} of ${span(replay.end_s - replay.begin_s)}`);
    const play = this.#find('#play');
    play.dataset.playing = String(replay.playing);
    play.setAttribute('aria-label', replay.playing ? 'Pause (space)' : 'Play (space)');
    play.title = play.getAttribute('aria-label');
    const speed = this.#find('#speed');
    if (document.activeElement !== speed || Number(speed.value) !== replay.speed) setSpeed(speed, replay.speed);
    this.#find('#behind').hidden = !replay.behind;
    this.#drawMarks();
  }

  /** Whether a key was for the time line. */
  key(event) {
    if (this.#store.replay === null) return false;
    const onButton = event.target.closest?.('button, select, a, summary');
    const act = {
      ' ': onButton ? null : () => this.#toggle(),
      ArrowLeft: () => this.#moveBy(event.shiftKey ? -LONG_STEP_S : -STEP_S),
      ArrowRight: () => this.#moveBy(event.shiftKey ? LONG_STEP_S : STEP_S),
      ',': () => this.#toMoment(-1),
      '.': () => this.#toMoment(1),
      '+': () => this.#changeSpeed(1),
      '-': () => this.#changeSpeed(-1),
      Home: () => this.#seek(this.#store.replay.begin_s),
    }[event.key];
    if (!act || (event.target.matches?.('select') && event.key.startsWith('Arrow'))) return false;
    act();
    return true;
  }

  /** A message of the stream came: what was wanted is now shown, or overtaken. */
  arrived() {
    if (!this.#sending && this.#order === null && this.#wantedS !== null && this.#reached()) this.#wantedS = null;
    this.draw();
  }

  /** Whether the time shown is what was wanted, gone on since; one from before the order is not. */
  #reached() {
    const {playing, speed} = this.#store.replay ?? {};
    const passedMs = performance.now() - this.#wantedAtMs;
    const beyondS = this.#store.now() - this.#wantedS;
    const goneOnS = playing ? passedMs / 1000 * speed : 0;
    return (beyondS > -REACHED_S && beyondS < REACHED_S + goneOnS) || passedMs > STALE_FOR_MS;
  }

  #find(selector) {
    return this.#root.querySelector(selector);
  }

  #toggle() {
    this.#send({playing: !this.#store.replay.playing});
  }

  #moveBy(seconds) {
    this.#seek((this.#wantedS ?? this.#store.now()) + seconds);
  }

  #seek(timeS) {
    const {begin_s: begin, end_s: end} = this.#store.replay;
    this.#wantedS = Math.min(end, Math.max(begin, timeS));
    this.#wantedAtMs = performance.now();
    this.#send({seek_s: this.#wantedS});
    this.draw();
  }

  #changeSpeed(by) {
    const {speed} = this.#store.replay;
    const next = by > 0 ? SPEEDS.find((each) => each > speed) : SPEEDS.findLast((each) => each < speed);
    if (next) this.#send({speed: next});
  }

  #toMoment(by) {
    if (!this.#line) return;
    const nowS = this.#wantedS ?? this.#store.now();
    const times = this.#line.moments.map((each) => each.time_s - LEAD_S);
    const found = by > 0 ? times.find((each) => each > nowS + 0.1) : times.findLast((each) => each < nowS - 1);
    if (found !== undefined) this.#seek(found);
  }

  /** One order at a time; what came up meanwhile is one order more, the newest of each kind. */
  async #send(order) {
    this.#order = {...this.#order, ...order};
    if (this.#sending) return;
    this.#sending = true;
    try {
      while (this.#order !== null) {
        const next = this.#order;
        this.#order = null;
        await post(next);
      }
      this.dispatchEvent(new CustomEvent('trouble', {detail: null}));
    } catch (error) {
      this.#order = null;
      this.#wantedS = null;
      this.dispatchEvent(new CustomEvent('trouble', {detail: error.message}));
    } finally {
      this.#sending = false;
    }
  }

  #hover(clientX) {
    if (!this.#line) return;
    const box = this.#find('#bar').getBoundingClientRect();
    const {begin_s: begin, end_s: end} = this.#line;
    const at = Math.min(1, Math.max(0, (clientX - box.left) / box.width));
    const timeS = begin + at * (end - begin);
    const perPx = (end - begin) / box.width;
    const near = this.#line.moments
      .map((each) => ({...each, away: Math.abs(each.time_s - timeS)}))
      .filter((each) => each.away < NEAR_PX * perPx)
      .sort((a, b) => WEIGHT[b.kind] - WEIGHT[a.kind] || a.away - b.away)[0];
    const gap = this.#line.gaps.find((each) => timeS >= each.begin_s && timeS <= each.end_s);
    const about = near ? tell(near) : gap ? `nothing received for ${duration(gap.end_s - gap.begin_s)}` : '';
    const hover = this.#find('#hover');
    write(hover, [`${utcTime(timeS)} UTC`, about].filter(Boolean).join('  '));
    hover.style.left = `${Math.min(93, Math.max(7, 100 * at))}%`;
    hover.hidden = false;
  }

  /** Drawn again only for another width: the gaps, and the weightiest of moments that are near one another. */
  #drawMarks() {
    const width = this.#find('#bar').clientWidth;
    if (!this.#line || width === this.#shownWidth || !width) return;
    this.#shownWidth = width;
    const {begin_s: begin, end_s: end, gaps, moments} = this.#line;
    const place = (timeS) => 100 * (timeS - begin) / Math.max(1e-6, end - begin);
    keyed(this.#find('#gaps'), gaps, (each) => `${each.begin_s}`, () => element('li'), (item, each) => {
      item.style.left = `${place(each.begin_s)}%`;
      item.style.width = `${place(each.end_s) - place(each.begin_s)}%`;
    });
    const taken = [];
    const weighty = [...moments].sort((a, b) => weightOf(b) - weightOf(a) || a.time_s - b.time_s).filter((each) => {
      const x = place(each.time_s) / 100 * width;
      if (taken.some((other) => Math.abs(other - x) < MARKS_APART_PX)) return false;
      taken.push(x);
      return true;
    });
    const inOrder = weighty.sort((a, b) => a.time_s - b.time_s);
    keyed(this.#find('#marks'), inOrder, (each) => `${each.time_s} ${each.kind} ${each.vehicle}`,
      (each) => this.#mark(each), (item, each) => { item.style.left = `${place(each.time_s)}%`; });
  }

  #mark(moment) {
    const button = element('button', `mark ${moment.kind} ${moment.severity}`);
    button.type = 'button';
    button.tabIndex = -1;
    button.title = `${utcTime(moment.time_s)} UTC  ${tell(moment)}`;
    button.setAttribute('aria-label', button.title);
    button.addEventListener('click', () => this.#seek(moment.time_s - LEAD_S));
    return element('li', '', button);
  }
}

const tell = ({name, text}) => (name ? `${name}: ${text}` : text);
const weightOf = (moment) => WEIGHT[moment.kind] + (moment.severity === 'warning' ? 2 : 0);

function setSpeed(select, speed) {
  if (![...select.options].some((each) => Number(each.value) === speed)) select.append(new Option(`${speed}×`, `${speed}`));
  select.value = `${speed}`;
}

async function post(order) {
  const response = await fetch('/api/replay', {
    method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(order)});
  if (!response.ok) throw new Error((await response.json()).detail ?? `${response.status}`);
}
