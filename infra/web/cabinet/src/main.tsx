/** The door: words first, then who is here, then the screens. */

import { render } from "preact";
import { App } from "./app";
import { place } from "./router";
import { lookWhoIsHere } from "./session";
import { speak } from "./texts";

async function open(root: HTMLElement): Promise<void> {
  await Promise.all([speak(place.get().language), lookWhoIsHere()]);
  root.replaceChildren();
  render(<App />, root);
}

const root = document.getElementById("cabinet");
if (root) void open(root);
