// Aircraft from above, nose up before they are turned to their heading.

export const SYMBOL_RADIUS_PX = 15;
export const RING_RADIUS_PX = 24;

const PLANE = [
  [0, -15], [2.2, -10], [2.2, -4], [15, 3], [15, 6], [2.2, 3.5], [1.6, 10], [6, 13], [6, 15], [0, 13.5],
];
const ARROW = [[0, -14], [10, 11], [0, 5.5]];
const RINGS = {
  high: {colour: '#ff6b6b', width: 4, dash: []},
  medium: {colour: '#ffb454', width: 3, dash: [10, 5]},
  low: {colour: '#9fc3e0', width: 2, dash: [3, 5]},
};
const OUTLINE = '#0b1015';

/** Draw one aircraft; `filled` false (disarmed) leaves it hollow, a heading of null makes it a disc. */
export function drawSymbol(context, {x, y, heading, kind, colour, filled}) {
  context.save();
  context.translate(x, y);
  if (heading !== null) context.rotate(heading * Math.PI / 180);
  if (kind === 'copter') rotors(context, colour, filled);
  context.beginPath();
  if (heading === null) context.arc(0, 0, 7, 0, 2 * Math.PI);
  else if (kind === 'plane') mirrored(context, PLANE, 1);
  else mirrored(context, ARROW, kind === 'copter' ? 0.82 : 1);
  paint(context, colour, filled);
  context.restore();
}

/** A frame round what others tell of, which is none of ours. */
export function drawFrame(context, {x, y, colour}) {
  context.beginPath();
  context.roundRect(x - SYMBOL_RADIUS_PX - 2, y - SYMBOL_RADIUS_PX - 2, 2 * SYMBOL_RADIUS_PX + 4, 2 * SYMBOL_RADIUS_PX + 4, 4);
  context.lineWidth = 3;
  context.strokeStyle = OUTLINE;
  context.stroke();
  context.lineWidth = 1.4;
  context.strokeStyle = colour;
  context.stroke();
}

/** A person, a car or a boat that others tell of. */
export function drawMarker(context, {x, y, colour}) {
  context.beginPath();
  context.rect(x - 5, y - 5, 10, 10);
  context.fillStyle = OUTLINE;
  context.fill();
  context.lineWidth = 2;
  context.strokeStyle = colour;
  context.stroke();
}

/** A number on a disc: where a flight begins its work. */
export function drawBadge(context, {x, y, colour, text}) {
  context.beginPath();
  context.arc(x, y, 8.5, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = OUTLINE;
  context.stroke();
  context.font = 'bold 11px system-ui, "DejaVu Sans", sans-serif';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillStyle = OUTLINE;
  context.fillText(text, x, y + 0.5);
}

/** Round an aircraft with an alarm that nobody acknowledged: the graver, the thicker and the less broken. */
export function drawRing(context, {x, y, priority}) {
  const {colour, width, dash} = RINGS[priority];
  context.save();
  context.beginPath();
  context.arc(x, y, RING_RADIUS_PX, 0, 2 * Math.PI);
  context.setLineDash(dash);
  context.strokeStyle = OUTLINE;
  context.lineWidth = width + 2;
  context.stroke();
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
  context.restore();
}

/** A point of no return. */
export function drawDiamond(context, {x, y, colour}) {
  context.beginPath();
  for (const [east, south] of [[0, -7], [7, 0], [0, 7], [-7, 0]]) context.lineTo(x + east, y + south);
  context.closePath();
  context.fillStyle = OUTLINE;
  context.fill();
  context.lineWidth = 2.4;
  context.strokeStyle = colour;
  context.stroke();
}

function rotors(context, colour, filled) {
  for (const [east, south] of [[-9, -9], [9, -9], [9, 9], [-9, 9]]) {
    context.beginPath();
    context.moveTo(0, 0);
    context.lineTo(east, south);
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.stroke();
    context.beginPath();
    context.arc(east, south, 4.6, 0, 2 * Math.PI);
    paint(context, colour, filled, 0.45);
  }
}

function mirrored(context, half, scale) {
  half.forEach(([x, y], index) => context[index ? 'lineTo' : 'moveTo'](x * scale, y * scale));
  for (const [x, y] of [...half].reverse()) context.lineTo(-x * scale, y * scale);
  context.closePath();
}

function paint(context, colour, filled, alpha = 1) {
  context.globalAlpha = filled ? alpha : 1;
  context.fillStyle = filled ? colour : OUTLINE;
  context.fill();
  context.globalAlpha = 1;
  context.lineWidth = 1.6;
  context.strokeStyle = filled && alpha === 1 ? OUTLINE : colour;
  context.stroke();
}
