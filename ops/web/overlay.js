// A canvas over the map: aircraft with their labels, and the figures at the grid's edges.

import {marksOf} from './flights.js';
import {duration, figure, height, known} from './format.js';
import {Motion} from './motion.js';
import {drawBadge, drawDiamond, drawFrame, drawMarker, drawRing, drawSymbol, RING_RADIUS_PX, SYMBOL_RADIUS_PX} from './symbols.js';
import {isAircraft, TrafficLayer} from './traffic.js';

const FONT = 'system-ui, "DejaVu Sans", sans-serif';
const GREY = '#8796a3';
const HIT_PX = 22;
const MARK_PX = 9;
const CAPTION_PX = 32;

export class Overlay {
  drawn = [];
  grid = null;
  #canvas;
  #context;
  #ground;
  #store;
  #motions = new Map();
  #marks = {};
  #dirty = true;
  #drawnAtMs = 0;

  constructor(canvas, ground, store) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d');
    this.#ground = ground;
    this.#store = store;
    this.traffic = new TrafficLayer(ground, store);
    ground.map.on('render', () => this.#draw());
    const frame = (nowMs) => {
      const moving = [...this.#motions.values(), this.traffic].some((each) => each.moving(nowMs - 50));
      if ((this.#dirty || moving) && this.#drawnAtMs < nowMs) this.#draw();
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  /** Draw with the next frame. */
  refresh() {
    this.#dirty = true;
  }

  /** Forget how the aircraft came to be where they are: they are elsewhere now, at another time. */
  jump() {
    this.#motions.clear();
    this.update();
  }

  /** Take in where the aircraft were last heard. */
  update() {
    const nowMs = performance.now();
    this.traffic.update();
    for (const key of this.#motions.keys()) if (!this.#store.vehicles.has(key)) this.#motions.delete(key);
    for (const vehicle of this.#store.vehicles.values()) {
      if (!known(vehicle.lat_deg) || !known(vehicle.lon_deg)) continue;
      const motion = this.#motions.get(vehicle.key);
      if (motion) motion.retarget(vehicle, nowMs);
      else this.#motions.set(vehicle.key, new Motion(vehicle, nowMs));
    }
    this.#dirty = true;
  }

  /** The key of the aircraft drawn at a point of the screen, or null. */
  hit({x, y}) {
    const near = this.drawn
      .map((each) => ({key: each.key, away: Math.hypot(each.x - x, each.y - y)}))
      .filter((each) => each.away < HIT_PX)
      .sort((a, b) => a.away - b.away);
    return near.length ? near[0].key : null;
  }

  #draw() {
    const nowMs = performance.now();
    const {width, height: tall} = this.#resize();
    this.#context.clearRect(0, 0, width, tall);
    if (this.grid && this.#ground.shows('grid')) this.#drawGridLabels(width, tall);
    if (this.#ground.shows('plan')) {
      this.#drawFlightMarks();
      this.#drawPlanLabels();
    }
    if (this.#ground.shows('finds')) this.#drawFindLabels();
    this.drawn = [...this.#motions].map(([key, motion]) => {
      const {place, heading} = motion.at(nowMs);
      return {key, place, heading, ...this.#ground.map.project(place)};
    });
    const taken = this.drawn.map(({x, y}) => box(x - SYMBOL_RADIUS_PX, y - SYMBOL_RADIUS_PX,
      2 * SYMBOL_RADIUS_PX, 2 * SYMBOL_RADIUS_PX));
    if (this.#ground.shows('finds')) taken.push(...this.#findBoxes());
    const traffic = this.traffic.drawSymbols(this.#context, nowMs);
    for (const each of this.drawn) this.#drawAircraft(each);
    const {selected} = this.#store;
    const byRank = [...this.drawn].sort((a, b) => (b.key === selected) - (a.key === selected));
    for (const each of byRank) this.#drawLabel(each, taken, traffic);
    taken.push(...traffic);
    for (const each of this.traffic.labels()) this.#drawTrafficLabel(each, taken);
    this.#drawnAtMs = nowMs;
    this.#dirty = false;
  }

  #resize() {
    const {clientWidth: width, clientHeight: height} = this.#canvas;
    const ratio = window.devicePixelRatio || 1;
    if (this.#canvas.width !== Math.round(width * ratio) || this.#canvas.height !== Math.round(height * ratio)) {
      this.#canvas.width = Math.round(width * ratio);
      this.#canvas.height = Math.round(height * ratio);
    }
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return {width, height};
  }

  #drawAircraft({key, x, y, heading, place}) {
    const vehicle = this.#store.vehicles.get(key);
    const stale = this.#store.stale(vehicle);
    const colour = stale ? GREY : this.#store.colour(key);
    this.#drawTail(key, x, y, colour, place);
    const calls = this.#store.calling.get(key);
    if (calls) drawRing(this.#context, {x, y, priority: calls});
    if (key === this.#store.selected) {
      this.#context.beginPath();
      this.#context.arc(x, y, SYMBOL_RADIUS_PX + 6, 0, 2 * Math.PI);
      this.#context.strokeStyle = '#ffffff';
      this.#context.lineWidth = 2;
      this.#context.stroke();
    }
    if (!isAircraft(vehicle)) {
      drawMarker(this.#context, {x, y, colour});
      return;
    }
    const ours = vehicle.source === null;
    if (!ours) drawFrame(this.#context, {x, y, colour});
    drawSymbol(this.#context, {x, y, heading, kind: vehicle.kind, colour, filled: ours && vehicle.armed !== false});
  }

  /** The piece between the newest point of the track and the aircraft itself. */
  #drawTail(key, x, y, colour, place) {
    const newest = this.#store.tracks.get(key)?.at(-1);
    if (!newest || !this.#ground.shows('tracks') || Math.abs(newest[0] - place[0]) > 0.01) return;
    const from = this.#ground.map.project([newest[0], newest[1]]);
    this.#context.beginPath();
    this.#context.moveTo(from.x, from.y);
    this.#context.lineTo(x, y);
    this.#context.strokeStyle = colour;
    this.#context.lineWidth = 2.6;
    this.#context.stroke();
  }

  /** Beside the aircraft where there is room, off the traffic if it can be, else the name alone; with no room for that either, none. */
  #drawLabel(aircraft, taken, traffic) {
    const vehicle = this.#store.vehicles.get(aircraft.key);
    const stale = this.#store.stale(vehicle);
    const foreign = vehicle.source === null ? '' : `  ${vehicle.source}`;
    const mode = !stale && vehicle.mode ? `  ${vehicle.mode}` : foreign;
    const figures = stale ? `no data for ${duration(this.#store.age(vehicle))}` : figuresOf(vehicle);
    const lines = [
      {text: vehicle.name + mode, font: `600 13px ${FONT}`, colour: stale ? GREY : '#ffffff'},
      {text: figures, font: `12px ${FONT}`, colour: stale ? '#ff9d9d' : '#c8d3dc'},
    ];
    const name = [{...lines[0], text: vehicle.name}];
    const gap = this.#store.calling.has(aircraft.key) ? {gap: RING_RADIUS_PX + 4} : {};
    for (const each of isAircraft(vehicle) ? [lines, name] : [name]) {
      const [size, from] = [this.#measure(each), {...aircraft, ...gap}];
      const place = this.#freePlace(from, size, [...taken, ...traffic]) ?? this.#freePlace(from, size, taken);
      if (place) {
        this.#drawLines(each, place, taken);
        return;
      }
    }
  }

  /** As an aircraft's, but one in an emergency is named whatever that covers. */
  #drawTrafficLabel(label, taken) {
    for (const lines of [label.lines, label.lines.slice(0, 1)]) {
      const place = this.#freePlace(label, this.#measure(lines), taken);
      if (place) {
        this.#drawLines(lines, place, taken);
        return;
      }
    }
    if (!label.urgent) return;
    const {width, height: tall} = this.#measure(label.lines);
    this.#drawLines(label.lines, box(label.x + label.gap, label.y + label.gap, width, tall), taken);
  }

  #freePlace({x, y, gap = SYMBOL_RADIUS_PX + 6}, size, taken) {
    const view = box(0, 0, this.#canvas.clientWidth, this.#canvas.clientHeight);
    return [
      [x + gap, y - size.height / 2], [x - gap - size.width, y - size.height / 2],
      [x - size.width / 2, y - gap - size.height], [x - size.width / 2, y + gap],
    ].map(([left, top]) => box(left, top, size.width, size.height))
      .find((each) => within(each, view) && !taken.some((other) => overlaps(each, other)));
  }

  #measure(lines) {
    const widths = lines.map((each) => {
      this.#context.font = each.font;
      return this.#context.measureText(each.text).width;
    });
    return {width: Math.max(...widths) + 12, height: lines.length * 16 + 6};
  }

  #drawLines(lines, place, taken) {
    const context = this.#context;
    context.fillStyle = 'rgba(11, 16, 21, 0.82)';
    context.beginPath();
    context.roundRect(place.left, place.top, place.right - place.left, place.bottom - place.top, 4);
    context.fill();
    context.textAlign = 'left';
    context.textBaseline = 'middle';
    lines.forEach((each, index) => {
      context.font = each.font;
      context.fillStyle = each.colour;
      context.fillText(each.text, place.left + 6, place.top + 11 + index * 16);
    });
    taken.push(place);
  }

  #drawGridLabels(width, tall) {
    const context = this.#context;
    context.font = `11px ${FONT}`;
    context.fillStyle = '#7f909e';
    context.textBaseline = 'top';
    context.textAlign = 'center';
    const middle = this.#ground.map.getCenter();
    for (const each of this.grid.verticals) {
      const {x} = this.#ground.map.project([each.at, middle.lat]);
      if (x > 60 && x < width - 60) context.fillText(each.text, x, 6);
    }
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    for (const each of this.grid.horizontals) {
      const {y} = this.#ground.map.project([middle.lng, each.at]);
      if (y > 30 && y < tall - 40) context.fillText(each.text, width - 6, y);
    }
  }

  /** Take-offs and rally points; of those side by side the first is named. */
  #drawPlanLabels() {
    const named = [];
    for (const plan of this.#store.plans) {
      const rallies = new Map(placesOfRole([plan], 'rally').map((place) => [place.join(), place]));
      for (const place of placesOfRole([plan], 'take_off')) {
        const too = rallies.delete(place.join()) ? ', rally' : '';
        this.#captionOnce(`take-off, landing${too}`, place, '#e8eef3', named);
      }
      for (const place of rallies.values()) this.#captionOnce('rally', place, '#95e06c', named);
    }
  }

  #captionOnce(text, place, colour, named) {
    const own = this.#captionBox(place);
    if (named.some((each) => overlaps(own, each))) return;
    named.push(own);
    this.#caption(text, place, colour);
  }

  /** Points of no return, and where each flight begins its work if there is room for its number. */
  #drawFlightMarks() {
    const captions = this.#takeOffBoxes();
    const marks = this.#marksNow().map((each) => ({...each, ...this.#ground.map.project(each.place)}));
    const points = marks.filter((each) => each.kind === 'no_return');
    const taken = points.map(markBox);
    for (const {place, colour, number, x, y} of points) {
      drawDiamond(this.#context, {x, y, colour});
      const own = box(x - CAPTION_PX, y + 9, 2 * CAPTION_PX, 14);
      if (captions.some((each) => overlaps(own, each))) continue;
      captions.push(own);
      this.#caption(number ? `no return ${number}` : 'no return', place, colour);
    }
    for (const each of marks.filter(({kind}) => kind === 'flight')) {
      if (taken.some((other) => overlaps(markBox(each), other))) continue;
      taken.push(markBox(each));
      drawBadge(this.#context, {...each, text: `${each.number}`});
    }
  }

  /** The marks, worked out anew only when plans or the flight looked at change. */
  #marksNow() {
    const {plans, flight} = this.#store;
    if (this.#marks.plans !== plans || this.#marks.flight !== flight) {
      this.#marks = {plans, flight, found: plans.flatMap((plan) => marksOf(plan, flight))};
    }
    return this.#marks.found;
  }

  #takeOffBoxes() {
    return placesOfRole(this.#store.plans, 'take_off').map((place) => this.#captionBox(place));
  }

  #captionBox(place) {
    const {x, y} = this.#ground.map.project(place);
    return box(x - 2 * CAPTION_PX, y + 9, 4 * CAPTION_PX, 14);
  }

  #drawFindLabels() {
    for (const find of this.#store.foremostFinds) {
      this.#caption(find.name, [find.lon_deg, find.lat_deg], '#ffb0b0');
    }
  }

  /** A label must not cover what is being looked for. */
  #findBoxes() {
    return this.#store.foremostFinds.map((find) => {
      const {x, y} = this.#ground.map.project([find.lon_deg, find.lat_deg]);
      return box(x - 8, y - 8, 16, 34);
    });
  }

  #caption(text, place, colour) {
    const {x, y} = this.#ground.map.project(place);
    const context = this.#context;
    context.font = `11px ${FONT}`;
    context.textAlign = 'center';
    context.textBaseline = 'top';
    context.lineWidth = 3;
    context.strokeStyle = 'rgba(11, 16, 21, 0.9)';
    context.strokeText(text, x, y + 11);
    context.fillStyle = colour;
    context.fillText(text, x, y + 11);
  }
}

function figuresOf(vehicle) {
  return [
    height(vehicle),
    figure(vehicle.ground_speed_m_s, 'm/s', 1),
    figure(vehicle.battery_pct, '%'),
  ].join('   ');
}

const placesOfRole = (plans, role) => plans
  .flatMap((plan) => plan.drawing.features.filter((each) => each.properties.role === role))
  .map((each) => each.geometry.coordinates);
const markBox = ({x, y}) => box(x - MARK_PX, y - MARK_PX, 2 * MARK_PX, 2 * MARK_PX);
const box = (left, top, width, height) => ({left, top, right: left + width, bottom: top + height});
const within = (a, b) => a.left >= b.left && a.right <= b.right && a.top >= b.top && a.bottom <= b.bottom;
const overlaps = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
