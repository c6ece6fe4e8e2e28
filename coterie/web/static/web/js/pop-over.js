// Places a popover at the button that opens it: below, above (data-place="top"), inside the window.
import { all, one } from "./dom.js";

const GAP = 6;
const EDGE = 8;

export function place(popover, opener) {
  if (!opener || matchMedia("(max-width: 720px)").matches) return;
  const by = opener.getBoundingClientRect();
  const top = popover.dataset.place === "top" ? by.top - popover.offsetHeight - GAP : by.bottom + GAP;
  const within = (wanted, size, room) => `${Math.max(EDGE, Math.min(wanted, room - size - EDGE))}px`;
  popover.style.left = within(by.left, popover.offsetWidth, innerWidth);
  popover.style.top = within(top, popover.offsetHeight, innerHeight);
}

const openerOf = (popover) => one(`[popovertarget="${popover.id}"]`);

document.addEventListener("toggle", (event) => {
  const popover = event.target;
  if (!popover.matches?.("[popover].menu")) return;
  const open = event.newState === "open";
  openerOf(popover)?.setAttribute("aria-expanded", String(open));
  if (!open) return;
  place(popover, openerOf(popover));
  one("[role=menuitem]", popover)?.focus();
}, true);

// Arrows walk through a menu, as its role promises.
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("[role=menu]");
  if (!menu) return;
  const items = all("[role=menuitem]", menu).filter((item) => item.offsetParent !== null);
  const at = items.indexOf(event.target);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  items[(next + items.length) % items.length].focus();
});

// The small menu of a group of filters closes like one, although without script it is a fold.
function fold(except) {
  for (const open of all("details.mode[open]")) if (open !== except) open.open = false;
}

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details.mode[open]");
  if (event.key !== "Escape" || !menu) return;
  event.stopImmediatePropagation();
  fold();
  one("summary", menu).focus();
}, true);

document.addEventListener("click", (event) => fold(event.target.closest?.("details.mode")));

document.addEventListener("click", (event) => {
  event.target.closest?.("[role=menuitem]")?.closest("[popover]")?.hidePopover();
});
