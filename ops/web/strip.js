// The chosen point in every photo that shows it: cut-outs round the place where it is expected, to click in.

import {element, keyed, write} from './dom.js';
import {sigmaOf} from './marking-store.js';
import {ellipse, pin, ring, shift} from './pins.js';
import {fitted, Windows} from './windows.js';

const MOST_CELLS = 60;
const LEAST_HALF_PX = 14;
const MOST_HALF_PX = 500;
const NUDGE_PX = 0.1;
const KEEP_AFTER_MS = 500;
const LOUPE = 4;
const CHOOSE = 'Choose a point in the list: every photo that shows it is cut out here, round the place where it is expected. Click where it is.';

export class Strip {
  #root;
  #store;
  #windows = new Windows(() => this.draw());
  #views = new Map(); // photo -> where its cell looks, and a mark that is being nudged
  #loupe = null; // {photo, at}
  #waiting = false;
  #keeping = 0;
  #order = []; // of the photos, as they came first: cells do not move under a hand

  constructor(root, store) {
    this.#root = root;
    this.#store = store;
    store.addEventListener('selected', () => this.#anew());
    for (const name of ['predictions', 'report', 'busy']) store.addEventListener(name, () => this.#update());
    new ResizeObserver(() => this.draw()).observe(root);
  }

  get settled() {
    return this.#windows.settled && !this.#waiting;
  }

  /** Where a cell shows a pixel of its photo, CSS pixels from its corner; for those who look from outside. */
  screen(photo, px) {
    const cell = this.#cell(photo);
    return cell && this.#onCell(cell.querySelector('canvas'), this.#view(photo), px);
  }

  get #waits() {
    return this.#store.predictions === null;
  }

  #anew() {
    this.#views.clear();
    this.#order = [];
    this.#loupe = null;
    this.#root.querySelector('#cells').scrollTop = 0;
    this.#update();
  }

  #update() {
    const store = this.#store;
    // What is known better now is looked at more closely, but for cells that somebody zoomed.
    for (const [photo, view] of this.#views) {
      if (!view.zoomed && !view.nudged && !view.putting) this.#views.delete(photo);
    }
    const point = store.point_;
    const marked = new Map(point?.marks.map((each) => [each.photo, each]) ?? []);
    const predictions = store.predictions ?? [];
    const foreseen = new Set(predictions.map((each) => each.photo));
    const astray = [...marked.values()].filter((each) => !foreseen.has(each.photo))
      .map(({photo, x_px, y_px}) => ({photo, x_px, y_px, ellipse_px: [0, 0], ellipse_deg: 0}));
    const shown = point ? this.#inOrder([...predictions, ...astray].slice(0, MOST_CELLS)) : [];
    const find = (selector) => this.#root.querySelector(selector);
    write(find('#strip-title'), !point ? 'No point chosen'
      : `${point.name}: marked in ${point.marks.length} of ${Math.max(point.shown_in, point.marks.length)} photos`);
    find('#strip-empty').hidden = shown.length > 0;
    write(find('#strip-empty'), !point ? CHOOSE : this.#waits ? '' : `No photo is expected to show ${point.name}. If one does, mark it there: choose the photo above the picture, and Mark.`);
    find('#keys').hidden = find('#loupe').hidden = !shown.length;
    const match = find('#match');
    match.hidden = !point?.marks.some((each) => !each.matched) || shown.every((each) => marked.has(each.photo));
    match.disabled = Boolean(store.busy);
    const role = find('#role');
    role.hidden = point?.role !== 'control' && point?.role !== 'check';
    role.disabled = Boolean(store.busy);
    write(role, point?.role === 'check' ? 'Make it control' : 'Make it a check');
    role.title = point?.role === 'check' ? 'It shapes the adjustment from then on' : 'It takes no part from then on: the scene is compared with it';
    find('#note').hidden = find('#forget').hidden = point?.kind !== 'measure';
    keyed(find('#cells'), shown, (each) => each.photo, (each) => this.#made(each.photo), (cell, each) => {
      const mark = marked.get(each.photo);
      cell.dataset.state = !mark ? 'open' : mark.matched ? 'matched' : 'marked';
      write(cell.querySelector('.name'), each.photo);
      const words = about(mark, each, store.missedIn(point.kind, point.name, each.photo), store.notCentred(point.kind, point.name, each.photo));
      write(cell.querySelector('.about'), words);
      cell.querySelector('canvas').setAttribute('aria-label',
        `${point.name} in ${each.photo}: ${words}. Arrows nudge, space marks, enter goes on, delete removes.`);
    });
    this.draw();
  }

  #inOrder(shown) {
    this.#order.push(...shown.map((each) => each.photo).filter((each) => !this.#order.includes(each)));
    return shown.sort((a, b) => this.#order.indexOf(a.photo) - this.#order.indexOf(b.photo));
  }

  #made(photo) {
    const canvas = element('canvas');
    canvas.tabIndex = 0;
    canvas.setAttribute('role', 'application');
    canvas.addEventListener('pointerdown', (event) => {
      event.preventDefault();
      canvas.focus({preventScroll: true, focusVisible: false});
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener('pointermove', (event) => this.#look(photo, this.#ofCell(canvas, photo, event)));
    canvas.addEventListener('pointerup', (event) => {
      if (event.button === 0 && canvas.hasPointerCapture(event.pointerId)) {
        this.#mark(photo, this.#ofCell(canvas, photo, event), !event.altKey);
      }
    });
    canvas.addEventListener('wheel', (event) => {
      event.preventDefault();
      this.#zoom(photo, event.deltaY < 0 ? 1.25 : 0.8, this.#ofCell(canvas, photo, event));
    }, {passive: false});
    canvas.addEventListener('keydown', (event) => this.#key(photo, event));
    canvas.addEventListener('focus', () => this.#look(photo, this.#shownAt(photo)));
    canvas.addEventListener('blur', () => this.#keepNow(photo));
    return element('li', 'cell', canvas, element('span', 'name'), element('span', 'about'));
  }

  #cell(photo) {
    return [...this.#root.querySelectorAll('.cell')].find((each) => each.dataset.key === photo);
  }

  #prediction(photo) {
    return this.#store.predictions?.find((each) => each.photo === photo);
  }

  #markIn(photo) {
    const {selected} = this.#store;
    return selected && this.#store.markOf(selected.kind, selected.name, photo);
  }

  /** The pixel that a cell is about: where the mark is being put, where it is, or where it is expected. */
  #shownAt(photo) {
    const nudged = this.#views.get(photo)?.nudged;
    const at = this.#markIn(photo) ?? this.#prediction(photo);
    return nudged ?? (at ? [at.x_px, at.y_px] : [0, 0]);
  }

  #view(photo) {
    let view = this.#views.get(photo);
    if (!view) {
      const axis = this.#markIn(photo) ? 0 : this.#prediction(photo)?.ellipse_px[0] ?? 0;
      view = {centre: this.#shownAt(photo), half: Math.min(MOST_HALF_PX, Math.max(LEAST_HALF_PX, 1.15 * axis + 8))};
      this.#views.set(photo, view);
    }
    return view;
  }

  #onCell(canvas, view, px) {
    const scale = canvas.clientWidth / (2 * view.half);
    return [canvas.clientWidth / 2 + (px[0] - view.centre[0]) * scale,
      canvas.clientHeight / 2 + (px[1] - view.centre[1]) * scale];
  }

  #ofCell(canvas, photo, event) {
    const view = this.#view(photo);
    const scale = canvas.clientWidth / (2 * view.half);
    return [view.centre[0] + (event.offsetX - canvas.clientWidth / 2) / scale,
      view.centre[1] + (event.offsetY - canvas.clientHeight / 2) / scale];
  }

  #look(photo, at) {
    this.#loupe = {photo, at};
    this.draw();
  }

  #zoom(photo, factor, at) {
    const view = this.#view(photo);
    const half = Math.min(MOST_HALF_PX, Math.max(4, view.half / factor));
    view.centre = view.centre.map((each, axis) => at[axis] + (each - at[axis]) * half / view.half);
    view.half = half;
    view.zoomed = true;
    this.draw();
  }

  /** Mark a pixel; what people put to control there goes to the centre of the target under it. */
  async #mark(photo, at, centre = false) {
    const {selected} = this.#store;
    const canvas = this.#cell(photo)?.querySelector('canvas');
    if (!selected || !canvas) return;
    const sigma_px = sigmaOf(2 * this.#view(photo).half / canvas.clientWidth);
    const view = this.#view(photo);
    view.nudged = at;
    view.toCentre = centre && selected.kind === 'control';
    if (view.putting) return; // what is being put is followed by where it is now
    view.putting = true;
    while (view.nudged && this.#store.selected === selected) {
      const [x_px, y_px] = view.nudged;
      const put = view.nudged;
      const done = await this.#store.mark(selected.kind, selected.name, photo, {x_px, y_px, sigma_px}, {centre: view.toCentre});
      if (!done || view.nudged === put) delete view.nudged;
    }
    view.putting = false;
    this.#update();
    if (this.#views.has(photo)) this.#look(photo, this.#shownAt(photo));
  }

  #key(photo, event) {
    const step = event.shiftKey ? 1 : NUDGE_PX;
    const moves = {ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step]};
    if (event.ctrlKey || event.metaKey) return;
    if (moves[event.key]) this.#nudge(photo, moves[event.key]);
    else if (event.key === 'Enter') this.#next(photo);
    else if (event.key === ' ') this.#markShown(photo, !event.altKey);
    else if (event.key === 'Delete' || event.key === 'Backspace') this.#remove(photo);
    else if (event.key === '+' || event.key === '=') this.#zoom(photo, 1.25, this.#shownAt(photo));
    else if (event.key === '-') this.#zoom(photo, 0.8, this.#shownAt(photo));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Mark where the cell's cross is; a centre that nobody moved since stays one. */
  #markShown(photo, centre) {
    const mark = this.#markIn(photo);
    if (mark?.click && !this.#views.get(photo)?.nudged) return;
    this.#mark(photo, this.#shownAt(photo), centre && !mark);
  }

  /** Move the mark a little; it is kept once the keys rest. */
  #nudge(photo, by) {
    const view = this.#view(photo);
    view.nudged = this.#shownAt(photo).map((each, axis) => each + by[axis]);
    this.#look(photo, view.nudged);
    clearTimeout(this.#keeping);
    this.#keeping = setTimeout(() => this.#keepNow(photo), KEEP_AFTER_MS);
  }

  async #keepNow(photo) {
    clearTimeout(this.#keeping);
    const nudged = this.#views.get(photo)?.nudged;
    if (nudged && !this.#views.get(photo).putting) await this.#mark(photo, nudged);
  }

  async #next(photo) {
    await this.#keepNow(photo);
    const cell = this.#cell(photo);
    const next = cell?.nextElementSibling ?? cell?.parentElement.firstElementChild;
    next?.querySelector('canvas').focus();
    next?.scrollIntoView({block: 'nearest'});
  }

  async #remove(photo) {
    delete this.#view(photo).nudged;
    const {selected} = this.#store;
    await this.#store.unmark(selected.kind, selected.name, photo);
    this.draw();
  }

  draw() {
    if (this.#waiting) return;
    this.#waiting = true;
    requestAnimationFrame(() => {
      this.#waiting = false;
      for (const cell of this.#root.querySelectorAll('.cell')) this.#drawCell(cell.querySelector('canvas'), cell.dataset.key);
      this.#drawLoupe();
    });
  }

  #drawCell(canvas, photo) {
    const box = canvas.getBoundingClientRect();
    if (box.bottom < -400 || box.top > window.innerHeight + 400) return; // fetched when it comes near
    const {context, width, height} = fitted(canvas);
    this.#picture(context, photo, this.#view(photo), width, height);
    this.#signs(context, photo, (px) => this.#onCell(canvas, this.#view(photo), px), width / (2 * this.#view(photo).half));
  }

  #drawLoupe() {
    const canvas = this.#root.querySelector('#loupe');
    const text = this.#root.querySelector('#loupe-text');
    if (!this.#loupe || canvas.hidden || !this.#cell(this.#loupe.photo)) {
      write(text, '');
      if (!canvas.hidden) {
        const {context, width, height} = fitted(canvas);
        context.clearRect(0, 0, width, height);
      }
      return;
    }
    const {photo, at} = this.#loupe;
    const {context, width, height} = fitted(canvas);
    const half = Math.min(this.#view(photo).half / LOUPE, 16);
    const view = {centre: at, half: half * width / height};
    this.#picture(context, photo, view, width, height);
    const scale = width / (2 * view.half);
    const on = (px) => [width / 2 + (px[0] - at[0]) * scale, height / 2 + (px[1] - at[1]) * scale];
    this.#signs(context, photo, on, scale, false);
    hair(context, width, height);
    write(text, `${photo}  x ${at[0].toFixed(1)}  y ${at[1].toFixed(1)}`);
  }

  #picture(context, photo, view, width, height) {
    context.fillStyle = '#0d1318';
    context.fillRect(0, 0, width, height);
    const size = this.#store.photo(photo);
    if (!size) return;
    const cell = this.#view(photo); // the loupe looks into the window that its cell has
    const reach = Math.max(24, 2 ** Math.ceil(Math.log2(cell.half * 1.6)));
    const grid = reach / 2;
    const middle = cell.centre.map((each) => Math.round(each / grid) * grid);
    const left = Math.max(0, middle[0] - 2 * reach);
    const top = Math.max(0, middle[1] - 2 * reach);
    const [w, h] = [Math.min(size.width_px, middle[0] + 2 * reach) - left, Math.min(size.height_px, middle[1] + 2 * reach) - top];
    if (w < 1 || h < 1) return;
    const image = this.#windows.at(this.#store.pixels(photo, left, top, w, h, Math.min(2048, Math.max(w, h))));
    if (!image) return;
    const scale = width / (2 * view.half);
    context.imageSmoothingEnabled = scale < 3;
    context.drawImage(image, width / 2 + (left - view.centre[0]) * scale, height / 2 + (top - view.centre[1]) * scale, w * scale, h * scale);
  }

  #signs(context, photo, on, scale, named = true) {
    const foreseen = this.#prediction(photo);
    const mark = this.#markIn(photo);
    const nudged = this.#views.get(photo)?.nudged;
    if (foreseen) ellipse(context, on([foreseen.x_px, foreseen.y_px]), foreseen.ellipse_px.map((each) => each * scale), foreseen.ellipse_deg);
    if (nudged) pin(context, on(nudged), 'nudged', '');
    else if (mark) {
      if (mark.click) shift(context, on([mark.click.x_px, mark.click.y_px]), on([mark.x_px, mark.y_px]));
      pin(context, on([mark.x_px, mark.y_px]), mark.matched ? 'matched' : 'marked', named ? this.#store.selected.name : '');
    } else if (foreseen && named) ring(context, on([foreseen.x_px, foreseen.y_px]));
  }
}

function about(mark, foreseen, missed, notCentred) {
  if (!mark && missed) return `not found again: ${missed}`;
  if (!mark) return foreseen.ellipse_px[0] < 1 ? 'not marked' : `not marked, within ${foreseen.ellipse_px[0].toFixed(foreseen.ellipse_px[0] < 9.5 ? 1 : 0)} px`;
  const off = mark.residual_px && Math.hypot(...mark.residual_px);
  const moved = mark.click && Math.hypot(mark.x_px - mark.click.x_px, mark.y_px - mark.click.y_px);
  const how = mark.matched ? 'found' : mark.click ? `centred by ${moved.toFixed(2)} px` : notCentred ? `as clicked: ${notCentred}` : 'marked';
  return off === null ? how : `${how}, off by ${off.toFixed(off < 9.95 ? 1 : 0)} px`;
}

function hair(context, width, height) {
  for (const [colour, wide] of [['rgb(0 0 0 / 55%)', 3], ['#ffe14d', 1]]) {
    context.strokeStyle = colour;
    context.lineWidth = wide;
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(width / 2 + 7 * dx, height / 2 + 7 * dy);
      context.lineTo(width / 2 + width * dx, height / 2 + height * dy);
    }
    context.stroke();
  }
}
