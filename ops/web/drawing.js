// Drawing the scene anew: the button, how far it is, and the way to the scene that comes of it.

import {write} from './dom.js';

export class Drawing {
  #root;
  #store;
  #mine = ''; // what this page had drawn: it goes there when that is done

  constructor(root, store) {
    this.#root = root;
    this.#store = store;
    for (const name of ['report', 'busy']) store.addEventListener(name, () => this.draw());
    this.#find('#redraw').addEventListener('click', () => this.#begin());
    this.#find('#stop-drawing').addEventListener('click', () => {
      this.#mine = '';
      store.stopDrawing();
    });
  }

  draw() {
    const {report, busy} = this.#store;
    if (!report) return;
    const {drawing, drawing_problem: problem, newer, drawn, adjustment} = report;
    if (this.#mine && !drawing && newer.endsWith(`/${this.#mine}`)) location.assign(address(newer));
    const [ready, why] = readiness(report);
    const button = this.#find('#redraw');
    button.disabled = !ready || Boolean(drawing || busy || report.adjusting);
    button.title = why;
    button.classList.toggle('due', ready && !drawing && !newer);
    const line = this.#find('#drawing');
    line.hidden = !drawing && !problem && !newer;
    line.classList.toggle('wrong', Boolean(problem) && !drawing);
    write(this.#find('#drawing-text'), drawing ? `Drawing ${drawing.new} for ${drawing.who}: ${drawing.stage}`
      : problem || (newer ? `Drawn anew as ${nameOf(newer)}${drawn && adjustment.with_marks ? '' : ': go on there'}` : ''));
    const bar = this.#find('#drawing-share');
    bar.hidden = !drawing;
    bar.value = drawing?.share ?? 0;
    write(this.#find('#drawing-left'), drawing ? `${Math.round(100 * drawing.share)} %${leftText(drawing.left_s)}` : '');
    this.#find('#stop-drawing').hidden = !drawing || drawing.stage.startsWith('entering');
    const link = this.#find('#newer');
    link.hidden = !newer || Boolean(drawing);
    link.href = newer ? address(newer) : '';
    write(link, newer ? `Open ${nameOf(newer)}` : '');
  }

  async #begin() {
    const report = await this.#store.redraw();
    this.#mine = report?.drawing?.new ?? '';
  }

  #find(selector) {
    return this.#root.querySelector(selector);
  }
}

/** Whether there is something to draw, and what the button says of it. */
function readiness({drawn, adjustment}) {
  if (!adjustment.with_marks) return [false, 'Marks changed since the last adjustment: adjust first'];
  if (drawn) return [false, 'The picture is drawn with these marks'];
  return [true, 'Draw the picture anew with this adjustment, as a scene of its own; this one stays as it is'];
}

const address = (scene) => `/${scene.split('/').map(encodeURIComponent).join('/')}`;
const nameOf = (scene) => scene.split('/').at(-1);
const leftText = (seconds) => seconds === null ? '' : seconds < 90 ? `, about ${Math.max(1, Math.round(seconds))} s left`
  : `, about ${Math.round(seconds / 60)} min left`;
