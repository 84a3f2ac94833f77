// One picture, the orthomosaic or a photo, on a canvas: moved, zoomed, and drawn from tiles of what is needed.

import {fitted, Windows} from './windows.js';

const TILE_PX = 512;
const CLOSEST = 24;
const FACTOR = 1.25;
const STEP_PX = 60;
const CLICK_PX = 5;

export class Viewer extends EventTarget {
  photo = '';
  scale = 1; // CSS pixels a pixel of the picture
  centre = [0, 0];
  #canvas;
  #store;
  #windows = new Windows(() => this.draw());
  #size = [1, 1];
  #pointers = new Map();
  #moved = 0;
  #waiting = false;
  #seen = new Map();
  overlay = () => {};

  constructor(canvas, store) {
    super();
    this.#canvas = canvas;
    this.#store = store;
    new ResizeObserver(() => this.draw()).observe(canvas);
    canvas.addEventListener('wheel', (event) => this.#wheel(event), {passive: false});
    canvas.addEventListener('pointerdown', (event) => this.#down(event));
    canvas.addEventListener('pointermove', (event) => this.#move(event));
    for (const name of ['pointerup', 'pointercancel']) canvas.addEventListener(name, (event) => this.#up(event));
    canvas.addEventListener('pointerleave', () => this.dispatchEvent(new Event('leave')));
    canvas.addEventListener('keydown', (event) => this.#key(event));
    canvas.addEventListener('focus', () => this.draw());
    canvas.addEventListener('blur', () => this.draw());
  }

  /** Show a photo, or the orthomosaic where the name is empty; where it was looked at before, there again. */
  show(photo, size) {
    if (this.#size[0] > 1) this.#seen.set(this.photo, {scale: this.scale, centre: this.centre});
    this.photo = photo;
    this.#size = size;
    const before = this.#seen.get(photo);
    if (before) [this.scale, this.centre] = [before.scale, before.centre];
    else this.fit();
    this.draw();
  }

  fit() {
    const [wide, tall] = this.#size;
    this.centre = [wide / 2, tall / 2];
    this.scale = Math.min(this.#canvas.clientWidth / wide, this.#canvas.clientHeight / tall) || 1;
    this.draw();
  }

  goto(centre) {
    this.centre = [...centre];
    this.draw();
  }

  /** Whether a pixel shows well inside the canvas. */
  sees(px) {
    const on = this.screen(px);
    const size = [this.#canvas.clientWidth, this.#canvas.clientHeight];
    return on.every((each, axis) => each > 0.12 * size[axis] && each < 0.88 * size[axis]);
  }

  zoom(factor, at = [this.#canvas.clientWidth / 2, this.#canvas.clientHeight / 2]) {
    const before = this.picture(at);
    const fit = Math.min(this.#canvas.clientWidth / this.#size[0], this.#canvas.clientHeight / this.#size[1]);
    this.scale = Math.min(CLOSEST, Math.max(Math.min(1, fit) / 2, this.scale * factor));
    const after = this.picture(at);
    this.centre = this.centre.map((each, axis) => each + before[axis] - after[axis]);
    this.draw();
  }

  /** CSS pixels of the canvas to pixels of the picture. */
  picture([x, y]) {
    return [this.centre[0] + (x - this.#canvas.clientWidth / 2) / this.scale,
      this.centre[1] + (y - this.#canvas.clientHeight / 2) / this.scale];
  }

  /** Pixels of the picture to CSS pixels of the canvas. */
  screen([x, y]) {
    return [this.#canvas.clientWidth / 2 + (x - this.centre[0]) * this.scale,
      this.#canvas.clientHeight / 2 + (y - this.centre[1]) * this.scale];
  }

  get settled() {
    return this.#windows.settled && !this.#waiting;
  }

  draw() {
    if (this.#waiting) return;
    this.#waiting = true;
    requestAnimationFrame(() => {
      this.#waiting = false;
      this.#draw();
    });
  }

  #draw() {
    const {context, width, height} = fitted(this.#canvas);
    context.fillStyle = '#0d1318';
    context.fillRect(0, 0, width, height);
    if (this.#size[0] <= 1) return;
    context.imageSmoothingEnabled = this.scale < 3;
    const coarse = 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(...this.#size) / 1024)));
    this.#tiles(context, width, height, coarse);
    const step = 2 ** Math.max(0, Math.floor(Math.log2(1 / (this.scale * (window.devicePixelRatio || 1)))));
    if (step < coarse) this.#tiles(context, width, height, step);
    this.overlay(context, {width, height});
    if (document.activeElement === this.#canvas && this.#canvas.matches(':focus-visible')) cross(context, width / 2, height / 2);
  }

  #tiles(context, width, height, step) {
    const span = TILE_PX * step;
    const [left, top] = this.picture([0, 0]);
    const [right, bottom] = this.picture([width, height]);
    for (let y = Math.max(0, Math.floor(top / span)) * span; y < Math.min(bottom, this.#size[1]); y += span) {
      for (let x = Math.max(0, Math.floor(left / span)) * span; x < Math.min(right, this.#size[0]); x += span) {
        const [w, h] = [Math.min(span, this.#size[0] - x), Math.min(span, this.#size[1] - y)];
        const side = Math.max(1, Math.round(Math.max(w, h) / step));
        const image = this.#windows.at(this.#store.pixels(this.photo, x, y, w, h, side));
        if (!image) continue;
        const [sx, sy] = this.screen([x, y]);
        context.drawImage(image, sx, sy, w * this.scale, h * this.scale);
      }
    }
  }

  #wheel(event) {
    event.preventDefault();
    this.zoom(event.deltaY < 0 ? FACTOR : 1 / FACTOR, [event.offsetX, event.offsetY]);
  }

  #down(event) {
    this.#canvas.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
    if (this.#pointers.size === 1) this.#moved = 0;
  }

  #move(event) {
    const at = [event.offsetX, event.offsetY];
    const before = this.#pointers.get(event.pointerId);
    if (!before) {
      this.dispatchEvent(new CustomEvent('hover', {detail: {px: this.picture(at)}}));
      return;
    }
    const others = [...this.#pointers].filter(([id]) => id !== event.pointerId).map(([, each]) => each);
    this.#pointers.set(event.pointerId, at);
    this.#moved += Math.hypot(at[0] - before[0], at[1] - before[1]);
    if (others.length) {
      const apart = (each) => Math.hypot(each[0] - others[0][0], each[1] - others[0][1]);
      this.#moved = Infinity;
      this.zoom(apart(at) / Math.max(1, apart(before)), middle(at, others[0]));
    } else if (this.#moved > CLICK_PX) {
      this.centre = this.centre.map((each, axis) => each - (at[axis] - before[axis]) / this.scale);
      this.draw();
    }
  }

  #up(event) {
    const had = this.#pointers.delete(event.pointerId);
    if (had && event.type === 'pointerup' && this.#moved <= CLICK_PX && event.button === 0) {
      this.#act([event.offsetX, event.offsetY], event.altKey);
    }
  }

  #act(at, alt = false) {
    const px = this.picture(at);
    if (px[0] < 0 || px[1] < 0 || px[0] > this.#size[0] || px[1] > this.#size[1]) return;
    this.dispatchEvent(new CustomEvent('act', {detail: {px, at, alt}}));
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = (event.shiftKey ? 5 : 1) * STEP_PX / this.scale / 4;
    const moves = {ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step]};
    if (moves[event.key]) this.goto(this.centre.map((each, axis) => each + moves[event.key][axis]));
    else if (event.key === '+' || event.key === '=') this.zoom(FACTOR);
    else if (event.key === '-') this.zoom(1 / FACTOR);
    else if (event.key === '0') this.fit();
    else if (event.key === 'Enter' || event.key === ' ') this.#act([this.#canvas.clientWidth / 2, this.#canvas.clientHeight / 2]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

const middle = (a, b) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];

function cross(context, x, y) {
  for (const [colour, width] of [['#000', 3], ['#fff', 1]]) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(x + 4 * dx, y + 4 * dy);
      context.lineTo(x + 16 * dx, y + 16 * dy);
    }
    context.stroke();
  }
}
