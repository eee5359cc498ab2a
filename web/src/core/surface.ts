// A segment's surface as the server sends it: u32 vertices, u32 triangles, then float32 places in millimetres (LPS), float32
// normals, u32 corners; little endian.
export interface Surface {
  readonly vertices: Float32Array;
  readonly normals: Float32Array;
  readonly triangles: Uint32Array;
}

/** Undefined when the counts and the length do not agree, or a corner is none of the vertices. */
export function readSurface(bytes: ArrayBuffer): Surface | undefined {
  if (bytes.byteLength < 8) return undefined;
  const view = new DataView(bytes);
  const vertexCount = view.getUint32(0, true);
  const triangleCount = view.getUint32(4, true);
  if (bytes.byteLength !== 8 + vertexCount * 24 + triangleCount * 12) return undefined;
  const vertices = new Float32Array(bytes, 8, vertexCount * 3);
  const normals = new Float32Array(bytes, 8 + vertexCount * 12, vertexCount * 3);
  const triangles = new Uint32Array(bytes, 8 + vertexCount * 24, triangleCount * 3);
  return triangles.every((corner) => corner < vertexCount) ? { vertices, normals, triangles } : undefined;
}
