// The surfaces of segments in 3D: turned by dragging, zoomed by the wheel; a click gives the place on a surface.
import { AmbientLight, BufferAttribute, BufferGeometry, Color, DirectionalLight, DoubleSide, Group, LineBasicMaterial, LineSegments, Mesh, MeshPhongMaterial, PerspectiveCamera, Raycaster, Scene, Vector2, Vector3, WebGLRenderer } from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import type { PatientPoint } from "@/core/geometry";
import type { Surface } from "@/core/surface";

export interface ShownSurface {
  readonly segment: number;
  readonly colour: string;
  readonly visible: boolean;
  readonly surface: Surface;
}

export class SurfaceScene {
  private readonly renderer: WebGLRenderer;
  private readonly scene = new Scene();
  private readonly camera = new PerspectiveCamera(30, 1, 1, 20000);
  private readonly controls: OrbitControls;
  private readonly meshes = new Group();
  private readonly cross: LineSegments;
  private queued = 0;

  /** Throws where the browser has no WebGL. `box` are the corners of the volume in the patient. */
  constructor(canvas: HTMLCanvasElement, box: readonly PatientPoint[]) {
    this.renderer = new WebGLRenderer({ canvas, antialias: true });
    this.scene.background = new Color("#000000");
    this.scene.add(new AmbientLight("#ffffff", 0.9), this.camera, this.meshes);
    const lamp = new DirectionalLight("#ffffff", 2);
    lamp.position.set(0.4, 0.6, 1);
    this.camera.add(lamp);
    this.scene.add(new LineSegments(edgesOfBox(box), new LineBasicMaterial({ color: "#475569" })));
    this.cross = new LineSegments(new BufferGeometry(), new LineBasicMaterial({ color: "#2dd4bf" }));
    this.scene.add(this.cross);
    const middle = box.reduce((sum, corner) => sum.add(new Vector3(...corner)), new Vector3()).divideScalar(Math.max(1, box.length));
    const reach = Math.max(...box.map((corner) => new Vector3(...corner).distanceTo(middle)), 1);
    // From the front, the head up: the patient faces the viewer.
    this.camera.up.set(0, 0, 1);
    this.camera.position.set(middle.x, middle.y - reach * 4.2, middle.z);
    this.controls = new OrbitControls(this.camera, canvas);
    this.controls.target.copy(middle);
    this.controls.addEventListener("change", () => this.queue());
    this.controls.update();
  }

  resize(width: number, height: number): void {
    this.renderer.setPixelRatio(window.devicePixelRatio || 1);
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / Math.max(1, height);
    this.camera.updateProjectionMatrix();
    this.queue();
  }

  show(surfaces: readonly ShownSurface[]): void {
    this.clear();
    for (const { surface, colour, visible, segment } of surfaces) {
      const geometry = new BufferGeometry();
      geometry.setAttribute("position", new BufferAttribute(surface.vertices, 3));
      geometry.setAttribute("normal", new BufferAttribute(surface.normals, 3));
      geometry.setIndex(new BufferAttribute(surface.triangles, 1));
      const mesh = new Mesh(geometry, new MeshPhongMaterial({ color: colour, shininess: 30, side: DoubleSide }));
      mesh.visible = visible;
      mesh.name = String(segment);
      this.meshes.add(mesh);
    }
    this.queue();
  }

  crosshair(point: PatientPoint, reachMm: number): void {
    const ends = [0, 1, 2].flatMap((axis) => [-1, 1].map((side) => point.map((value, n) => (n === axis ? value + side * reachMm : value))));
    this.cross.geometry.dispose();
    this.cross.geometry = new BufferGeometry().setAttribute("position", new BufferAttribute(new Float32Array(ends.flat()), 3));
    this.queue();
  }

  /** The place on the surface under a place of the canvas (-1 to 1, up positive). */
  pick(x: number, y: number): PatientPoint | undefined {
    const ray = new Raycaster();
    ray.setFromCamera(new Vector2(x, y), this.camera);
    const hit = ray.intersectObjects(this.meshes.children.filter((mesh) => mesh.visible))[0];
    return hit === undefined ? undefined : [hit.point.x, hit.point.y, hit.point.z];
  }

  stop(): void {
    cancelAnimationFrame(this.queued);
    this.clear();
    this.controls.dispose();
    this.renderer.dispose();
  }

  private clear(): void {
    for (const child of [...this.meshes.children]) {
      if (child instanceof Mesh) {
        (child.geometry as BufferGeometry).dispose();
        (child.material as MeshPhongMaterial).dispose();
      }
      this.meshes.remove(child);
    }
  }

  private queue(): void {
    if (this.queued !== 0) return;
    this.queued = requestAnimationFrame(() => {
      this.queued = 0;
      this.renderer.render(this.scene, this.camera);
    });
  }
}

/** The twelve edges of a box whose corners are counted in binary: bit 0 along i, bit 1 along j, bit 2 along k. */
function edgesOfBox(corners: readonly PatientPoint[]): BufferGeometry {
  const lines: number[] = [];
  for (let from = 0; from < 8; from++) {
    for (const bit of [1, 2, 4]) {
      const [a, b] = [corners[from], corners[from | bit]];
      if ((from & bit) === 0 && a !== undefined && b !== undefined) lines.push(...a, ...b);
    }
  }
  return new BufferGeometry().setAttribute("position", new BufferAttribute(new Float32Array(lines), 3));
}
