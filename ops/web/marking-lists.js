// The lists beside the picture: figures, measuring marks, ground control, distances, and how well it all fits.

import {element, keyed, write} from './dom.js';

const ROLES = {control: 'control', check: 'check', end: 'end of a distance', measure: ''};
const KINDS = {
  'distance': 'Distance', 'horizontal distance': 'Level distance', 'path': 'Path', 'area': 'Area',
  'angle': 'Angle', 'height difference': 'Height difference',
};

export class MarkingLists extends EventTarget {
  #root;
  #store;

  constructor(root, store) {
    super();
    this.#root = root;
    this.#store = store;
    for (const name of ['report', 'selected']) store.addEventListener(name, () => this.draw());
  }

  draw() {
    const {report} = this.#store;
    if (!report) return;
    const control = report.points.filter((each) => each.kind === 'control');
    const letters = report.points.filter((each) => each.kind === 'measure');
    this.#points('#control', control);
    this.#points('#letters', letters);
    this.#find('#no-control').hidden = control.length > 0;
    this.#find('#letters-section').hidden = !letters.length;
    const ready = control.filter((each) => each.marks.length >= 2).length;
    write(this.#find('#control-count'), control.length ? `${ready} of ${control.length} marked` : '');
    write(this.#find('#letter-count'), `${letters.length || ''}`);
    this.#figures(report.figures);
    this.#bars(report.bars);
    this.#fit(report.adjustment);
  }

  #find(selector) {
    return this.#root.querySelector(selector);
  }

  #points(list, points) {
    keyed(this.#find(list), points, (each) => each.name, (each) => this.#pointRow(each), (row, each) => {
      const {selected} = this.#store;
      const button = row.querySelector('button');
      const chosen = selected?.kind === each.kind && selected.name === each.name;
      button.setAttribute('aria-pressed', `${chosen}`);
      button.dataset.role = each.role;
      button.classList.toggle('wrong', this.#wrong(each));
      write(button.querySelector('.name'), each.name);
      write(button.querySelector('.chip'), ROLES[each.role]);
      const of = Math.max(each.shown_in, each.marks.length);
      write(button.querySelector('.state'), `${each.marks.length} of ${of} photos`);
      write(button.querySelector('.about'), aboutPoint(each, this.#store.report.adjustment));
    });
  }

  #wrong(point) {
    const {blunders, checks} = this.#store.report.adjustment;
    return Boolean(point.problem) || blunders.some((each) => each.name === point.name)
      || checks.some((each) => each.name === point.name && !each.agrees);
  }

  #pointRow({kind, name}) {
    const button = element('button', 'point', element('span', 'sign'), element('span', 'name'), element('span', 'chip'),
      element('span', 'state'), element('span', 'about'));
    button.type = 'button';
    button.addEventListener('click', () => this.dispatchEvent(new CustomEvent('choose', {detail: {kind, name}})));
    return element('li', '', button);
  }

  #figures(figures) {
    this.#find('#no-figures').hidden = figures.length > 0;
    const key = (each) => `${each.kind} ${each.letters.join('-')}`;
    keyed(this.#find('#figures'), figures, key, (each) => this.#figureRow(each), (row, each) => {
      row.classList.toggle('wrong', Boolean(each.problem));
      write(row.querySelector('.name'), `${KINDS[each.kind]} ${each.letters.join('–')}`);
      write(row.querySelector('.value'), each.problem ? 'no value' : each.text);
      write(row.querySelector('.about'), each.problem || [each.note, each.caution].filter(Boolean).join('; '));
    });
  }

  #figureRow({kind, letters}) {
    const row = element('li', 'figure', element('span', 'name'), element('span', 'value'), element('span', 'about'));
    const away = element('button', 'away', '×');
    away.type = 'button';
    away.title = 'Remove this figure';
    away.setAttribute('aria-label', `Remove ${kind} ${letters.join('-')}`);
    away.addEventListener('click', () => this.#store.drop(kind, letters));
    row.append(away);
    return row;
  }

  #bars(bars) {
    this.#find('#bars-section').hidden = !bars.length;
    keyed(this.#find('#bars'), bars, (each) => `${each.first}-${each.second}`, (each) => this.#barRow(each), (row, each) => {
      const check = each.role === 'check';
      const button = row.querySelector('button');
      button.disabled = Boolean(this.#store.busy);
      button.dataset.role = each.role;
      write(button, check ? 'Make it control' : 'Make it a check');
      button.title = check ? 'It gives the scale of the next adjustment' : 'It takes no part from then on: the scene is compared with it';
      button.setAttribute('aria-label', `Distance ${each.first}–${each.second}: ${button.textContent.toLowerCase()}`);
      write(row.querySelector('.name'), `${each.first}–${each.second}  ${each.length_m.toFixed(3)} m`);
      const found = each.found_m === null ? 'mark both ends in two photos'
        : `photos: ${each.found_m.toFixed(3)} m (${signed(1000 * (each.found_m - each.length_m), 0)} mm)`;
      write(row.querySelector('.about'), `${ROLES[each.role]}; ${found}`);
    });
  }

  #barRow({first, second}) {
    const button = element('button', 'role');
    button.type = 'button';
    button.addEventListener('click', () => {
      const bar = this.#store.report.bars.find((each) => each.first === first && each.second === second);
      this.#store.setDistanceRole(first, second, bar.role === 'check' ? 'control' : 'check');
    });
    return element('li', 'line bar', element('span', 'name'), button, element('span', 'about'));
  }

  #fit(fit) {
    const held = [[fit.control_points, 'control point'], [fit.scale_bars, 'measured distance']]
      .filter(([count]) => count).map(([count, name]) => `${count} ${name}${count === 1 ? '' : 's'}`);
    const by = held.length ? `Held by ${held.join(' and ')}` : 'Held by the photos’ GPS alone';
    write(this.#find('#held'), `${by}; scale within ${fit.scale_95_pct.toFixed(2)} % (95 %).`);
    keyed(this.#find('#blunders'), fit.blunders, (each) => `${each.name} ${each.photo}`, () => element('li', 'line wrong', element('span', 'name'), element('span', 'about')), (row, each) => {
      write(row.querySelector('.name'), `${each.name}${each.photo ? ` in ${each.photo}` : ''} is set aside`);
      write(row.querySelector('.about'), each.reason);
    });
    keyed(this.#find('#checks'), fit.checks, (each) => each.name, () => element('li', 'line', element('span', 'name'), element('span', 'about')), (row, each) => {
      row.classList.toggle('wrong', !each.agrees);
      row.classList.toggle('good', each.agrees);
      write(row.querySelector('.name'), `Check ${each.name} ${each.agrees ? 'agrees' : 'disagrees'}`);
      write(row.querySelector('.about'), `${offText(each.off_m)}, ± ${each.sigma_m.map((one) => millimetres(1.96 * one)).join(' ')} mm to be expected`);
    });
  }
}

function aboutPoint(point, adjustment) {
  if (point.problem) return point.problem;
  if (point.kind === 'measure') {
    const place = point.place_sigma_m ? `± ${point.place_sigma_m.map((each) => centimetres(1.96 * each)).join(' ')} cm east, north, up` : '';
    return [point.note, place].filter(Boolean).join('\n');
  }
  if (!point.marks.length) return '';
  const off = Math.max(0, ...point.marks.map((each) => each.residual_px ? Math.hypot(...each.residual_px) : 0));
  const px = point.marks.length > 1 ? `marks agree within ${off.toFixed(1)} px` : 'mark it in another photo too';
  const set = adjustment.blunders.find((each) => each.name === point.name);
  if (set) return set.photo ? `${px}; one mark set aside` : set.reason;
  return point.off_m ? `${px}\n${offText(point.off_m)}` : px;
}

const offText = (off) => off.length === 1 ? `${signed(1000 * off[0], 0)} mm`
  : `off ${off.map((each, axis) => `${'ENU'[axis]}\u00a0${signed(1000 * each, 0)}`).join(' ')} mm`;
const signed = (value, digits) => {
  const text = Math.abs(value).toFixed(digits);
  return Number(text) === 0 ? text : `${value < 0 ? '−' : '+'}${text}`;
};
const millimetres = (metres) => `${Math.round(1000 * metres)}`;
const centimetres = (metres) => (100 * metres).toFixed(100 * metres < 9.95 ? 1 : 0);
