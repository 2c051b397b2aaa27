/** Every address of the cabinet; what is not here is not linked anywhere. */

import type { JSX } from "preact";
import type { Key } from "./texts";
import { Return } from "./screens/ceremony";
import { Registration } from "./screens/registration";
import { Front, LoginPage } from "./screens/front";

export interface Route {
  pattern: string;
  /** Takes the parts that the pattern names. */
  screen: (named: { id: string }) => JSX.Element;
  /** For everybody; other screens ask to log in, in place. */
  open?: boolean;
  /** Its name among the sections. */
  way?: Key;
}

export const ROUTES: readonly Route[] = [
  { pattern: "/", screen: Front, open: true, way: "way.home" },
  { pattern: "/login", screen: LoginPage, open: true },
  { pattern: "/registration", screen: Registration, open: true },
  { pattern: "/ceremony/:id", screen: Return, open: true },
];
