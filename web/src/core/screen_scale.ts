// How large a millimetre is on this screen: measured once with a card of known size and kept by the browser. What is kept are
// device pixels, so that zooming the page changes nothing.

/** ISO/IEC 7810 ID-1: bank cards, most identity cards and driving licences. */
export const cardWidthMm = 85.6;
export const cardHeightMm = 53.98;
/** A pixel of CSS is 1/96 inch where nothing was measured. */
export const cssPixelsPerMm = 96 / 25.4;

const key = "consilium.device_pixels_per_mm";
const [least, most] = [1.5, 30];

export interface ScreenScale {
  readonly pixelsPerMm: number;
  readonly measured: boolean;
}

type Store = Pick<Storage, "getItem" | "setItem">;

export function screenScale(store: Store, devicePixelRatio: number): ScreenScale {
  const kept = Number(store.getItem(key));
  const pixelsPerMm = kept / (devicePixelRatio || 1);
  return Number.isFinite(kept) && kept >= least && kept <= most ? { pixelsPerMm, measured: true } : { pixelsPerMm: cssPixelsPerMm, measured: false };
}

export function keepScreenScale(store: Store, pixelsPerMm: number, devicePixelRatio: number): void {
  store.setItem(key, String(pixelsPerMm * (devicePixelRatio || 1)));
}
