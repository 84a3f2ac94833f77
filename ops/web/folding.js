// What folds away where the window is narrow: on a tablet the layers' list would cover the map.

const NARROW = '(max-width: 1100px)';

/** Closed at first where the window is narrow, always open where it is wide. */
export function foldWhereNarrow(details) {
  const narrow = window.matchMedia(NARROW);
  const fit = () => { details.open = !narrow.matches; };
  narrow.addEventListener('change', fit);
  fit();
}
