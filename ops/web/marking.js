// Marking and measuring in one scene: joins the lists, the picture and the strip of cut-outs.

import {Asking} from './asking.js';
import {element, write} from './dom.js';
import {Drawing} from './drawing.js';
import {MarkingLists} from './marking-lists.js';
import {MarkingStore} from './marking-store.js';
import {Measuring, placeIn, TOOLS} from './measuring.js';
import {boxes, COLOURS, ellipse, lines, pin, ring, spot} from './pins.js';
import {Strip} from './strip.js';
import {Viewer} from './viewer.js';

const find = (selector) => document.querySelector(selector);
const scene = decodeURIComponent(location.pathname.slice(1));
const asking = new Asking(document);
const store = new MarkingStore(scene, asking);
const viewer = new Viewer(find('#canvas'), store);
const measuring = new Measuring(store, viewer);
const lists = new MarkingLists(document, store);
new Drawing(document, store);
const strip = new Strip(find('#strip'), store);
let troubles = {service: '', refused: ''};

function drawHead() {
  const {report} = store;
  if (!report) return;
  document.title = `${report.name}: marking`;
  write(find('#operation'), report.drawn_from ? `${report.name}, drawn anew from ${report.drawn_from}` : report.name);
  const {evidence, verdict, with_marks: upToDate} = report.adjustment;
  const words = verdict[0].toUpperCase() + verdict.slice(1);
  write(find('#verdict'), upToDate ? words : `${words}. Marks changed since: adjust again`);
  find('#verdict').dataset.state = evidence && upToDate ? 'good' : 'not';
  const adjust = find('#adjust');
  adjust.disabled = Boolean(report.adjusting || store.busy);
  adjust.classList.toggle('due', !upToDate);
  write(adjust, report.adjusting || store.busy === 'adjusting' ? `Adjusting: ${report.adjusting || 'beginning'} …` : 'Adjust');
}

function drawTools() {
  for (const each of find('#tool-list').children) each.setAttribute('aria-pressed', `${each.value === measuring.tool.id}`);
  write(find('#hint'), measuring.hint);
  find('#hint').hidden = !measuring.hint;
  find('#done').hidden = !measuring.finishable;
  find('#canvas').classList.toggle('aiming', measuring.tool.id !== 'choose');
  viewer.draw();
}

function drawTrouble() {
  const text = troubles.refused || troubles.service;
  write(find('#trouble'), text);
  find('#trouble').hidden = !text;
}

function drawPictures() {
  const {report, selected, predictions} = store;
  if (!report) return;
  const marks = new Set(store.point_?.marks.map((each) => each.photo) ?? []);
  const shows = new Map(predictions?.map((each, index) => [each.photo, index]) ?? []);
  const photos = [...report.photos].sort((a, b) => (shows.get(a.name) ?? Infinity) - (shows.get(b.name) ?? Infinity)
    || (a.name < b.name ? -1 : 1));
  const rows = [['', 'Orthomosaic'], ...photos.map(({name}) => [name,
    selected && marks.has(name) ? `${name} · ${selected.name} marked` : shows.has(name) ? `${name} · shows ${selected.name}` : name])];
  const list = find('#picture');
  const wanted = rows.map((each) => each.join('\n')).join('\n');
  if (list.dataset.rows === wanted) return;
  list.dataset.rows = wanted;
  list.replaceChildren(...rows.map(([value, text]) => Object.assign(element('option', '', text), {value})));
  list.value = viewer.photo;
}

function show(photo) {
  const {report} = store;
  const size = photo ? store.photo(photo) : null;
  viewer.show(photo, size ? [size.width_px, size.height_px] : report.picture);
  find('#picture').value = photo;
  find('#canvas').setAttribute('aria-label', `${photo || 'Orthomosaic'}: arrows move, plus and minus zoom, Enter acts at the cross in the middle`);
}

/** Go to a point on the picture that is looked at. */
function go(point) {
  const foreseen = store.predictions?.find((each) => each.photo === viewer.photo);
  const px = placeIn(point, viewer.photo) ?? (foreseen && [foreseen.x_px, foreseen.y_px]);
  if (px && !viewer.sees(px)) viewer.goto(px);
}

viewer.overlay = (context) => {
  const {report, selected} = store;
  if (!report) return;
  const places = new Map(measuring.shown().filter(([each]) => each.kind === 'measure').map(([each, px]) => [each.name, viewer.screen(px)]));
  const through = (letters) => letters.map((each) => places.get(each)).filter(Boolean);
  const texts = [];
  for (const figure of report.figures) {
    const found = through(figure.letters);
    if (found.length === figure.letters.length) lines(context, found, texts, {closed: figure.kind === 'area', text: figure.problem ? '' : figure.text});
  }
  lines(context, through(measuring.letters), texts, {colour: COLOURS.asked, dashed: true, closed: measuring.tool.closed && measuring.letters.length > 2});
  for (const [point, px] of measuring.shown()) {
    const chosen = selected?.kind === point.kind && selected.name === point.name;
    const on = viewer.screen(px);
    if (viewer.photo && point.kind === 'control') pin(context, on, point.marks.find((each) => each.photo === viewer.photo).matched ? 'matched' : 'marked', point.name);
    else spot(context, on, point.role, point.name, chosen || measuring.letters.includes(point.name));
  }
  boxes(context, texts);
  const foreseen = store.predictions?.find((each) => each.photo === viewer.photo);
  if (foreseen && !store.markOf(selected.kind, selected.name, viewer.photo)) {
    const on = viewer.screen([foreseen.x_px, foreseen.y_px]);
    ring(context, on);
    ellipse(context, on, foreseen.ellipse_px.map((each) => each * viewer.scale), foreseen.ellipse_deg);
  }
};

for (const each of TOOLS) {
  const button = Object.assign(element('button', '', each.name), {type: 'button', value: each.id, title: each.title});
  button.addEventListener('click', () => measuring.use(each.id));
  find('#tool-list').append(button);
}
measuring.addEventListener('changed', drawTools);
lists.addEventListener('choose', async ({detail: {kind, name}}) => {
  await store.select(kind, name);
  if (store.point_) go(store.point_);
});
store.addEventListener('selected', () => drawTools());
store.addEventListener('predictions', () => { drawPictures(); viewer.draw(); });
store.addEventListener('busy', () => { drawTools(); drawHead(); });
store.addEventListener('undoable', () => { find('#undo').disabled = !store.undoable; });
store.addEventListener('trouble', ({detail}) => { troubles = {...troubles, service: detail}; drawTrouble(); });
store.addEventListener('refused', ({detail}) => { troubles = {...troubles, refused: detail}; drawTrouble(); });
store.addEventListener('report', () => {
  drawHead();
  drawPictures();
  if (viewer.photo && !store.photo(viewer.photo)) show('');
  viewer.draw();
});
store.addEventListener('report', () => show(''), {once: true});
viewer.addEventListener('hover', ({detail: {px}}) => write(find('#place'), `${px[0].toFixed(1)}  ${px[1].toFixed(1)} px`));
viewer.addEventListener('leave', () => write(find('#place'), ''));
find('#picture').addEventListener('change', (event) => {
  show(event.target.value);
  if (store.point_) go(store.point_);
});
find('#closer').addEventListener('click', () => viewer.zoom(1.5));
find('#further').addEventListener('click', () => viewer.zoom(1 / 1.5));
find('#whole').addEventListener('click', () => viewer.fit());
find('#done').addEventListener('click', () => measuring.finish());
find('#undo').addEventListener('click', () => store.undo());
find('#adjust').addEventListener('click', () => store.adjust());
find('#who').addEventListener('click', () => asking.askName());
find('#match').addEventListener('click', () => {
  const {kind, name, marks} = store.point_;
  store.match(kind, name, marks.find((each) => !each.matched).photo);
});
find('#role').addEventListener('click', () => {
  const {name, role} = store.point_;
  store.setRole(name, role === 'check' ? 'control' : 'check');
});
find('#note').addEventListener('click', async () => {
  const {kind, name, note} = store.point_;
  const text = await asking.askNote(`Mark ${name}: this stands beside it in the measurement and on the sheet.`, note);
  if (text !== null && text !== note) store.note(kind, name, text);
});
find('#forget').addEventListener('click', () => store.forget(store.selected.name));
asking.addEventListener('name', drawWho);
document.addEventListener('keydown', (event) => {
  if (document.querySelector('dialog[open]')) return;
  if ((event.ctrlKey || event.metaKey) && event.key === 'z') {
    event.preventDefault();
    store.undo();
  } else if (event.key === 'Escape') {
    measuring.cancel();
  } else if (event.key === 'Enter' && measuring.finishable && !event.target.closest('button, select, .cell')) {
    measuring.finish();
  }
});

function drawWho() {
  write(find('#who'), asking.name || 'Your name');
}

drawWho();
drawTools();
window.droneteam = {store, viewer, strip, measuring};
store.begin();
