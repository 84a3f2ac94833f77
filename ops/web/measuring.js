// What a click in the picture does: choose, mark the chosen point, or add a mark to a figure.

import {sigmaOf} from './marking-store.js';

export const TOOLS = [
  {id: 'choose', name: 'Choose', title: 'A click chooses a point'},
  {id: 'mark', name: 'Mark', title: 'A click marks the chosen point'},
  {id: 'distance', name: 'Distance', title: 'The straight distance between two marks', least: 2, most: 2},
  {id: 'horizontal distance', name: 'Level', title: 'The level distance between two marks', least: 2, most: 2},
  {id: 'path', name: 'Path', title: 'The length from mark to mark', least: 2, most: 200},
  {id: 'area', name: 'Area', title: 'The level area within an outline', least: 3, most: 200, closed: true},
  {id: 'angle', name: 'Angle', title: 'The level angle at the second mark', least: 3, most: 3},
  {id: 'height difference', name: 'Height', title: 'How much higher the second mark lies', least: 2, most: 2},
];
const NEAR_PX = 14;

export class Measuring extends EventTarget {
  tool = TOOLS[0];
  letters = [];
  #store;
  #viewer;

  constructor(store, viewer) {
    super();
    this.#store = store;
    this.#viewer = viewer;
    viewer.addEventListener('act', (event) => this.#act(event.detail));
  }

  use(id) {
    this.tool = TOOLS.find((each) => each.id === id) ?? TOOLS[0];
    this.letters = [];
    this.#changed();
  }

  /** What is to be done next, in words. */
  get hint() {
    const {selected, busy} = this.#store;
    if (busy) return `${busy} …`;
    const {tool, letters} = this;
    if (tool.id === 'choose') return '';
    if (tool.id === 'mark') return selected ? `Click where ${selected.name} is.` : 'Choose a point in the list first.';
    const begun = letters.length ? `${letters.join('–')}: ` : '';
    if (letters.length < tool.least) return `${tool.name}: ${begun}click mark ${letters.length + 1}${tool.most > tool.least ? '' : ` of ${tool.most}`}. A click on a mark that is there takes that one.`;
    return `${tool.name}: ${begun}click further marks, or Enter when it is done.`;
  }

  get finishable() {
    return Boolean(this.tool.least) && this.tool.most > this.tool.least && this.letters.length >= this.tool.least;
  }

  async finish() {
    const {tool, letters} = this;
    if (!tool.least || letters.length < tool.least) return;
    this.letters = [];
    await this.#store.ask(tool.id, letters);
    this.#changed();
  }

  /** Drop the figure that was begun; then the tool. */
  cancel() {
    if (this.letters.length) this.letters = [];
    else this.tool = TOOLS[0];
    this.#changed();
  }

  /** Where each point shows on the picture that is looked at, in its pixels: [[point, [x, y]], …]. */
  shown() {
    const {report} = this.#store;
    const {photo} = this.#viewer;
    return report.points.map((each) => [each, placeIn(each, photo)]).filter(([, px]) => px);
  }

  async #act({px, at, alt}) {
    if (this.#store.busy) return;
    const near = this.#near(at);
    if (this.tool.id === 'choose') {
      if (near) await this.#store.select(near.kind, near.name);
    } else if (this.tool.id === 'mark') {
      await this.#markChosen(px, !alt);
    } else {
      await this.#add(px, near);
    }
    this.#changed();
  }

  #near(at) {
    let [best, least] = [null, NEAR_PX];
    for (const [point, px] of this.shown()) {
      const on = this.#viewer.screen(px);
      const apart = Math.hypot(on[0] - at[0], on[1] - at[1]);
      if (apart < least) [best, least] = [point, apart];
    }
    return best;
  }

  #spot(px) {
    return {x_px: px[0], y_px: px[1], sigma_px: sigmaOf(1 / this.#viewer.scale)};
  }

  async #markChosen(px, centre) {
    const {selected} = this.#store;
    if (!selected) return;
    const {photo} = this.#viewer;
    if (photo) await this.#store.mark(selected.kind, selected.name, photo, this.#spot(px), {centre: centre && selected.kind === 'control'});
    else await this.#store.place(selected.kind, selected.name, '', this.#spot(px));
  }

  async #add(px, near) {
    const {tool} = this;
    let name = near?.kind === 'measure' ? near.name : '';
    if (this.letters.includes(name) && name) return;
    if (!name) {
      name = await this.#store.place('measure', null, this.#viewer.photo, this.#spot(px));
      if (!name || this.tool !== tool) return;
      await this.#store.select('measure', name);
    }
    this.letters = [...this.letters, name];
    if (this.letters.length === tool.most) await this.finish();
  }

  #changed() {
    this.dispatchEvent(new Event('changed'));
  }
}

/** Where a point shows in a photo that it is marked in, or on the orthomosaic where `photo` is empty. */
export function placeIn(point, photo) {
  if (!photo) return point.picture_px;
  const mark = point.marks.find((each) => each.photo === photo);
  return mark ? [mark.x_px, mark.y_px] : null;
}
