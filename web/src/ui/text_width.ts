// How wide a text is drawn, in pixels.
let pen: CanvasRenderingContext2D | null = null;

export function textWidth(text: string, size: number, weight = 400): number {
  pen ??= document.createElement("canvas").getContext("2d");
  if (pen === null) return text.length * size * 0.56;
  pen.font = `${String(weight)} ${String(size)}px ${getComputedStyle(document.body).fontFamily}`;
  return pen.measureText(text).width;
}
