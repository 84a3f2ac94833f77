// What the page knows of the scene, and what it asks of the service: each act answered with the whole state.

const FINEST_SIGMA_PX = 0.3;
const LOOK_MS = 2000;
const LOOK_AT_WORK_MS = 400;

export class MarkingStore extends EventTarget {
  report = null;
  predictions = []; // null: they are being fetched
  selected = null; // {kind, name}
  busy = '';
  #missed = new Map(); // kind, name and photo -> why a click was not found again there
  #notCentred = new Map(); // likewise -> why a mark stays where it was clicked
  #address;
  #tag = '';
  #undo = [];
  #asking;

  constructor(scene, asking) {
    super();
    this.#address = `/api/scenes/${scene.split('/').map(encodeURIComponent).join('/')}`;
    this.#asking = asking;
  }

  /** Look again and again, so that what others do is seen here. */
  async begin() {
    for (;;) {
      await this.look();
      await new Promise((done) => {
        setTimeout(done, this.report?.adjusting || this.report?.drawing ? LOOK_AT_WORK_MS : LOOK_MS);
      });
    }
  }

  async look() {
    try {
      const answer = await fetch(`${this.#address}/marking`, {
        cache: 'no-store', headers: this.#tag ? {'If-None-Match': this.#tag} : {}});
      if (answer.status === 304) return this.#say('');
      const body = await answer.json();
      if (!answer.ok) return this.#say(body.detail);
      this.#tag = answer.headers.get('ETag') ?? '';
      this.#say('');
      await this.#take(body);
    } catch {
      this.#say('The service cannot be reached; what is shown may be old.');
    }
  }

  get undoable() {
    return this.#undo.length > 0;
  }

  point(kind, name) {
    return this.report?.points.find((each) => each.kind === kind && each.name === name) ?? null;
  }

  get point_() {
    return this.selected && this.point(this.selected.kind, this.selected.name);
  }

  photo(name) {
    return this.report?.photos.find((each) => each.name === name) ?? null;
  }

  markOf(kind, name, photo) {
    return this.point(kind, name)?.marks.find((each) => each.photo === photo) ?? null;
  }

  /** The address of a window of a photo, or of the orthomosaic where `photo` is empty. */
  pixels(photo, x, y, w, h, side) {
    const version = photo ? this.photo(photo)?.version : this.report.picture_version;
    const window = new URLSearchParams({x, y, w, h, side, version});
    if (photo) window.set('photo', photo);
    return `${this.#address}/${photo ? 'photo' : 'orthomosaic'}?${window}`;
  }

  async select(kind, name) {
    this.selected = name ? {kind, name} : null;
    this.predictions = name ? null : [];
    this.dispatchEvent(new Event('selected'));
    await this.#predict();
  }

  /** Mark the point in a photo, with `centre` at the centre of the target there; gives whether that was done. */
  async mark(kind, point, photo, {x_px, y_px, sigma_px}, {centre = false, undoing = false} = {}) {
    const before = this.markOf(kind, point, photo);
    const done = await this.#order('PUT', '/marks', {kind, point, photo, x_px, y_px, sigma_px, centre, replaces: seen(before)});
    if (!done) return done;
    this.#notCentred.set(keyOf(kind, point, photo), done.not_centred);
    this.dispatchEvent(new Event('predictions'));
    if (undoing) return done;
    const click = {x_px, y_px, sigma_px};
    this.#did(() => this.#back(kind, point, photo, click, before));
    // A mark that was moved to a centre goes back to the click first.
    const centred = markIn(done, kind, point, photo);
    if (centred?.click) this.#did(() => this.#back(kind, point, photo, centred, click));
    return done;
  }

  /** Why the mark that was made here on this page stays where it was clicked; else empty. */
  notCentred(kind, name, photo) {
    return this.#notCentred.get(keyOf(kind, name, photo)) ?? '';
  }

  async unmark(kind, point, photo, undoing = false) {
    const before = this.markOf(kind, point, photo);
    if (!before) return false;
    const done = await this.#order('DELETE', '/marks', {kind, point, photo, ...seen(before)});
    if (done && !undoing) this.#did(() => this.#back(kind, point, photo, null, before));
    return done;
  }

  /** Mark a point somewhere and find it in the other photos; gives its name, or nothing. */
  async place(kind, point, photo, {x_px, y_px, sigma_px}) {
    const stood = new Set((point ? this.point(kind, point)?.marks ?? [] : []).map((each) => each.photo));
    const done = await this.#order('POST', '/points', {kind, point, photo, x_px, y_px, sigma_px}, 'looking in the other photos');
    if (!done) return '';
    this.#learn(kind, done);
    this.#did(this.#unmarking(kind, done.named, stood));
    return done.named;
  }

  async match(kind, point, photo) {
    const stood = new Set(this.point(kind, point).marks.map((each) => each.photo));
    const done = await this.#order('POST', '/matches', {kind, point, photo}, 'looking in the other photos');
    if (!done) return null;
    this.#learn(kind, done);
    this.#did(this.#unmarking(kind, point, stood));
    return done.points.find((each) => each.kind === kind && each.name === point).marks.length - stood.size;
  }

  /** Why the last look for the point found nothing in this photo; empty where it was not looked for. */
  missedIn(kind, name, photo) {
    return this.#missed.get(keyOf(kind, name, photo)) ?? '';
  }

  /** Keep for as long as the page is open what a look in the other photos told. */
  #learn(kind, {named, not_found_again: missed}) {
    for (const {name} of this.report.photos) this.#missed.delete(keyOf(kind, named, name));
    for (const {photo, reason} of missed) this.#missed.set(keyOf(kind, named, photo), reason);
    this.dispatchEvent(new Event('predictions'));
  }

  forget(name) {
    return this.#order('DELETE', '/points', {name});
  }

  async ask(kind, letters, note = '', undoing = false) {
    const done = await this.#order('PUT', '/figures', {kind, letters, note});
    if (done && !undoing) this.#did(() => this.drop(kind, letters, true));
    return done;
  }

  async drop(kind, letters, undoing = false) {
    const key = `${letters}`;
    const note = this.report.figures.find((each) => each.kind === kind && `${each.letters}` === key)?.note;
    const done = await this.#order('DELETE', '/figures', {kind, letter: letters});
    if (done && !undoing) this.#did(() => this.ask(kind, letters, note, true));
    return done;
  }

  adjust() {
    setTimeout(() => this.look(), LOOK_AT_WORK_MS);
    return this.#order('POST', '/adjust', {}, 'adjusting');
  }

  /** Begin to draw the scene anew; gives the state, or nothing. */
  redraw() {
    return this.#order('POST', '/drawing', {});
  }

  stopDrawing() {
    return this.#order('DELETE', '/drawing', {});
  }

  /** Let a surveyed point hold the scene, or be an independent check. */
  async setRole(point, role, undoing = false) {
    const before = this.point('control', point)?.role;
    const done = await this.#order('PUT', '/roles', {point, role});
    if (done && !undoing) this.#did(() => this.setRole(point, before, true));
    return done;
  }

  /** Let a measured distance give the scale, or be an independent check. */
  async setDistanceRole(first, second, role, undoing = false) {
    const before = this.report.bars.find((each) => each.first === first && each.second === second)?.role;
    const done = await this.#order('PUT', '/roles', {point: first, other: second, role});
    if (done && !undoing) this.#did(() => this.setDistanceRole(first, second, before, true));
    return done;
  }

  /** Note something of a point. */
  async note(kind, point, note, undoing = false) {
    const before = this.point(kind, point)?.note ?? '';
    const done = await this.#order('PUT', '/notes', {kind, point, note});
    if (done && !undoing) this.#did(() => this.note(kind, point, before, true));
    return done;
  }

  async undo() {
    const act = this.#undo.pop();
    this.dispatchEvent(new Event('undoable'));
    if (act) await act();
  }

  /** Take back what this page did to a mark, unless somebody changed it since. */
  async #back(kind, point, photo, mine, before) {
    const stands = this.markOf(kind, point, photo);
    if (stands?.x_px !== mine?.x_px || stands?.y_px !== mine?.y_px) {
      return this.#refuse(`${point} in ${photo} was changed since: it stays as it is.`);
    }
    if (!before) return this.unmark(kind, point, photo, true);
    return this.mark(kind, point, photo, before.click ?? before, {centre: Boolean(before.click), undoing: true});
  }

  /** What takes back the marks that a point has now and had not before. */
  #unmarking(kind, point, stood) {
    const mine = (this.point(kind, point)?.marks ?? []).filter((each) => !stood.has(each.photo));
    return async () => {
      for (const each of mine) await this.#back(kind, point, each.photo, each, null);
    };
  }

  #did(undo) {
    this.#undo.push(undo);
    this.dispatchEvent(new Event('undoable'));
  }

  async #order(method, path, body, busy = '') {
    const who = this.#asking.name || await this.#asking.askName();
    if (!who) return null;
    this.#busy(busy);
    try {
      const inAddress = method === 'DELETE';
      const query = inAddress ? `?${queryOf({...body, who})}` : '';
      const answer = await fetch(`${this.#address}${path}${query}`, inAddress ? {method} : {
        method, headers: {'Content-Type': 'application/json'}, body: JSON.stringify({...body, who})});
      const found = await answer.json();
      if (!answer.ok) {
        this.#refuse(typeof found.detail === 'string' ? found.detail : 'The service refused that.');
        if (answer.status === 409) await this.look();
        return null;
      }
      this.#refuse('');
      this.#tag = '';
      await this.#take(found);
      return found;
    } catch {
      this.#refuse('The service cannot be reached: that was not done.');
      return null;
    } finally {
      this.#busy('');
    }
  }

  async #take(report) {
    const changed = report.revision !== this.report?.revision;
    this.report = report;
    if (this.selected && !this.point_) this.selected = null;
    if (changed || this.predictions === null) await this.#predict();
    this.dispatchEvent(new Event('report'));
  }

  async #predict() {
    const asked = this.selected;
    if (!asked) {
      this.predictions = [];
    } else {
      const found = await this.#predicted(asked);
      if (this.selected !== asked) return;
      this.predictions = found;
    }
    this.dispatchEvent(new Event('predictions'));
  }

  /** Where a point is expected; null where the service cannot be reached, to be asked again with the next look. */
  async #predicted(point) {
    try {
      const answer = await fetch(`${this.#address}/predictions?${new URLSearchParams(point)}`, {cache: 'no-store'});
      return answer.ok ? await answer.json() : [];
    } catch {
      this.#tag = '';
      return null;
    }
  }

  #say(text) {
    this.dispatchEvent(new CustomEvent('trouble', {detail: text}));
  }

  #refuse(text) {
    this.dispatchEvent(new CustomEvent('refused', {detail: text}));
  }

  #busy(text) {
    this.busy = text;
    this.dispatchEvent(new Event('busy'));
  }
}

/** A mark is as sure as the screen lets one click: a pixel of the screen, which is `px` of the photo. */
export const sigmaOf = (px) => Math.min(100, Math.max(FINEST_SIGMA_PX, px));

const keyOf = (kind, name, photo) => `${kind}\n${name}\n${photo}`;
const markIn = (report, kind, name, photo) => report.points.find((each) => each.kind === kind && each.name === name)
  ?.marks.find((each) => each.photo === photo);
const seen = (mark) => mark && {x_px: mark.x_px, y_px: mark.y_px};

function queryOf(values) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    for (const each of [value].flat()) query.append(key, each);
  }
  return query;
}
