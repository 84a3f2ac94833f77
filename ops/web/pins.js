// Signs on pictures: each told by its shape as well as by its colour, and outlined so as to show on any ground.

export const COLOURS = {
  control: '#ffd23f', check: '#5fe3ff', end: '#ffd23f', measure: '#ff8ad8',
  marked: '#7dff8a', matched: '#b6f0ff', nudged: '#ffe14d', clicked: '#ff9d5c', foreseen: '#ffffff', figure: '#ff8ad8', asked: '#ffe14d',
};

/** Draw a path twice: dark and wide, then in its colour. */
function outlined(context, colour, path, width = 1.6) {
  for (const [stroke, wide] of [['rgb(0 0 0 / 70%)', width + 2.2], [colour, width]]) {
    context.strokeStyle = stroke;
    context.lineWidth = wide;
    context.beginPath();
    path();
    context.stroke();
  }
}

/** A mark: a cross that leaves its middle free. */
export function pin(context, [x, y], state, name) {
  const colour = COLOURS[state];
  outlined(context, colour, () => {
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(x + 3 * dx, y + 3 * dy);
      context.lineTo(x + 11 * dx, y + 11 * dy);
    }
    if (state === 'matched') {
      context.moveTo(x + 8, y);
      context.arc(x, y, 8, 0, 7);
    }
  });
  if (name) label(context, [x + 10, y - 9], name, colour);
}

/** The way from a click to the centre that its mark was moved to. */
export function shift(context, from, to) {
  outlined(context, COLOURS.clicked, () => {
    context.moveTo(...from);
    context.lineTo(...to);
    context.moveTo(from[0] + 2.5, from[1]);
    context.arc(...from, 2.5, 0, 7);
  }, 1.2);
}

/** Where something is expected and not marked yet. */
export function ring(context, [x, y]) {
  context.setLineDash([3, 3]);
  outlined(context, COLOURS.foreseen, () => context.arc(x, y, 6, 0, 7), 1.2);
  context.setLineDash([]);
}

export function ellipse(context, [x, y], [major, minor], degrees) {
  if (major < 7) return;
  context.setLineDash([5, 4]);
  outlined(context, COLOURS.foreseen, () => context.ellipse(x, y, major, Math.max(1, minor), degrees * Math.PI / 180, 0, 7), 1.1);
  context.setLineDash([]);
}

/** A point on the picture: a triangle for control, a diamond for a check, a disc for a measuring mark. */
export function spot(context, [x, y], role, name, chosen) {
  const colour = COLOURS[role];
  const r = chosen ? 9 : 6.5;
  const path = () => {
    if (role === 'measure') {
      context.moveTo(x + r * 0.7, y);
      context.arc(x, y, r * 0.7, 0, 7);
    } else {
      const corners = role === 'check' ? [[0, -r], [r, 0], [0, r], [-r, 0]] : [[0, -r], [r, r * 0.8], [-r, r * 0.8]];
      corners.forEach(([dx, dy], index) => context[index ? 'lineTo' : 'moveTo'](x + dx, y + dy));
      context.closePath();
    }
  };
  outlined(context, colour, path, chosen ? 2.6 : 1.6);
  context.fillStyle = colour;
  context.fillRect(x - 1, y - 1, 2, 2);
  label(context, [x + r + 3, y - r + 1], name, colour);
}

export function label(context, [x, y], text, colour, bold = true) {
  context.font = `${bold ? 600 : 400} 13px system-ui, "DejaVu Sans", sans-serif`;
  context.textBaseline = 'middle';
  context.lineJoin = 'round';
  context.strokeStyle = 'rgb(0 0 0 / 80%)';
  context.lineWidth = 3.5;
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

/** Lines from place to place; a text for their middle is put among `texts`, to be drawn above all lines. */
export function lines(context, places, texts, {closed = false, colour = COLOURS.figure, text = '', dashed = false} = {}) {
  if (places.length < 2) return;
  context.setLineDash(dashed ? [6, 5] : []);
  outlined(context, colour, () => {
    places.forEach((each, index) => context[index ? 'lineTo' : 'moveTo'](...each));
    if (closed) context.closePath();
  }, 1.8);
  context.setLineDash([]);
  if (text) texts.push([textPlace(places, closed), text, colour]);
}

function textPlace(places, closed) {
  if (closed) return [0, 1].map((axis) => places.reduce((sum, each) => sum + each[axis], 0) / places.length);
  const at = Math.floor((places.length - 1) / 2);
  return [0, 1].map((axis) => (places[at][axis] + places[at + 1][axis]) / 2);
}

/** Texts in boxes, moved down where they would cover one that was drawn before. */
export function boxes(context, texts) {
  const taken = [];
  for (const [[x, y], text, colour] of texts) {
    let down = y;
    while (taken.some(([otherX, otherY]) => Math.abs(otherY - down) < 24 && Math.abs(otherX - x) < 130)) down += 6;
    taken.push([x, down]);
    boxed(context, [x, down], text, colour);
  }
}

function boxed(context, [x, y], text, colour) {
  context.font = '600 13px system-ui, "DejaVu Sans", sans-serif';
  const wide = context.measureText(text).width + 14;
  context.fillStyle = 'rgb(11 16 21 / 88%)';
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  context.roundRect(x - wide / 2, y - 11, wide, 22, 5);
  context.fill();
  context.stroke();
  context.fillStyle = '#fff';
  context.textBaseline = 'middle';
  context.fillText(text, x - wide / 2 + 7, y + 0.5);
}
