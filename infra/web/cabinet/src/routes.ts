/** Every address of the cabinet; what is not here is not linked anywhere. */

import type { JSX } from "preact";
import type { Key } from "./texts";
import { Access } from "./screens/access";
import { Amendment } from "./screens/amendment";
import { Application } from "./screens/application";
import { Apply } from "./screens/apply";
import { AccountChange, PhoneChange } from "./screens/change";
import { Return } from "./screens/ceremony";
import { Registration } from "./screens/registration";
import { Contract } from "./screens/contract";
import { Appeal, Message, Messages, NewAppealScreen, NewMessage } from "./screens/messages";
import { PersonalData } from "./screens/data";
import { Factors } from "./screens/factors";
import { LostNumber } from "./screens/lostnumber";
import { Recovery } from "./screens/recovery";
import { Refusal } from "./screens/refusal";
import { Security } from "./screens/security";
import { Signing } from "./screens/signing";
import { Consent, Release } from "./screens/statement";
import { Verify } from "./screens/verify";
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
  { pattern: "/messages", screen: Messages, way: "way.messages" },
  { pattern: "/messages/new", screen: NewMessage },
  { pattern: "/messages/:id", screen: Message },
  { pattern: "/appeals/new", screen: NewAppealScreen },
  { pattern: "/appeals/:id", screen: Appeal },
  { pattern: "/security", screen: Security, way: "way.security" },
  { pattern: "/security/access", screen: Access },
  { pattern: "/security/data", screen: PersonalData },
  { pattern: "/security/factors", screen: Factors },
  { pattern: "/security/phone/:id", screen: PhoneChange },
  { pattern: "/security/account/:id", screen: AccountChange },
  { pattern: "/recovery", screen: Recovery, open: true },
  { pattern: "/recovery/number", screen: LostNumber, open: true },
  { pattern: "/verify", screen: Verify, open: true },
  { pattern: "/registration", screen: Registration, open: true },
  { pattern: "/ceremony/:id", screen: Return, open: true },
  { pattern: "/apply", screen: Apply },
  { pattern: "/applications/:id", screen: Application },
  { pattern: "/contracts/:id", screen: Contract },
  { pattern: "/contracts/:id/signing", screen: Signing },
  { pattern: "/contracts/:id/consent", screen: Consent },
  { pattern: "/contracts/:id/release", screen: Release },
  { pattern: "/contracts/:id/amendment", screen: Amendment },
  { pattern: "/contracts/:id/refusal", screen: Refusal },
];
